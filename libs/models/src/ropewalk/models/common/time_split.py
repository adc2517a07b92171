"""Learn from the past, be judged on what came after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import BaseCrossValidator

from ropewalk.models.errors import ModelInputError

Times = pd.Series | pd.DatetimeIndex | npt.NDArray[np.datetime64] | Sequence[datetime]
Span = str | timedelta | np.timedelta64 | float


def time_split(
    times: Times,
    test_from: str | datetime | np.datetime64,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Split rows at a moment: before it to learn from, from it on to be judged on.

    A random split would let a model learn from rows later than those that it is judged on, and
    look better than it is.

    Parameters
    ----------
    times : array-like of datetime of shape (n_rows,)
        When each row happened; with a time zone or without, in any order.
    test_from : datetime or str
        First moment of the test rows. Without a time zone it is read in that of `times`.

    Returns
    -------
    train : ndarray of intp
        Positions of the rows before `test_from`, ascending.
    test : ndarray of intp
        Positions of the other rows, ascending.

    Raises
    ------
    ModelInputError
        A ValueError: if `times` are no datetimes or one is missing, if `test_from` is no moment
        or has a time zone while `times` have none, or if either side would be empty.

    References
    ----------
    .. [1] R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice", 3rd ed.,
       5.8 "Evaluating point forecast accuracy", OTexts, 2021.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2013-03-02", "2013-03-01", "2013-03-03"])
    >>> train, test = time_split(days, "2013-03-02")
    >>> train.tolist(), test.tolist()
    ([1], [0, 2])
    """
    column = pd.Series(times).reset_index(drop=True)
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise ModelInputError(
            f"times are {column.dtype}: give datetimes, such as pandas.to_datetime makes"
        )
    missing = int(column.isna().sum())
    if missing:
        raise ModelInputError(
            f"{missing} of {len(column)} times are missing: drop those rows before the split"
        )
    moment = _moment(test_from, column)
    later = (column >= moment).to_numpy(dtype=bool)
    train, test = np.flatnonzero(~later), np.flatnonzero(later)
    for side, rows in (("train", train), ("test", test)):
        if rows.size == 0:
            spread = f"from {column.min()} to {column.max()}" if len(column) else "none"
            raise ModelInputError(
                f"no {side} rows when the test starts at {moment}: the times are {spread},"
                " choose a moment among them"
            )
    return train, test


def _moment(test_from: str | datetime | np.datetime64, column: pd.Series) -> pd.Timestamp:
    """Read `test_from` so that it can be compared with the column."""
    try:
        moment = pd.Timestamp(test_from)
    except (TypeError, ValueError) as error:
        raise ModelInputError(
            f"test_from is {test_from!r}: give a date and time, such as '2013-03-25 05:00'"
        ) from error
    if pd.isna(moment):
        raise ModelInputError("test_from is missing: give a date and time")
    zone = column.dt.tz
    if zone is None and moment.tzinfo is not None:
        raise ModelInputError(
            f"test_from {moment} has a time zone and the times have none: leave it out of one,"
            " or give it to both"
        )
    if zone is not None and moment.tzinfo is None:
        return moment.tz_localize(zone)
    return moment


