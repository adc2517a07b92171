"""Regressions: models whose coefficients can be read."""

from ropewalk.models.regression.elastic_net_regressor import ElasticNetRegressor
from ropewalk.models.regression.logistic_classifier import LogisticClassifier
from ropewalk.models.regression.ols_diagnostics import ResidualTests, residual_tests
from ropewalk.models.regression.olsr_regressor import OlsrRegressor
from ropewalk.models.regression.quantile_regressor import QuantileRegressor
from ropewalk.models.regression.ridge_regressor import RidgeRegressor

__all__ = [
    "ElasticNetRegressor",
    "LogisticClassifier",
    "OlsrRegressor",
    "QuantileRegressor",
    "ResidualTests",
    "RidgeRegressor",
    "residual_tests",
]
