"""Estimators, baseline first, and the bundle in which a model travels to production."""

from ropewalk.models.common import (
    AdaptiveIntervals,
    Bundle,
    BundleLimits,
    ConformalClassifier,
    ConformalIntervals,
    ConformalRegressor,
    ConformalSets,
    TimeFolds,
    bundle_digest,
    describe_environment,
    frame_to_rows,
    load_bundle,
    mae,
    out_of_fold,
    pack_bundle,
    reference_profile,
    rmse,
    rows_to_frame,
    save_bundle,
    skill,
    time_split,
)
from ropewalk.models.ensemble import (
    HistogramBoostingRegressor,
    RandomForestAllFeaturesRegressor,
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
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.regression import OlsrRegressor
from ropewalk.models.rule_based import NaiveRegressor
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
    "ConformalClassifier",
    "ConformalIntervals",
    "ConformalRegressor",
    "ConformalSets",
    "HistogramBoostingRegressor",
    "ModelContract",
    "ModelError",
    "ModelInputError",
    "ModelStore",
    "ModelTypeError",
    "NaiveRegressor",
    "OlsrRegressor",
    "RandomForestAllFeaturesRegressor",
    "RandomForestNoFeaturesRegressor",
    "Store",
    "StoreConflictError",
    "StoreContract",
    "StoreError",
    "TimeFolds",
    "Version",
    "bundle_digest",
    "describe_environment",
    "frame_to_rows",
    "installed_trusted_types",
    "load_bundle",
    "mae",
    "out_of_fold",
    "pack_bundle",
    "reference_profile",
    "rmse",
    "rows_to_frame",
    "save_bundle",
    "skill",
    "time_split",
]
