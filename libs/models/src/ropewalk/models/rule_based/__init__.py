"""Rules: predictions that need no model."""

from ropewalk.models.rule_based.naive_model import NaiveRegressor

__all__ = ["NaiveRegressor"]
