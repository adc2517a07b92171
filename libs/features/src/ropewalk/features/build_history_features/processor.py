"""The whole flow for what other rows had made known."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ropewalk.features.build_history_features.lookback import backlog, mean_and_count
from ropewalk.features.build_history_features.window import Window, check_windows, ending
from ropewalk.features.common.account import AccountRow
from ropewalk.features.common.flow import FeatureFlow
from ropewalk.features.common.known_by import comparable
from ropewalk.features.common.numeric_flow import NumericFlow
from ropewalk.features.errors import FeatureColumnError, FeatureError, did_you_mean


class BuildHistoryFeatures(NumericFlow):
    """Look back on what other rows of the same frame had made known by each row's moment.

    For each window the mean and the number of the values of other rows of the same group that
    became known in the hours up to a row's moment (`known_by` is the rule); for each backlog the
    number of rows whose own moment came in the hours before, and that were not yet known. The row
    itself never counts, and no row sees what became known after its moment.

    Nothing is learnt while fitting: only the frame at hand counts. So this flow runs on all rows,
    before any is dropped and before they are split, and a row alone has no history. A backlog
    takes for granted that rows are known to come, as in a timetable.

    Parameters
    ----------
    value : str
        The column of numbers to look back on.
    known_at : str
        The column of times at which each row's value becomes known; missing is never.
    moment : str
        The column of times at which each row looks back; where it is missing, nothing is seen.
        It has a time zone if, and only if, `known_at` has one.
    windows : sequence of Window, default=()
        Each is ``{"by": [columns], "hours": number}``: which rows are of one group, and how far to
        look back. A row with a missing value in a column of `by` has no history there and is none;
        an empty `by` takes all rows together.
    backlog : sequence of Window, default=()
        The same for the backlogs. A row that never becomes known (a flight that is cancelled)
        stays for the whole of `hours`: with many of them, they soon count the cancelled alone.

    Examples
    --------
    >>> flights = pd.DataFrame({
    ...     "origin": ["JFK", "JFK", "JFK", "LGA"],
    ...     "scheduled": pd.to_datetime(["2013-01-01 08:00", "2013-01-01 08:30",
    ...                                  "2013-01-01 09:00", "2013-01-01 09:00"]),
    ...     "delay": [10.0, None, 5.0, 0.0],
    ... })
    >>> flights["departed"] = flights["scheduled"] + pd.to_timedelta(flights["delay"], unit="min")
    >>> flow = BuildHistoryFeatures(
    ...     value="delay",
    ...     known_at="departed",
    ...     moment="scheduled",
    ...     windows=[{"by": ["origin"], "hours": 2}],
    ...     backlog=[{"by": ["origin"], "hours": 3}],
    ... )
    >>> flow.set_output(transform="pandas").fit_transform(flights).T
                                      0     1     2    3
    history_delay_mean_origin_2h    NaN  10.0  10.0  NaN
    history_delay_count_origin_2h   0.0   1.0   1.0  0.0
    history_backlog_origin_3h       0.0   0.0   1.0  0.0
    """

    def __init__(
        self,
        value: str,
        known_at: str,
        moment: str,
        windows: Sequence[Window] = (),
        backlog: Sequence[Window] = (),
    ) -> None:
        self.value = value
        self.known_at = known_at
        self.moment = moment
        self.windows = windows
        self.backlog = backlog

    def _check_parameters(self) -> None:
        for key in ("value", "known_at", "moment"):
            if not isinstance(name := getattr(self, key), str):
                raise FeatureError(f"{key}={name!r}: give the name of a column")
        check_windows("windows", self.windows)
        check_windows("backlog", self.backlog)
        names = self._names([])
        if not names:
            raise FeatureError("windows and backlog are both empty; give one to look back over")
        for name in names:
            if names.count(name) > 1:
                raise FeatureError(f"windows and backlog give '{name}' twice; drop one")

    def _check_array(self, X: object, reset: bool) -> NDArray[np.generic]:
        # First what no flow takes, such as sparse matrices.
        FeatureFlow._check_array(self, X, reset)
        raise FeatureColumnError(
            f"{type(self).__name__}: columns are found by name; give a DataFrame, not a "
            f"{type(X).__name__} without names"
        )

    def _read(self, X: object, reset: bool) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame):
            X = X[self._wanted(X)]
        return super()._read(X, reset)

    def _wanted(self, frame: pd.DataFrame) -> list[str]:
        """Name the columns that this flow needs, of all that a frame has."""
        wanted = {name: key for key, name in self._roles()}
        for name, key in wanted.items():
            if name not in frame.columns:
                raise FeatureColumnError(
                    f"{type(self).__name__}: {key}: there is no column '{name}'; "
                    f"{did_you_mean(name, map(str, frame.columns))}"
                )
        return list(wanted)

    def _roles(self) -> list[tuple[str, str]]:
        roles = [("value", self.value), ("known_at", self.known_at), ("moment", self.moment)]
        for key, windows in (("windows", self.windows), ("backlog", self.backlog)):
            for number, window in enumerate(windows):
                roles += [(f"{key}[{number}].by", name) for name in window["by"]]
        return roles

    def _learn(self, frame: pd.DataFrame) -> list[AccountRow]:
        self._build(frame)
        reasons: dict[str, list[str]] = {}
        for key, name in self._roles():
            reasons.setdefault(name, []).append(key)
        account = []
        for name, keys in reasons.items():
            gaps = int(frame[name].isna().sum())
            account.append(
                AccountRow(
                    column=name,
                    action="changed",
                    reason=f"used as {', '.join(keys)}" + (f"; {gaps} missing" if gaps else ""),
                )
            )
        return account

    def _build(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        values = self._number(frame[self.value])
        known_at, moments = comparable(frame[self.known_at], frame[self.moment])
        columns: list[NDArray[np.float64]] = []
        for window in self.windows:
            groups = self._groups(frame, window["by"])
            columns += mean_and_count(values, known_at, moments, groups, _span(window))
        for window in self.backlog:
            groups = self._groups(frame, window["by"])
            columns.append(backlog(known_at, moments, groups, _span(window)))
        return np.column_stack(columns)

    def _names(self, inputs: list[str]) -> list[str]:
        kinds = (f"history_{self.value}_mean", f"history_{self.value}_count")
        means = [f"{kind}_{ending(window)}" for window in self.windows for kind in kinds]
        return means + [f"history_backlog_{ending(window)}" for window in self.backlog]

    def _groups(self, frame: pd.DataFrame, by: Sequence[str]) -> NDArray[np.int64]:
        """Give each row the number of its group, rows with the same values; -1 is none."""
        groups = np.zeros(len(frame), dtype=np.int64)
        missing = np.zeros(len(frame), dtype=bool)
        for name in by:
            try:
                codes, levels = pd.factorize(frame[name])
            except TypeError as error:
                raise FeatureColumnError(
                    f"{type(self).__name__}: column '{name}' holds what makes no group; give text "
                    "or numbers"
                ) from error
            missing |= codes < 0
            # Numbered anew each time, so that they stay small.
            groups = pd.factorize(groups * (len(levels) + 1) + codes)[0].astype(np.int64)
        groups[missing] = -1
        return groups


def _span(window: Window) -> np.timedelta64:
    return np.timedelta64(round(window["hours"] * 3_600_000_000), "us")
