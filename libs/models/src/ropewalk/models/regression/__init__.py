"""Regressions: models whose coefficients can be read."""

from ropewalk.models.regression.olsr_regressor import OlsrRegressor

__all__ = ["OlsrRegressor"]
