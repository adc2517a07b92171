"""Wrong names, and the right ones that may have been meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def hint(name: str, given: Iterable[object]) -> str:
    """End an error's message about a missing column with the columns that there are.

    Parameters
    ----------
    name : str
        The missing column.
    given : iterable
        Names of the columns that there are.

    Returns
    -------
    str
        The most similar name if there is one, else the first twenty.

    Examples
    --------
    >>> hint("origin", ["orign", "dest"])
    "did you mean 'orign'?"
    >>> hint("wind", ["origin", "dest"])
    'there are: origin, dest'
    """
    names = [str(column) for column in given]
    # Stricter than the default, to which 'carrier' is like 'arr_time'.
    if near := get_close_matches(name, names, n=1, cutoff=0.75):
        return f"did you mean {near[0]!r}?"
    return f"there are: {', '.join(names[:20]) or 'none'}"
