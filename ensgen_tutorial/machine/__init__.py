"""The computer: devices and precision, the doctor, the store of trained weights."""
