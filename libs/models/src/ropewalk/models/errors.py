"""What can go wrong in this library that a user can put right."""

from __future__ import annotations

_LONGEST = 500


class ModelError(Exception):
    """Root of this library's errors: its message is one line, fit to show to a user.

    Examples
    --------
    >>> issubclass(ModelError, ValueError)
    False
    """


class ModelInputError(ModelError, ValueError):
    """A value that this library can't use; scikit-learn's conventions want a ValueError.

    Examples
    --------
    >>> issubclass(ModelInputError, ModelError) and issubclass(ModelInputError, ValueError)
    True
    """


class ModelTypeError(ModelError, TypeError):
    """A type that this library can't use, such as a column of times.

    Examples
    --------
    >>> issubclass(ModelTypeError, ModelError) and issubclass(ModelTypeError, TypeError)
    True
    """


def reason(error: Exception) -> str:
    r"""Tell in one line what another library's error says.

    Examples
    --------
    >>> reason(ValueError("no number\nwhere one was expected"))
    'ValueError: no number'
    """
    return printable(f"{type(error).__name__}: {error}".splitlines()[0])


def printable(text: str) -> str:
    r"""Give text of a file that others wrote without what a terminal or a log would act on.

    Examples
    --------
    >>> printable("os.\x1b[2Jsystem\n")
    'os.?[2Jsystem?'
    """
    return "".join(sign if sign.isprintable() else "?" for sign in text[:_LONGEST])


class BundleError(ModelError):
    """A bundle that can't be saved, or that must not be loaded; names the file and the reason.

    Examples
    --------
    >>> issubclass(BundleError, ModelError)
    True
    """


class StoreError(ModelError):
    """A store that can't do what it was asked; names the place and the reason.

    Examples
    --------
    >>> issubclass(StoreError, ModelError)
    True
    """


class StoreConflictError(StoreError):
    """An alias that somebody else moved meanwhile; tells who, when and why.

    Examples
    --------
    >>> issubclass(StoreConflictError, StoreError)
    True
    """
