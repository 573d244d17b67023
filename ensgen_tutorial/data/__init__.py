"""Images as whole numbers: named data sets, and a folder of your own pictures."""
