"""Learn how far off a model is, from training rows that it did not learn from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ropewalk.models import ConformalIntervals, TimeFolds, out_of_fold
from ropewalk.trainer.assembly import assemble
from ropewalk.trainer.configuration import TrainerConfig
from ropewalk.trainer.data import Data
from ropewalk.trainer.errors import TrainerError


@dataclass(frozen=True)
class Coverage:
    """How the intervals did on the test rows.

    Attributes
    ----------
    level : float
        How often the interval was to hold what happened.
    inside : float
        How often it did.
    width : float
        Mean width, in the unit of the target.
    """

    level: float
    inside: float
    width: float


def calibrate(name: str, config: TrainerConfig, data: Data) -> ConformalIntervals:
    """Take the errors of a candidate on later training rows, fitted on earlier ones.

    Raises
    ------
    TrainerError
        If the candidate does not see a column that makes groups, or the rows are too few.
    """
    columns, wanted = data.columns[name], config.intervals
    unseen = [column for column in wanted.group if column not in columns]
    if unseen:
        raise TrainerError(
            f"intervals: group '{unseen[0]}' is no column that '{name}' sees; "
            f"choose among {', '.join(columns)}"
        )
    rows = data.train[columns]
    target = data.train[config.target]
    try:
        positions, predicted = out_of_fold(
            assemble(config.candidates[name], config, columns),
            rows,
            target,
            TimeFolds(wanted.folds),
            groups=data.train[config.prediction_time],
        )
        intervals = ConformalIntervals(group=wanted.group or None)
        return intervals.fit(target.iloc[positions], predicted, rows.iloc[positions])
    except ValueError as error:
        raise TrainerError(f"intervals: {error}") from error


def coverage(
    name: str,
    intervals: ConformalIntervals,
    predicted: NDArray[np.float64],
    config: TrainerConfig,
    data: Data,
) -> Coverage:
    """Tell how often the intervals hold what happened on the test rows.

    Raises
    ------
    TrainerError
        If there were too few rows to calibrate on for the level.
    """
    level = config.intervals.level
    actual = data.test[config.target].to_numpy()
    try:
        low, high = intervals.interval(predicted, data.test[data.columns[name]], level=level)
    except ValueError as error:
        raise TrainerError(f"intervals: {error}") from error
    inside = np.mean((low <= actual) & (actual <= high))
    return Coverage(level=level, inside=float(inside), width=float(np.mean(high - low)))
