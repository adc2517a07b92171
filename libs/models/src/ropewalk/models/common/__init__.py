"""What every model needs: measures and the split by time."""

from ropewalk.models.common.metrics import mae, rmse, skill
from ropewalk.models.common.time_split import time_split

__all__ = ["mae", "rmse", "skill", "time_split"]
