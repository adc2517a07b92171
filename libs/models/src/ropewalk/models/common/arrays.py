"""Columns of numbers, once it is known that they can be computed with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ropewalk.models.errors import ModelInputError


def numbers(**columns: npt.ArrayLike) -> list[npt.NDArray[np.float64]]:
    """Check that columns hold one finite number for each of the same rows.

    Parameters
    ----------
    **columns : array-like of shape (n_rows,)
        Numbers, under the names that an error shall call them by.

    Returns
    -------
    list of ndarray of float64 of shape (n_rows,)
        The columns, in their order.

    Raises
    ------
    ModelInputError
        A ValueError: if there are no rows, the lengths differ, or a value is missing or infinite.

    Examples
    --------
    >>> numbers(actual=[1, 2], predicted=[1.5, 2.5])
    [array([1., 2.]), array([1.5, 2.5])]
    """
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    for name, values in arrays.items():
        # A column of shape (n, 1) against (n,) would broadcast to n x n errors, silently.
        if values.ndim != 1:
            raise ModelInputError(f"{name} has shape {values.shape}: give one number a row")
    same_rows(**arrays)
    for name, values in arrays.items():
        if values.size == 0:
            raise ModelInputError(f"{name} has no rows: there is nothing to measure")
        bad = int(np.count_nonzero(~np.isfinite(values)))
        if bad:
            raise ModelInputError(
                f"{name} has {bad} values missing or infinite: drop those rows first"
            )
    return list(arrays.values())


def same_rows(**columns: npt.NDArray[np.generic]) -> None:
    """Refuse columns of different lengths.

    Parameters
    ----------
    **columns : ndarray of shape (n_rows, ...)
        Columns, under the names that an error shall call them by.

    Raises
    ------
    ModelInputError
        A ValueError: if one has more or fewer rows than the first.

    Examples
    --------
    >>> same_rows(X=np.zeros(2), y=np.zeros(3))
    Traceback (most recent call last):
    ropewalk.models.errors.ModelInputError: X has 2 rows, y 3: give both for the same rows
    """
    (first, values), *others = columns.items()
    for name, column in others:
        if len(column) != len(values):
            raise ModelInputError(
                f"{first} has {len(values)} rows, {name} {len(column)}:"
                " give both for the same rows"
            )
