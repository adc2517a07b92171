"""What can go wrong while loading. Every message is one line for the person who can mend it."""

from collections.abc import Iterable
from difflib import get_close_matches


class DataLoaderError(Exception):
    """Root of all errors of this library."""


class ConfigurationError(DataLoaderError):
    """A YAML file does not say what it must, or says what is unknown."""


class SourceError(DataLoaderError):
    """A source is missing, empty, unreadable or not of the kind it is said to be."""


class ColumnError(DataLoaderError):
    """A column was asked for that the source does not have."""


class SchemaError(DataLoaderError):
    """The data breaks the declared schema."""


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
    'allowed: origin, dest'
    """
    names = list(allowed)
    if near := get_close_matches(given, names, n=1):
        return f"did you mean '{near[0]}'?"
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"allowed: {shown or 'nothing'}"
