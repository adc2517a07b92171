"""Estimators, baseline first, and the bundle in which a model travels to production."""

from sklearn.base import BaseEstimator

from ropewalk.models.common import (
    AdaptiveIntervals,
    Bundle,
    BundleLimits,
    Comparison,
    ConformalClassifier,
    ConformalIntervals,
    ConformalRegressor,
    ConformalSets,
    TimeFolds,
    bias,
    bootstrap_interval,
    bundle_digest,
    calibration_error,
    compare_losses,
    compile_row,
    coverage,
    describe_environment,
    frame_to_rows,
    interval_score,
    is_exact,
    load_bundle,
    mae,
    out_of_fold,
    pack_bundle,
    reference_profile,
    rmse,
    rows_to_frame,
    save_bundle,
    score_slices,
    skill,
    time_split,
)
from ropewalk.models.ensemble import (
    HistogramBoostingClassifier,
    HistogramBoostingRegressor,
    RandomForestAllFeaturesClassifier,
    RandomForestAllFeaturesRegressor,
    RandomForestNoFeaturesClassifier,
    RandomForestNoFeaturesRegressor,
)
from ropewalk.models.errors import (
    BundleError,
    ModelError,
    ModelInputError,
    ModelTypeError,
    StoreConflictError,
    StoreError,
)
from ropewalk.models.families import find_model, model_paths
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.regression import (
    ElasticNetRegressor,
    LogisticClassifier,
    OlsrRegressor,
    QuantileRegressor,
    ResidualTests,
    RidgeRegressor,
    residual_tests,
)
from ropewalk.models.rule_based import NaiveClassifier, NaiveRegressor
from ropewalk.models.store import ModelStore, Store, Version
from ropewalk.models.store.store_contract import StoreContract
from ropewalk.models.trusted_types import (
    TRUSTED_TYPES,
    TRUSTED_TYPES_BY_FAMILY,
    installed_trusted_types,
)

__all__ = [
    "TRUSTED_TYPES",
    "TRUSTED_TYPES_BY_FAMILY",
    "AdaptiveIntervals",
    "Bundle",
    "BundleError",
    "BundleLimits",
    "Comparison",
    "ConformalClassifier",
    "ConformalIntervals",
    "ConformalRegressor",
    "ConformalSets",
    "ElasticNetRegressor",
    "HistogramBoostingClassifier",
    "HistogramBoostingRegressor",
    "LogisticClassifier",
    "ModelContract",
    "ModelError",
    "ModelInputError",
    "ModelStore",
    "ModelTypeError",
    "NaiveClassifier",
    "NaiveRegressor",
    "OlsrRegressor",
    "QuantileRegressor",
    "RandomForestAllFeaturesClassifier",
    "RandomForestAllFeaturesRegressor",
    "RandomForestNoFeaturesClassifier",
    "RandomForestNoFeaturesRegressor",
    "ResidualTests",
    "RidgeRegressor",
    "Store",
    "StoreConflictError",
    "StoreContract",
    "StoreError",
    "TimeFolds",
    "Version",
    "bias",
    "bootstrap_interval",
    "bundle_digest",
    "calibration_error",
    "compare_losses",
    "compile_row",
    "coverage",
    "describe_environment",
    "find_model",
    "frame_to_rows",
    "installed_trusted_types",
    "interval_score",
    "is_exact",
    "load_bundle",
    "mae",
    "model_paths",
    "out_of_fold",
    "pack_bundle",
    "reference_profile",
    "residual_tests",
    "rmse",
    "rows_to_frame",
    "save_bundle",
    "score_slices",
    "skill",
    "time_split",
]


def __getattr__(name: str) -> type[BaseEstimator]:
    """Import what needs an extra when it is asked for; in `__all__` it would break `import *`."""
    if name in ("LightgbmClassifier", "LightgbmRegressor"):
        from ropewalk.models.ensemble.boosting import lightgbm_boosting

        return vars(lightgbm_boosting)[name]  # type: ignore[no-any-return]  # One of its classes.
    if name in ("XgboostClassifier", "XgboostRegressor"):
        from ropewalk.models.ensemble.boosting import xgboost_boosting

        return vars(xgboost_boosting)[name]  # type: ignore[no-any-return]  # One of its classes.
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
