"""Where a model is good and where it is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.common.arrays import same_rows
from ropewalk.models.common.bootstrap import bootstrap_interval
from ropewalk.models.common.metrics import skill
from ropewalk.models.errors import ModelInputError


def score_slices(
    by: pd.DataFrame | pd.Series,
    metric: Callable[..., float],
    *columns: npt.ArrayLike,
    baseline: npt.ArrayLike | None = None,
    block: npt.ArrayLike | None = None,
    level: float = 0.95,
    n_resamples: int = 999,
    random_state: int | np.random.Generator | None = None,
) -> pd.DataFrame:
    """Measure each slice of the rows: by carrier, by month, or by both.

    Parameters
    ----------
    by : Series or DataFrame of shape (n_rows, n_columns)
        What parts the rows; those with the same values in all columns are a slice. A missing
        value is a value like any other.
    metric : callable
        Takes the columns and returns a number, such as `rmse` or `coverage`.
    *columns : array-like of shape (n_rows,)
        What it takes, in its order: what happened, then what was predicted.
    baseline : array-like of shape (n_rows,), optional
        What a naive model predicted: its score takes the place of the second column.
    block : array-like of shape (n_rows,), optional
        Which rows belong together, as in `bootstrap_interval`.
    level : float, default=0.95
        Of the confidence interval of the score, between 0 and 1.
    n_resamples : int, default=999
        Number of draws for it.
    random_state : int or Generator, optional
        For the draws.

    Returns
    -------
    DataFrame of shape (n_slices, 4 or 6)
        Indexed by slice, sorted. `rows`: their number; `score`, `low`, `high`: the measure and its
        interval, missing where there are fewer than two rows or blocks; with a baseline also its
        score (`baseline`) and the `skill` in percent, missing where the baseline has no error.

    Raises
    ------
    ModelInputError
        A ValueError: if lengths differ, there are no rows, or a baseline comes without a second
        column.

    References
    ----------
    .. [1] D. Sculley et al., "Hidden technical debt in machine learning systems", Advances in
       Neural Information Processing Systems 28 (2015); E. Breck et al., "The ML test score",
       IEEE Big Data (2017), test "model quality is sufficient on all important data slices".

    Examples
    --------
    >>> import pandas as pd
    >>> from ropewalk.models.common import mae
    >>> carrier = pd.Series(["AA", "AA", "UA", "UA"], name="carrier")
    >>> table = score_slices(
    ...     carrier, mae, [0, 2, 0, 8], [1, 1, 2, 2], baseline=[2, 4, 4, 4], random_state=0
    ... )
    >>> table[["rows", "score", "baseline", "skill"]]
             rows  score  baseline  skill
    carrier
    AA          2    1.0       2.0   50.0
    UA          2    4.0       4.0    0.0
    """
    frame = by.to_frame() if isinstance(by, pd.Series) else by
    arrays = {f"column {place}": np.asarray(each) for place, each in enumerate(columns, start=1)}
    if baseline is not None:
        if len(columns) < 2:
            raise ModelInputError("there is a baseline, and no column of predictions beside it")
        arrays["baseline"] = np.asarray(baseline)
    if block is not None:
        arrays["block"] = np.asarray(block)
    same_rows(by=np.empty(len(frame)), **arrays)
    if len(frame) == 0:
        raise ModelInputError("by has no rows: there is nothing to measure")
    generator = np.random.default_rng(random_state)
    positions = pd.Series(np.arange(len(frame)))
    keys = frame.reset_index(drop=True)
    parts = positions.groupby([keys[name] for name in keys], dropna=False, observed=True)

    def measured(rows: pd.Series) -> dict[str, float]:
        own = {name: array[rows] for name, array in arrays.items()}
        blocks, naive = own.pop("block", None), own.pop("baseline", None)
        given = list(own.values())
        line = {"rows": len(rows), "score": metric(*given), "low": np.nan, "high": np.nan}
        if len(rows if blocks is None else pd.unique(blocks)) > 1:
            line["low"], line["high"] = bootstrap_interval(
                metric,
                *given,
                block=blocks,
                level=level,
                n_resamples=n_resamples,
                random_state=generator,
            )
        if naive is not None:
            line["baseline"] = metric(given[0], naive, *given[2:])
            line["skill"] = np.nan
            if line["baseline"] > 0:
                line["skill"] = skill(line["score"], line["baseline"])
        return line

    lines = {key: measured(rows) for key, rows in parts}
    table = pd.DataFrame(lines.values(), index=parts.size().index)
    return table.rename_axis(index=list(frame.columns))
