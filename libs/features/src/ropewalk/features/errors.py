"""What a feature flow refuses. Every message is one line for the person who can mend it."""

from collections.abc import Iterable
from difflib import get_close_matches


class FeatureError(ValueError):
    """Anything that a feature flow refuses; catch this one.

    Examples
    --------
    >>> issubclass(FeatureError, ValueError)
    True
    """


class FeatureColumnError(FeatureError):
    """A column is missing, unknown or of a kind that the flow can't use.

    Examples
    --------
    >>> issubclass(FeatureColumnError, FeatureError)
    True
    """


class FeatureRowsError(FeatureError):
    """No usable row is left.

    Examples
    --------
    >>> issubclass(FeatureRowsError, FeatureError)
    True
    """


def did_you_mean(given: str, allowed: Iterable[str]) -> str:
    """End an error message about a wrong name with the names that were allowed.

    Parameters
    ----------
    given : str
        The wrong name.
    allowed : iterable of str
        The right names.

    Returns
    -------
    str
        The nearest right name if there is one, else all of them (the first twenty).

    Examples
    --------
    >>> did_you_mean("orign", ["origin", "dest"])
    "did you mean 'origin'?"
    >>> did_you_mean("x", ["origin", "dest"])
    'there are: origin, dest'
    """
    names = list(allowed)
    if near := get_close_matches(given, names, n=1):
        return f"did you mean '{near[0]}'?"
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"there are: {shown or 'none'}"
