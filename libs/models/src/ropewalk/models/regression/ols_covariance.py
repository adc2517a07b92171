"""How much least squares' coefficients vary, by what is taken for granted of the errors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.errors import ModelInputError

_Floats = npt.NDArray[np.float64]

_COVARIANCES = ("classic", "HC0", "HC1", "HC2", "HC3", "clustered")
# A row with this leverage is fitted whatever its target: its error can't be known.
_FULL_LEVERAGE = 1 - 1e-10


def spread(
    basis: _Floats,
    errors: _Floats,
    covariance: str,
    clusters: npt.NDArray[np.intp] | None = None,
) -> tuple[_Floats, _Floats]:
    r"""Estimate the covariance of the coefficients in an orthonormal basis of the columns.

    In that basis :math:`Q` the coefficients are :math:`Q^\top y`, and the sandwich is no more
    than its filling:

    .. math:: Q^\top \mathrm{diag}(\omega_1, \ldots, \omega_n) Q

    with :math:`\omega_i` the same :math:`s^2` for each row (classic), :math:`e_i^2` (HC0), that
    times :math:`n / (n - k)` (HC1), over :math:`1 - h_i` (HC2) or over :math:`(1 - h_i)^2` (HC3),
    where :math:`h_i` is the squared length of row i, its leverage. Clustered, the rows
    :math:`Q_i e_i` of a group g are summed to :math:`u_g` first, which gives

    .. math:: \frac{G}{G - 1} \frac{n - 1}{n - k} \sum_g u_g u_g^\top

    Parameters
    ----------
    basis : ndarray of float64 of shape (n_rows, rank)
        Orthonormal columns that span those of the (weighted) design.
    errors : ndarray of float64 of shape (n_rows,)
        The (weighted) residuals.
    covariance : {"classic", "HC0", "HC1", "HC2", "HC3", "clustered"}
        Which of them.
    clusters : ndarray of int of shape (n_rows,), optional
        The group of each row, numbered from 0, if they are clustered.

    Returns
    -------
    covariance : ndarray of float64 of shape (rank, rank)
        The estimate; NaN if there are no more rows than columns.
    blind : ndarray of float64 of shape (n_blind, rank)
        The rows of the basis whose errors can't be known but should be. What depends on one of
        them has no estimate.

    References
    ----------
    .. [1] J. G. MacKinnon and H. White, "Some heteroskedasticity-consistent covariance matrix
       estimators with improved finite sample properties", Journal of Econometrics 29 (1985)
       305-325.
    .. [2] A. C. Cameron and D. L. Miller, "A practitioner's guide to cluster-robust inference",
       Journal of Human Resources 50 (2015) 317-372.

    Examples
    --------
    >>> import numpy as np
    >>> mean, errors = np.full((4, 1), 0.5), np.array([-3.0, -1.0, 1.0, 3.0])
    >>> spread(mean, errors, "classic")[0].round(2), spread(mean, errors, "HC0")[0]
    (array([[6.67]]), array([[5.]]))
    >>> spread(mean, errors, "clustered", np.array([0, 0, 1, 1]))[0]
    array([[16.]])
    """
    n_rows, rank = basis.shape
    free = n_rows - rank
    blind = np.empty((0, rank))
    if free <= 0:
        return np.full((rank, rank), np.nan), blind
    if covariance == "classic":
        return np.eye(rank) * (errors @ errors / free), blind
    scores = basis * errors[:, None]
    if clusters is not None:
        n_groups = int(clusters.max()) + 1
        sums = np.zeros((n_groups, rank))
        np.add.at(sums, clusters, scores)
        return sums.T @ sums * (n_groups / (n_groups - 1) * (n_rows - 1) / free), blind
    if covariance in ("HC2", "HC3"):
        leverage = np.sum(basis**2, axis=1)
        known = leverage < _FULL_LEVERAGE
        blind, scores, leverage = basis[~known], scores[known], leverage[known]
        scores = scores / (1 - leverage[:, None]) ** (0.5 if covariance == "HC2" else 1.0)
    return scores.T @ scores * (n_rows / free if covariance == "HC1" else 1.0), blind


def number_clusters(
    covariance: str, groups: npt.ArrayLike | None, counts: npt.NDArray[np.bool_]
) -> npt.NDArray[np.intp] | None:
    """Check what kind of covariance is asked for, and number its groups.

    Parameters
    ----------
    covariance : str
        As `spread` takes it.
    groups : array-like of shape (n_rows,), optional
        What each row belongs to: there if it is clustered, and only then.
    counts : ndarray of bool of shape (n_rows,)
        The rows that count.

    Returns
    -------
    ndarray of int of shape (n_counting_rows,) or None
        The group of each row that counts, numbered from 0 in the order in which they come.

    Raises
    ------
    ModelInputError
        A ValueError: if `covariance` is unknown, or the groups are missing where they are needed,
        given where not, not one for each row, or fewer than two.

    Examples
    --------
    >>> import numpy as np
    >>> number_clusters("clustered", ["UA", "B6", "UA"], np.array([True, True, True]))
    array([0, 1, 0])
    """
    if covariance not in _COVARIANCES:
        raise ModelInputError(
            f"covariance is {covariance!r}: choose one of {', '.join(_COVARIANCES)}"
        )
    if (groups is None) is (covariance == "clustered"):
        raise ModelInputError(
            f"covariance is {covariance!r} and groups are"
            f" {'missing' if groups is None else 'given'}: give fit(..., groups=...) with"
            " covariance='clustered', and with no other"
        )
    if groups is None:
        return None
    labels = np.asarray(groups)
    if labels.shape != counts.shape:
        raise ModelInputError(
            f"groups have shape {labels.shape}: give one to each of the {len(counts)} rows"
        )
    clusters = pd.factorize(labels[counts])[0]
    if clusters.min() < 0 or clusters.max() < 1:
        what = "one is missing" if clusters.min() < 0 else "all rows are in one"
        raise ModelInputError(f"groups: {what}: give each row its group, of two or more")
    return clusters