class TimeFolds(BaseCrossValidator):
    """Split rows several times, each time into earlier ones to learn from and later ones to test.

    A splitter as scikit-learn's functions take it (`cross_val_score(..., cv=..., groups=times)`).
    Unlike `TimeSeriesSplit` it goes by when a row happened and not by where it stands: rows of
    the same moment are never parted, so days given as times keep whole days together.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds; the test rows of each come after those of the one before.
    test_size : str, Timedelta or number, optional
        Span of the test rows of a fold, such as "30D"; the last ends with the last row. Without
        it the distinct moments are parted into `n_splits` + 1 of equal number, and the first part
        is only learnt from.
    train_size : str, Timedelta or number, optional
        Longest span of the rows to learn from, which then roll along; without it they grow.
    gap : str, Timedelta or number, default=0
        Span before the test rows from which nothing is learnt: what takes as long to become
        known, or is in both through a feature of the past.

    References
    ----------
    .. [1] L. J. Tashman, "Out-of-sample tests of forecasting accuracy: an analysis and review",
       International Journal of Forecasting 16 (2000) 437-450.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2013-03-04", "2013-03-01", "2013-03-02", "2013-03-02"])
    >>> for train, test in TimeFolds(n_splits=2).split(days, groups=days):
    ...     print(train, test)
    [1] [2 3]
    [1 2 3] [0]
    """

    # With metadata routing, scikit-learn's functions hand the times over by themselves.
    __metadata_request__split = {"groups": True}  # noqa: RUF012 (read by name, never changed)

    def __init__(
        self,
        n_splits: int = 5,
        *,
        test_size: Span | None = None,
        train_size: Span | None = None,
        gap: Span = 0,
    ) -> None:
        self.n_splits = n_splits
        self.test_size = test_size
        self.train_size = train_size
        self.gap = gap

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        """Return the number of folds, whatever the rows."""
        return self.n_splits

    def split(
        self, X: Sized, y: object = None, groups: Times | npt.ArrayLike | None = None
    ) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        """Yield the positions of the rows to learn from and to test on, fold after fold.

        Parameters
        ----------
        X : sized
            Rows; only their number is looked at.
        y : object, optional
            Not looked at.
        groups : array-like of datetime or number of shape (n_rows,), optional
            When each row happened, in any order; without it rows are one moment after the other.

        Yields
        ------
        train, test : ndarray of intp
            Positions, ascending.

        Raises
        ------
        ModelInputError
            A ValueError: if a time is missing or there are not as many as rows, a span is none,
            or a fold would have no rows on one side.
        """
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        times = pd.Series(np.arange(n_rows) if groups is None else groups).reset_index(drop=True)
        if len(times) != n_rows:
            raise ModelInputError(f"there are {n_rows} rows and {len(times)} times: give one a row")
        if missing := int(times.isna().sum()):
            raise ModelInputError(
                f"{missing} of {len(times)} times are missing: drop those rows before the split"
            )
        gap = _span("gap", self.gap, times)
        train_size = _span("train_size", self.train_size, times)
        for fold, (after, until) in enumerate(self._windows(times), start=1):
            test = (times > after) & (times <= until)
            train = times <= after - gap
            if train_size is not None:
                train &= times > after - gap - train_size
            for side, rows in (("train", train), ("test", test)):
                if not rows.any():
                    raise ModelInputError(
                        f"no {side} rows in fold {fold} of {self.n_splits}, whose test rows come"
                        f" after {after}: ask for fewer or shorter folds, or a shorter gap"
                    )
            yield np.flatnonzero(train), np.flatnonzero(test)

    def _windows(self, times: pd.Series) -> list[tuple[Any, Any]]:
        """Tell after which moment, and until which, the test rows of each fold are."""
        if self.n_splits < 1:
            raise ModelInputError(f"n_splits is {self.n_splits}: give a whole number from 1")
        test_size = _span("test_size", self.test_size, times)
        if test_size is not None:
            last = times.max()
            return [
                (last - (left + 1) * test_size, last - left * test_size)
                for left in reversed(range(self.n_splits))
            ]
        moments = times.drop_duplicates().sort_values().to_list()
        size = len(moments) // (self.n_splits + 1)
        if size == 0:
            raise ModelInputError(
                f"{len(moments)} moments can't be parted into {self.n_splits} folds and the rows"
                " before them: ask for fewer"
            )
        ends = range(len(moments) - 1 - (self.n_splits - 1) * size, len(moments), size)
        return [(moments[end - size], moments[end]) for end in ends]


def _span(name: str, given: Span | None, times: pd.Series) -> Any:
    """Read a span in what the times are counted in."""
    if given is None:
        return None
    counted = pd.api.types.is_numeric_dtype(times.dtype)
    try:
        if not counted and isinstance(given, int | float) and given:
            raise TypeError("a bare number, which pandas takes for nanoseconds")
        span: Any = float(given) if counted else pd.Timedelta(given)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:  # A span of time beside numbers is refused here too.
        like = "a number" if counted else "a span of time such as '30D'"
        raise ModelInputError(f"{name} is {given!r}: give {like}, as the times are") from error
    if not (span > 0 * span or (name == "gap" and span == 0 * span)):
        raise ModelInputError(f"{name} is {given!r}: give a span of more than nothing")
    return span
