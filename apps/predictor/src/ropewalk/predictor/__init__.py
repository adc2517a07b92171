"""Predict with a model bundle: a file of rows at once, or one request after another."""

# What other code may use; the rest serves the command line.
__all__ = ["pipelines"]
