"""Weights of rows, checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_array

from ropewalk.models.errors import ModelInputError


def checked_weights(sample_weight: npt.ArrayLike | None, n_rows: int) -> npt.NDArray[np.float64]:
    """Give each row its weight.

    Parameters
    ----------
    sample_weight : array-like of float of shape (n_rows,), optional
        Zero or more; without them all weigh the same.
    n_rows : int
        Number of rows.

    Returns
    -------
    ndarray of float64 of shape (n_rows,)
        The weights; ones without any.

    Raises
    ------
    ModelInputError
        A ValueError: if there is not a weight for each row, one is negative or all are zero.
    ValueError
        If a weight is missing, infinite or no number.

    Examples
    --------
    >>> checked_weights(None, 2), checked_weights([0, 3], 2)
    (array([1., 1.]), array([0., 3.]))
    """
    if sample_weight is None:
        return np.ones(n_rows)
    weight: npt.NDArray[np.float64] = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weight.shape != (n_rows,) or (weight < 0).any() or not weight.any():
        raise ModelInputError(
            f"sample_weight has shape {weight.shape}, from {weight.min()} to {weight.max()}:"
            f" give each of the {n_rows} rows zero or more, and one of them above zero"
        )
    return weight
