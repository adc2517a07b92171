"""How far to look back, and on which rows."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from ropewalk.features.errors import FeatureError, did_you_mean

# In hours: nanoseconds of much more than this do not fit into 64 bits.
_CENTURY = 876_600


class Window(TypedDict):
    """Rows of the same group, in the last hours; as plain as a YAML file gives it.

    Attributes
    ----------
    by : sequence of str
        Columns whose values a row must share; none of them means all rows.
    hours : float
        How far back to look; at most a century.

    Examples
    --------
    >>> ending(Window(by=["origin", "carrier"], hours=6))
    'origin_carrier_6h'
    """

    by: Sequence[str]
    hours: float


def ending(window: Window) -> str:
    """Give the end of the names of the columns of a window.

    Parameters
    ----------
    window : Window
        A window that `check_windows` takes.

    Returns
    -------
    str
        Its columns and its hours.

    Examples
    --------
    >>> ending({"by": [], "hours": 0.5})
    '0.5h'
    """
    return "_".join([*window["by"], f"{window['hours']:.12g}h"])


def check_windows(name: str, windows: Sequence[Window]) -> None:
    """Refuse windows of no use.

    Parameters
    ----------
    name : str
        The parameter that they were given as, for the message.
    windows : sequence of Window
        What was given, which may be anything.

    Raises
    ------
    FeatureError
        The first thing that is wrong, and what to give.

    Examples
    --------
    >>> check_windows("windows", [{"by": ["origin"], "hours": 2}])
    """
    example = "{'by': ['origin'], 'hours': 2}"
    if isinstance(windows, str | Mapping) or not isinstance(windows, Sequence):
        raise FeatureError(f"{name}={windows!r}: give a list, such as [{example}]")
    for number, window in enumerate(windows):
        place = f"{name}[{number}]"
        if not isinstance(window, Mapping):
            raise FeatureError(f"{place}={window!r}: give a mapping, such as {example}")
        keys = list(Window.__annotations__)
        for key in window:
            if key not in keys:
                raise FeatureError(f"{place}: there is no '{key}'; {did_you_mean(str(key), keys)}")
        for key in keys:
            if key not in window:
                raise FeatureError(f"{place}: '{key}' is missing; give all of {example}")
        by, hours = window["by"], window["hours"]
        if isinstance(by, str):
            raise FeatureError(f"{place}: by is text; write [{by!r}]")
        if not isinstance(by, Sequence) or not all(isinstance(column, str) for column in by):
            raise FeatureError(f"{place}: by={by!r}; give a list of column names")
        if len(set(by)) < len(by):
            raise FeatureError(f"{place}: by={by!r} has a column twice; drop one")
        # True is a number too.
        if isinstance(hours, bool) or not isinstance(hours, int | float):
            raise FeatureError(f"{place}: hours={hours!r}; give a number")
        if not 0 < hours <= _CENTURY:
            raise FeatureError(f"{place}: hours={hours!r}; give more than 0 and at most {_CENTURY}")
