"""What every model needs: measures, the split by time, calibration, and the bundle."""

from ropewalk.models.common.bundle import Bundle, load_bundle, save_bundle
from ropewalk.models.common.bundle_folder import bundle_digest
from ropewalk.models.common.conformal import ConformalIntervals, ConformalSets
from ropewalk.models.common.json_rows import frame_to_rows, rows_to_frame
from ropewalk.models.common.metrics import mae, rmse, skill
from ropewalk.models.common.private_copy import BundleLimits
from ropewalk.models.common.time_split import TimeFolds, time_split

__all__ = [
    "Bundle",
    "BundleLimits",
    "ConformalIntervals",
    "ConformalSets",
    "TimeFolds",
    "bundle_digest",
    "frame_to_rows",
    "load_bundle",
    "mae",
    "rmse",
    "rows_to_frame",
    "save_bundle",
    "skill",
    "time_split",
]
