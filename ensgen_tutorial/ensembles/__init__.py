"""Ensembles: generators made of generators by a weighted sum."""
