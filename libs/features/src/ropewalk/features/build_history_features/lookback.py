"""Looking back over other rows, for all rows at once.

Rows are sorted once by group and time; what a row looks back on is then one run of them, whose
ends `numpy.searchsorted` finds.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.datetime64]


def mean_and_count(
    values: NDArray[np.float64],
    known_at: Times,
    moments: Times,
    groups: NDArray[np.int64],
    span: np.timedelta64,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the mean and the number of the values that other rows had made known by a moment.

    A row counts if it is of the same group and its `known_at` lies in ``(moment - span, moment]``.
    The row itself never counts. Each mean is summed up from its own values alone, in an order
    that is given by time and value: it depends neither on the order of rows nor, by rounding, on
    values that don't count.

    Parameters
    ----------
    values : ndarray of float64, shape (n_samples,)
        One that is not finite never counts.
    known_at : ndarray of datetime64, shape (n_samples,)
        When each value becomes known; NaT is never.
    moments : ndarray of datetime64, shape (n_samples,)
        When each row looks back; at NaT it sees nothing.
    groups : ndarray of int64, shape (n_samples,)
        The group of each row; one with -1 has no history and is none.
    span : timedelta64
        How far back to look.

    Returns
    -------
    mean : ndarray of float64, shape (n_samples,)
        NaN where nothing is known.
    count : ndarray of float64, shape (n_samples,)
        How many values are in the mean.

    Examples
    --------
    >>> hours = np.array(["2013-01-01T08", "2013-01-01T09", "2013-01-01T10"], dtype="M8[h]")
    >>> delays, one_group = np.array([30.0, 10.0, 90.0]), np.zeros(3, dtype=np.int64)
    >>> mean_and_count(delays, hours, hours, one_group, np.timedelta64(9, "h"))
    (array([nan, 30., 20.]), array([0., 1., 2.]))
    """
    counts = (groups >= 0) & np.isfinite(values) & ~np.isnat(known_at)
    rows = np.flatnonzero(counts)
    rows = rows[np.lexsort((values[rows], known_at[rows], groups[rows]))]
    # The order of asking is that of the runs, so that numpy has no long gaps to sum up between.
    asking = np.flatnonzero((groups >= 0) & ~np.isnat(moments))
    asking = asking[np.lexsort((moments[asking], groups[asking]))]
    stop = _places(groups, known_at, rows, asking, moments[asking])
    start = _places(groups, known_at, rows, asking, moments[asking] - span)

    # A row in its own run is left out: the run is cut in two there. Of rows that equal each other
    # it doesn't matter which, so it is the first, or else rounding would tell their order.
    own = np.full(len(values), -1)
    own[rows] = _first_of_equals(groups[rows], known_at[rows], values[rows])
    own = own[asking]
    inside = (start <= own) & (own < stop)
    cut = np.where(inside, own, stop)
    resume = np.where(inside, own + 1, stop)

    edges = np.column_stack([start, cut, resume, stop])
    # One more, for runs that start behind the last.
    sums = np.add.reduceat(np.append(values[rows], 0.0), edges.ravel()).reshape(edges.shape)
    # Of an empty run reduceat gives the next value.
    total = np.where(cut > start, sums[:, 0], 0.0) + np.where(stop > resume, sums[:, 2], 0.0)

    count = np.zeros(len(values))
    count[asking] = stop - start - inside
    mean = np.full(len(values), np.nan)
    np.divide(total, count[asking], out=total, where=count[asking] > 0)
    mean[asking] = np.where(count[asking] > 0, total, np.nan)
    return mean, count


def backlog(
    known_at: Times, moments: Times, groups: NDArray[np.int64], span: np.timedelta64
) -> NDArray[np.float64]:
    """Count the other rows whose own moment has come and that are not yet known.

    A row counts if it is of the same group, its moment lies in ``(moment - span, moment)``, and
    it is not yet known at that moment.

    Parameters
    ----------
    known_at, moments, groups, span
        As in `mean_and_count`.

    Returns
    -------
    ndarray of float64, shape (n_samples,)
        Number of rows.

    Examples
    --------
    >>> scheduled = np.array(["2013-01-01T08", "2013-01-01T09", "2013-01-01T10"], dtype="M8[h]")
    >>> departed = np.array(["2013-01-01T10", "NaT", "2013-01-01T11"], dtype="M8[h]")
    >>> backlog(departed, scheduled, np.zeros(3, dtype=np.int64), np.timedelta64(9, "h"))
    array([0., 1., 1.])
    """
    # A row is in the backlog after its moment, until it is known or the span is over.
    until = np.fmin(moments + span, known_at)
    asking = np.flatnonzero((groups >= 0) & ~np.isnat(moments))
    rows = asking[until[asking] > moments[asking]]
    came = rows[np.lexsort((moments[rows], groups[rows]))]
    went = rows[np.lexsort((until[rows], groups[rows]))]
    count = np.zeros(len(groups))
    count[asking] = _places(groups, moments, came, asking, moments[asking], side="left")
    count[asking] -= _places(groups, until, went, asking, moments[asking])
    return count


def _places(
    groups: NDArray[np.int64],
    times: Times,
    rows: NDArray[np.intp],
    asking: NDArray[np.intp],
    asked: Times,
    side: Literal["left", "right"] = "right",
) -> NDArray[np.intp]:
    """Find how many of `rows`, which are sorted by group and time, come before what is asked.

    Those are the rows of groups before, and those of the same group up to the time asked for;
    with ``side="left"`` without those at that very time.
    """
    # How many times are not later, in place of a time: it fits into one integer with the group.
    clock = np.sort(times[rows])
    width = len(clock) + 1
    there = groups[rows] * width + np.searchsorted(clock, times[rows], side="right")
    wanted = groups[asking] * width + np.searchsorted(clock, asked, side=side)
    return np.searchsorted(there, wanted, side="right")


def _first_of_equals(*sorted_keys: NDArray[np.generic]) -> NDArray[np.intp]:
    """Give for each place the first one at which all keys are the same."""
    length = len(sorted_keys[0])
    changes = np.ones(length, dtype=bool)
    changes[1:] = np.any([key[1:] != key[:-1] for key in sorted_keys], axis=0)
    return np.maximum.accumulate(np.where(changes, np.arange(length), 0))
