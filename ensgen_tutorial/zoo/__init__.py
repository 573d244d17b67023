"""Trained members that ship with the package: the box, and the recipes that filled it."""
