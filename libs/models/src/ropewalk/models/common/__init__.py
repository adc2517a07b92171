"""What every model needs: measures, the split by time, calibration, and the bundle."""

from ropewalk.models.common.adaptive_intervals import AdaptiveIntervals
from ropewalk.models.common.bootstrap import bootstrap_interval
from ropewalk.models.common.bundle import load_bundle, pack_bundle, save_bundle
from ropewalk.models.common.bundle_folder import bundle_digest
from ropewalk.models.common.comparison import Comparison, compare_losses
from ropewalk.models.common.compiled_row import compile_row, is_exact
from ropewalk.models.common.conformal import ConformalIntervals, ConformalSets
from ropewalk.models.common.conformal_models import ConformalClassifier, ConformalRegressor
from ropewalk.models.common.json_rows import frame_to_rows, rows_to_frame
from ropewalk.models.common.lineage import describe_environment
from ropewalk.models.common.loaded_bundle import Bundle
from ropewalk.models.common.metrics import (
    bias,
    calibration_error,
    coverage,
    interval_score,
    mae,
    rmse,
    skill,
)
from ropewalk.models.common.out_of_fold import out_of_fold
from ropewalk.models.common.private_copy import BundleLimits
from ropewalk.models.common.profile import reference_profile
from ropewalk.models.common.slices import score_slices
from ropewalk.models.common.time_split import TimeFolds, time_split

__all__ = [
    "AdaptiveIntervals",
    "Bundle",
    "BundleLimits",
    "Comparison",
    "ConformalClassifier",
    "ConformalIntervals",
    "ConformalRegressor",
    "ConformalSets",
    "TimeFolds",
    "bias",
    "bootstrap_interval",
    "bundle_digest",
    "calibration_error",
    "compare_losses",
    "compile_row",
    "coverage",
    "describe_environment",
    "frame_to_rows",
    "interval_score",
    "is_exact",
    "load_bundle",
    "mae",
    "out_of_fold",
    "pack_bundle",
    "reference_profile",
    "rmse",
    "rows_to_frame",
    "save_bundle",
    "score_slices",
    "skill",
    "time_split",
]
