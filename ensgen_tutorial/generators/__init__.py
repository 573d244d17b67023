"""Generators: one file a kind, one interface (``base``)."""
