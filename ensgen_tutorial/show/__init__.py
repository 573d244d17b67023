"""Pictures: one style, tiles, curves, surfaces, and what a notebook shows."""
