"""Predictors: members that answer the same input."""
