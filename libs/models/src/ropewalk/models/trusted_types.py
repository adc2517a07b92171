"""The types that a fitted model of this library is made of, for whoever loads one with skops."""

from __future__ import annotations

from importlib.metadata import entry_points
from types import MappingProxyType

_GROUP = "ropewalk.trusted_types"

_TREE = "sklearn.tree._tree.Tree"
_PREDICTOR = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
_FORESTS = "ropewalk.models.ensemble.random_forests"
_COMMON = "ropewalk.models.common"
_REGRESSION = "ropewalk.models.regression"
_BOOSTING = "ropewalk.models.ensemble.boosting"

TRUSTED_TYPES_BY_FAMILY = MappingProxyType(
    {
        "rule_based": (
            "ropewalk.models.rule_based.naive_model.NaiveClassifier",
            "ropewalk.models.rule_based.naive_model.NaiveRegressor",
        ),
        "regression": (
            f"{_REGRESSION}.elastic_net_regressor.ElasticNetRegressor",
            f"{_REGRESSION}.logistic_classifier.LogisticClassifier",
            f"{_REGRESSION}.olsr_regressor.OlsrRegressor",
            f"{_REGRESSION}.quantile_regressor.QuantileRegressor",
            f"{_REGRESSION}.ridge_regressor.RidgeRegressor",
        ),
        "random_forest": (
            f"{_FORESTS}.all_features.RandomForestAllFeaturesClassifier",
            f"{_FORESTS}.all_features.RandomForestAllFeaturesRegressor",
            f"{_FORESTS}.no_features.RandomForestNoFeaturesClassifier",
            f"{_FORESTS}.no_features.RandomForestNoFeaturesRegressor",
            _TREE,
        ),
        "boosting": (
            f"{_BOOSTING}.histogram_boosting.HistogramBoostingClassifier",
            f"{_BOOSTING}.histogram_boosting.HistogramBoostingRegressor",
            _PREDICTOR,
            # How scikit-learn's boosting keeps the check of the columns beside its categories.
            "functools.partial",
            "sklearn.utils.validation.check_array",
        ),
        "lightgbm": (
            f"{_BOOSTING}.lightgbm_boosting.LightgbmClassifier",
            f"{_BOOSTING}.lightgbm_boosting.LightgbmRegressor",
        ),
        "xgboost": (
            f"{_BOOSTING}.xgboost_boosting.XgboostClassifier",
            f"{_BOOSTING}.xgboost_boosting.XgboostRegressor",
        ),
        "calibration": (
            f"{_COMMON}.adaptive_intervals.AdaptiveIntervals",
            f"{_COMMON}.conformal.ConformalIntervals",
            f"{_COMMON}.conformal.ConformalSets",
            f"{_COMMON}.conformal_models.ConformalClassifier",
            f"{_COMMON}.conformal_models.ConformalRegressor",
            f"{_COMMON}.time_split.TimeFolds",
            # What CalibratedClassifierCV is made of.
            "sklearn.calibration._CalibratedClassifier",
            "sklearn.calibration._SigmoidCalibration",
            "sklearn.calibration._TemperatureScaling",
        ),
    }
)
"""What each family, and the calibration of any, needs beyond what skops trusts by itself.

Reviewed: none of them runs what its file says while it is made. Ours add no `__setstate__` and
hold numbers, text, lists and arrays only, or a model within; so do scikit-learn's of calibration.
Its two of trees hold arrays that are walked without looking at their bounds: a bundle's are
checked when it is loaded, which `skops.io.load` alone does not. A partial calls nothing while it is
made, and what it will call must be trusted itself.
LightGBM's and XGBoost's models are text, which their own native code reads at the first prediction:
nothing in it is run, but its bounds are not checked, so that a text which someone crafted could end
the process. Where either is installed, load signed bundles only.
"""

TRUSTED_TYPES: tuple[str, ...] = tuple(
    name for names in TRUSTED_TYPES_BY_FAMILY.values() for name in names
)
"""All of them, for `skops.io.load(..., trusted=TRUSTED_TYPES)`."""


def installed_trusted_types() -> tuple[str, ...]:
    """Give the types that this library trusts, and those that installed packages do.

    A package declares its own, once they are reviewed, by an entry point of the group
    ``ropewalk.trusted_types`` that names a sequence of full names of types. A bundle can't: what
    it holds is held against the environment that loads it.

    Returns
    -------
    tuple of str
        Full names, sorted.

    Examples
    --------
    >>> set(TRUSTED_TYPES) <= set(installed_trusted_types())
    True
    """
    installed = {str(name) for found in entry_points(group=_GROUP) for name in found.load()}
    return tuple(sorted({*TRUSTED_TYPES, *installed}))
