"""The one rule against leakage: a value counts once it is known (docs/adr/0004)."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_datetime64_any_dtype

from ropewalk.features.errors import FeatureColumnError

# From coarse to fine. Microseconds at least, so that parts of an hour are exact.
_UNITS: tuple[Literal["us", "ns"], ...] = ("us", "ns")


def known_by(known_at: pd.Series, moment: pd.Series) -> NDArray[np.bool_]:
    """Tell which values are known at a moment: those whose `known_at` is not later.

    Parameters
    ----------
    known_at : Series of datetimes, length n_samples
        When each value becomes known; missing means never.
    moment : Series of datetimes, length n_samples
        When each value would be used; where it is missing, nothing counts as known. The two are
        compared by position, whatever their index, unit and time zone.

    Returns
    -------
    ndarray of bool, shape (n_samples,)
        Whether each value may be used.

    Raises
    ------
    FeatureColumnError
        If one of the two holds no times, if one has a time zone and the other has none, or if
        they differ in length.

    Examples
    --------
    >>> departed = pd.Series(pd.to_datetime(["2013-01-01 10:00Z", "2013-01-01 10:01Z", None]))
    >>> known_by(departed, pd.Series(pd.to_datetime(["2013-01-01 10:00Z"] * 3)))
    array([ True, False, False])
    """
    known, moments = comparable(known_at, moment)
    # Nothing is earlier or later than a missing time.
    counts: NDArray[np.bool_] = known <= moments
    return counts


def comparable(
    known_at: pd.Series, moment: pd.Series
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Bring two columns of times to one zone and one unit, so that they can be compared.

    Parameters
    ----------
    known_at, moment : Series of datetimes, length n_samples
        Both with a time zone or both without, in any unit.

    Returns
    -------
    known_at, moment : ndarray of datetime64, shape (n_samples,)
        In UTC where there are zones; in microseconds, or nanoseconds if one of them is.

    Raises
    ------
    FeatureColumnError
        If they are no times, or not comparable.

    Examples
    --------
    >>> local = pd.Series(pd.to_datetime(["2013-01-01 05:00"])).dt.tz_localize("America/New_York")
    >>> known, moment = comparable(local, local.dt.tz_convert("UTC"))
    >>> known == moment
    array([ True])
    """
    if len(known_at) != len(moment):
        raise FeatureColumnError(
            f"{_named(known_at)} has {len(known_at)} rows and {_named(moment)} {len(moment)}; "
            "give a time for each row"
        )
    pair = (_times(known_at), _times(moment))
    some = all(times.notna().any() for times in pair)
    if some and (pair[0].tz is None) != (pair[1].tz is None):
        bare, zoned = (known_at, moment) if pair[0].tz is None else (moment, known_at)
        raise FeatureColumnError(
            f"{_named(bare)} has no time zone and {_named(zoned)} has one; give both one "
            "(Series.dt.tz_localize), or neither"
        )
    unit = _UNITS[any(times.unit == "ns" for times in pair)]
    try:
        known, moments = (
            (times if times.tz is None else times.tz_convert(None)).as_unit(unit) for times in pair
        )
    except pd.errors.OutOfBoundsDatetime as error:
        raise FeatureColumnError(
            f"{_named(known_at)} and {_named(moment)}: a time is too far away for nanoseconds, "
            "which the other is in; give both in microseconds (Series.dt.as_unit)"
        ) from error
    return known.to_numpy(), moments.to_numpy()


def _times(column: pd.Series) -> pd.DatetimeIndex:
    # A batch whose times are all missing need not come with a type.
    if is_datetime64_any_dtype(column.dtype) or column.isna().all():
        return pd.DatetimeIndex(column)
    raise FeatureColumnError(
        f"{_named(column)} is of type {column.dtype}, not a time; read it with pandas.to_datetime"
    )


def _named(column: pd.Series) -> str:
    return "a column" if column.name is None else f"column '{column.name}'"
