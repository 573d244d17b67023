"""Generators: one file per kind, one interface (``base``)."""
