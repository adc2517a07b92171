"""A fitted flow as a function of one row, without pandas."""

from collections.abc import Callable, Mapping

# From the values of one row, by column, to what `transform` gives for it, in the same order.
RowForm = Callable[[Mapping[str, object]], list[float]]


def is_missing(value: object) -> bool:
    """Tell whether a plain value is missing.

    Parameters
    ----------
    value : object
        None, text, a number, a boolean or a time.

    Returns
    -------
    bool
        Whether it is None or differs from itself, as NaN and NaT do.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing(""), is_missing(0)
    (True, True, False, False)
    """
    return value is None or value != value
