"""Images as whole numbers: named data sets, and a folder of one's own pictures."""
