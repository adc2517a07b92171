"""What can go wrong in this library that a user can put right."""

from __future__ import annotations


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


class BundleError(ModelError):
    """A bundle that can't be saved, or that must not be loaded; names the file and the reason.

    Examples
    --------
    >>> issubclass(BundleError, ModelError)
    True
    """
