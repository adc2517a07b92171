"""The whole flow for times."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_datetime64_any_dtype
from sklearn.utils import Tags

from ropewalk.features.common.account import AccountRow
from ropewalk.features.common.flow import FeatureFlow
from ropewalk.features.common.row_form import RowForm, is_missing
from ropewalk.features.errors import FeatureColumnError, FeatureError, did_you_mean

# Part: (first value, number of values until it starts again).
_CYCLES = {
    "minute": (0, 60),
    "minute_of_day": (0, 24 * 60),
    "hour": (0, 24),
    "weekday": (0, 7),
    "day": (1, 31),
    "day_of_year": (1, 366),
    "month": (1, 12),
}

_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "minute": lambda time: time.minute,
    "minute_of_day": lambda time: time.hour * 60 + time.minute,
    "hour": lambda time: time.hour,
    "weekday": lambda time: time.weekday(),
    "day": lambda time: time.day,
    "day_of_year": lambda time: time.timetuple().tm_yday,
    "month": lambda time: time.month,
}


class BuildDatetimeFeatures(FeatureFlow):
    """Take the parts of times as numbers, and their sine and cosine.

    Sine and cosine put 23:59 next to 00:00, which the number alone does not.

    Month and day of the year are there but not by default: a model trained on one year up to
    November has never seen a December, and a tree can't extrapolate to a value it has never seen;
    it takes the last one it knows. Ask for them once the training rows span some years.

    Parameters
    ----------
    parts : sequence of str, default=("hour", "minute_of_day", "weekday")
        Any of ``minute``, ``minute_of_day``, ``hour``, ``weekday`` (Monday is 0), ``day`` (of the
        month), ``day_of_year`` and ``month``.
    cyclic : bool, default=True
        Whether to add ``<column>_<part>_sin`` and ``<column>_<part>_cos``.
    timezone : str or None, default=None
        The zone whose clock and calendar count, such as ``"America/New_York"``; times without a
        zone are then taken as UTC. None takes the zone that each column had while fitting.

    Attributes
    ----------
    zones_ : list of (str or None)
        The zone of each column; None for times without one.

    Examples
    --------
    >>> times = pd.DataFrame({"departure": pd.to_datetime(["2013-01-01 10:30Z", None])})
    >>> flow = BuildDatetimeFeatures(["hour", "weekday"], timezone="America/New_York")
    >>> flow.set_output(transform="pandas").fit_transform(times).round(2).T
                              0   1
    departure_hour         5.00 NaN
    departure_hour_sin     0.97 NaN
    departure_hour_cos     0.26 NaN
    departure_weekday      1.00 NaN
    departure_weekday_sin  0.78 NaN
    departure_weekday_cos  0.62 NaN
    """

    zones_: list[str | None]

    def __init__(
        self,
        parts: Sequence[str] = ("hour", "minute_of_day", "weekday"),
        cyclic: bool = True,
        timezone: str | None = None,
    ) -> None:
        self.parts = parts
        self.cyclic = cyclic
        self.timezone = timezone

    def __sklearn_tags__(self) -> Tags:
        """Say that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_parameters(self) -> None:
        if isinstance(self.parts, str) or not len(self.parts):
            raise FeatureError(f"parts={self.parts!r}: give a list, such as ['hour', 'weekday']")
        for part in self.parts:
            if part not in _CYCLES:
                raise FeatureError(f"parts: there is no '{part}'; {did_you_mean(part, _CYCLES)}")
        if self.timezone is not None:
            try:
                pd.Timestamp(0, tz=self.timezone)
            except (KeyError, ValueError, OSError) as error:
                raise FeatureError(
                    f"timezone={self.timezone!r}: not known; give a name such as "
                    "'America/New_York', or None"
                ) from error

    def _learn(self, frame: pd.DataFrame) -> list[AccountRow]:
        self.zones_ = []
        account = []
        for name in frame.columns:
            times = self._times(frame[name])
            own = None if times.dt.tz is None else str(times.dt.tz)
            zone = self.timezone if self.timezone is not None else own
            self.zones_.append(zone)
            gaps = int(times.isna().sum())
            account.append(
                AccountRow(
                    column=str(name),
                    action="changed",
                    reason=f"{', '.join(self.parts)} in {zone or 'no time zone'}"
                    + (f"; {gaps} missing" if gaps else ""),
                )
            )
        return account

    def _build(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        columns: list[NDArray[np.float64]] = []
        for name, zone in zip(frame.columns, self.zones_, strict=True):
            clock = _to_zone(self._times(frame[name]), zone).dt
            for part in self.parts:
                if part == "minute_of_day":
                    values = clock.hour * 60 + clock.minute
                else:
                    values = getattr(clock, "day_of_week" if part == "weekday" else part)
                numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
                columns += self._with_cycle(part, numbers)
        return np.column_stack(columns)

    def _names(self, inputs: list[str]) -> list[str]:
        endings = ("", "_sin", "_cos") if self.cyclic else ("",)
        return [
            f"{name}_{part}{ending}" for name in inputs for part in self.parts for ending in endings
        ]

    def _row_form(self) -> RowForm:
        columns = [
            (name, zone, None if zone is None else pd.Timestamp(0, tz=zone).tzinfo)
            for name, zone in zip(self._input_names(), self.zones_, strict=True)
        ]
        # All that a part can give, made once: Python's own sine may differ in the last digit.
        tables = []
        for part in self.parts:
            first, length = _CYCLES[part]
            every = self._with_cycle(part, np.arange(first + length, dtype=np.float64))
            tables.append((_PARTS[part], np.column_stack(every).tolist()))
        missing = [np.nan] * len(self._names(["x"]))
        flow = type(self).__name__

        def build(row: Mapping[str, object]) -> list[float]:
            built: list[float] = []
            for name, zone, clock in columns:
                time = row[name]
                if is_missing(time):
                    built += missing
                    continue
                if not isinstance(time, datetime):
                    raise FeatureColumnError(
                        f"{flow}: column '{name}' holds a {type(time).__name__}, not a time; give "
                        "a datetime"
                    )
                if time.tzinfo is None:
                    local = time if zone is None else time.replace(tzinfo=UTC).astimezone(clock)
                else:
                    local = time.astimezone(clock or UTC)
                for part, table in tables:
                    built += table[part(local)]
            return built

        return build

    def _with_cycle(self, part: str, numbers: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Give the numbers of a part, and where they stand in its cycle."""
        if not self.cyclic:
            return [numbers]
        first, length = _CYCLES[part]
        angle = 2 * np.pi * (numbers - first) / length
        return [numbers, np.sin(angle), np.cos(angle)]

    def _times(self, column: pd.Series) -> pd.Series:
        if is_datetime64_any_dtype(column.dtype):
            return column
        if column.isna().all():
            # A batch whose times are all missing need not come with a type.
            return pd.Series(np.full(len(column), "NaT", dtype="datetime64[us]"))
        raise FeatureColumnError(
            f"{type(self).__name__}: column '{column.name}' is of type {column.dtype}, not a time; "
            "read it with pandas.to_datetime"
        )


def _to_zone(times: pd.Series, zone: str | None) -> pd.Series:
    """Give the times on the clock of a zone; without a zone they are taken as UTC."""
    if times.dt.tz is None and zone is None:
        return times
    aware = times.dt.tz_localize("UTC") if times.dt.tz is None else times
    moved: pd.Series = aware.dt.tz_convert(zone or "UTC")
    return moved
