"""Rules: predictions that need no model."""

from ropewalk.models.rule_based.naive_model import NaiveClassifier, NaiveRegressor

__all__ = ["NaiveClassifier", "NaiveRegressor"]
