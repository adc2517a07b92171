"""Predict with a model bundle: a file of rows at once, or one request after another."""
