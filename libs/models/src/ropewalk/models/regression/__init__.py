"""Regressions: models whose coefficients can be read."""

from ropewalk.models.regression.ols_diagnostics import ResidualTests, residual_tests
from ropewalk.models.regression.olsr_regressor import OlsrRegressor

__all__ = ["OlsrRegressor", "ResidualTests", "residual_tests"]
