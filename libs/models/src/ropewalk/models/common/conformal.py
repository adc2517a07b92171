"""How far to trust a prediction: intervals and sets that hold what happens as often as asked."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ropewalk.models.common.arrays import numbers, same_rows
from ropewalk.models.common.groups import group_rows, groups_among
from ropewalk.models.errors import ModelInputError


class _Calibration(BaseEstimator):
    """Scores of predictions whose outcome is known: the higher, the worse the prediction."""

    def __init__(self, group: str | Sequence[str] | None = None, min_rows: int = 100) -> None:
        self.group = group
        self.min_rows = min_rows

    def _fit_scores(self, scores: npt.NDArray[np.float64], X: pd.DataFrame | None) -> None:
        self.scores_ = np.sort(scores)
        self.keys_: list[tuple[str, ...]] = []
        self.ends_ = np.empty(0, dtype=np.int64)
        self.group_scores_ = np.empty(0, dtype=np.float64)
        if self.group is None:
            return
        number, keys = group_rows(X, self.group)
        same_rows(actual=scores, X=number)
        counts = np.bincount(number)
        large = counts >= self.min_rows
        order = np.lexsort((scores, number))
        self.keys_ = [key for key, kept in zip(keys, large, strict=True) if kept]
        self.ends_ = np.cumsum(counts[large])
        self.group_scores_ = scores[order][large[number[order]]]

    def _limits(self, level: float, X: pd.DataFrame | None, n_rows: int) -> npt.NDArray[np.float64]:
        """Give for each row the score that its own exceeds no more often than asked."""
        check_is_fitted(self)
        limits = self.limits_of_groups(level)
        if self.group is None:
            return np.full(n_rows, limits[-1])
        number = groups_among(self.keys_, X, self.group)
        same_rows(predictions=np.empty(n_rows), X=number)
        return limits[number]

    def limits_of_groups(self, level: float) -> npt.NDArray[np.float64]:
        """Give the limit of each of `keys_`, and last the overall one."""
        share = _share(level)
        size = len(self.scores_)
        rank = int(_ranks(np.array([size]), share)[0])
        if rank > size:
            raise ModelInputError(
                f"level is {level}, which takes {-(-share // (1 - share))} rows to calibrate on,"
                f" and there are {size}: ask for less, or calibrate on more rows"
            )
        overall = self.scores_[rank - 1]
        sizes = np.diff(self.ends_, prepend=0)
        ranks = _ranks(sizes, share)
        own = self.group_scores_[self.ends_ - sizes + np.minimum(ranks, sizes) - 1]
        # A group too small for this level: no less than its worst row, so that a higher level is
        # never narrower.
        own = np.where(ranks > sizes, np.maximum(own, overall), own)
        return np.append(own, overall)


class ConformalIntervals(_Calibration):
    r"""Prediction intervals for any regressor, from its errors on rows that it did not learn from.

    A split conformal interval reaches as far to both sides of the prediction as the
    :math:`\lceil (n + 1) \, level \rceil`-th smallest of the n absolute errors. It then holds the
    outcome of a new row with a probability of at least `level`, and below level + 1 / (n + 1)
    where no two errors are equal, whatever the model and the distribution of its errors. What it
    asks for is that the new row is exchangeable with the n: under drift use `AdaptiveIntervals`.

    Parameters
    ----------
    group : str or sequence of str, optional
        Columns of the frame whose values make a group. Each then has intervals of its own, which
        hold for the group and not only on average. A missing value is a value like any other.
    min_rows : int, default=100
        Groups with fewer rows, like those never seen, get the overall intervals: of n rows, the
        coverage at 0.9 has a standard deviation of 0.3 / sqrt(n + 2).

    Attributes
    ----------
    scores_ : ndarray of float64 of shape (n_rows,)
        The absolute errors, ascending.
    keys_ : list of tuple of str
        The groups with intervals of their own, as text, sorted.
    ends_ : ndarray of int64 of shape (n_groups,)
        Where in `group_scores_` each ends.
    group_scores_ : ndarray of float64
        The absolute errors of one group after the other, ascending within each.

    References
    ----------
    .. [1] V. Vovk, A. Gammerman and G. Shafer, "Algorithmic learning in a random world",
       Springer, 2005; groups: 4.5 "Mondrian confidence machines".
    .. [2] J. Lei et al., "Distribution-free predictive inference for regression", Journal of the
       American Statistical Association 113 (2018) 1094-1111; split conformal: algorithm 2.
    .. [3] A. N. Angelopoulos and S. Bates, "Conformal prediction: a gentle introduction",
       Foundations and Trends in Machine Learning 16 (2023) 494-591.

    Examples
    --------
    >>> errors = [1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0, -8.0, 9.0]
    >>> intervals = ConformalIntervals().fit(actual=errors, predicted=[0.0] * 9)
    >>> low, high = intervals.interval([20.0, 60.0], level=0.8)
    >>> low, high
    (array([12., 52.]), array([28., 68.]))
    """

    def fit(
        self, actual: npt.ArrayLike, predicted: npt.ArrayLike, X: pd.DataFrame | None = None
    ) -> Self:
        """Learn from rows that the model was not fitted on, better later than earlier ones.

        Parameters
        ----------
        actual : array-like of float of shape (n_rows,)
            What happened.
        predicted : array-like of float of shape (n_rows,)
            What the model predicted for the same rows.
        X : DataFrame of shape (n_rows, n_columns), optional
            The same rows, if there is a `group`.

        Returns
        -------
        ConformalIntervals
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if there are no rows, lengths differ, a number is missing or infinite,
            or a column of `group` is not in the frame.
        ModelTypeError
            A TypeError: if there is a `group` but the rows are no frame.
        """
        happened, expected = numbers(actual=actual, predicted=predicted)
        self._fit_scores(np.abs(happened - expected), X)
        return self

    def interval(
        self, predicted: npt.ArrayLike, X: pd.DataFrame | None = None, level: float = 0.9
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Tell between which two numbers each outcome will lie.

        Parameters
        ----------
        predicted : array-like of float of shape (n_rows,)
            Predictions.
        X : DataFrame of shape (n_rows, n_columns), optional
            The same rows, if there is a `group`.
        level : float, default=0.9
            How often the outcome shall be inside, between 0 and 1; taken to a millionth.

        Returns
        -------
        low : ndarray of float64 of shape (n_rows,)
            Lower ends, inclusive.
        high : ndarray of float64 of shape (n_rows,)
            Upper ends, inclusive.

        Raises
        ------
        ModelInputError
            A ValueError: if the level is not between 0 and 1 or too high for the number of rows
            calibrated on, or as in `fit`.
        ModelTypeError
            A TypeError: if there is a `group` but the rows are no frame.
        """
        (centre,) = numbers(predicted=predicted)
        reach = self._limits(level, X, len(centre))
        return centre - reach, centre + reach


class ConformalSets(_Calibration):
    r"""Sets of classes for any classifier, from its probabilities on rows not learnt from.

    A class is in a row's set if one minus its probability is no more than the
    :math:`\lceil (n + 1) \, level \rceil`-th smallest of what that was for the true classes of the
    n rows. The set then holds the class of a new, exchangeable row with a probability of at least
    `level`: one class where the model is sure, several where it is not, none where the row is
    unlike all that was seen.

    Parameters
    ----------
    group : str or sequence of str, optional
        Columns of the frame whose values make a group, as in `ConformalIntervals`.
    min_rows : int, default=100
        Groups with fewer rows, like those never seen, get the overall sets.

    Attributes
    ----------
    n_classes_ : int
        Number of classes.
    scores_, keys_, ends_, group_scores_
        As in `ConformalIntervals`, of one minus the probability of the true class.

    References
    ----------
    .. [1] M. Sadinle, J. Lei and L. Wasserman, "Least ambiguous set-valued classifiers with
       bounded error levels", Journal of the American Statistical Association 114 (2019) 223-234.
    .. [2] A. N. Angelopoulos and S. Bates, "Conformal prediction: a gentle introduction",
       Foundations and Trends in Machine Learning 16 (2023) 494-591.

    Examples
    --------
    >>> probabilities = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]]
    >>> sets = ConformalSets().fit([0, 0, 1, 1], probabilities, classes=[0, 1])
    >>> sets.sets([[0.95, 0.05], [0.45, 0.55]], level=0.8)
    array([[ True, False],
           [False, False]])
    """

    def fit(
        self,
        actual: npt.ArrayLike,
        probabilities: npt.ArrayLike,
        classes: npt.ArrayLike,
        X: pd.DataFrame | None = None,
    ) -> Self:
        """Learn from rows that the model was not fitted on, better later than earlier ones.

        Parameters
        ----------
        actual : array-like of shape (n_rows,)
            The true class of each row.
        probabilities : array-like of float of shape (n_rows, n_classes)
            What the model gave each class.
        classes : array-like of shape (n_classes,)
            The classes, in the order of the probabilities: the model's `classes_`.
        X : DataFrame of shape (n_rows, n_columns), optional
            The same rows, if there is a `group`.

        Returns
        -------
        ConformalSets
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if there are no rows, lengths differ, a value is no probability, a class
            is not among the classes, or a column of `group` is not in the frame.
        ModelTypeError
            A TypeError: if there is a `group` but the rows are no frame.
        """
        names = pd.Index(np.asarray(classes))
        given = _probabilities(probabilities, len(names))
        happened = np.asarray(actual)
        same_rows(actual=happened, probabilities=given)
        position = names.get_indexer(pd.Index(happened))
        if (unknown := position < 0).any():
            raise ModelInputError(
                f"actual has {str(happened[unknown][0])!r}, which is none of the classes"
                f" {', '.join(map(str, names[:20]))}: give the model's classes_"
            )
        self.n_classes_ = len(names)
        self._fit_scores(1 - given[np.arange(len(given)), position], X)
        return self

    def sets(
        self, probabilities: npt.ArrayLike, X: pd.DataFrame | None = None, level: float = 0.9
    ) -> npt.NDArray[np.bool_]:
        """Tell which classes each row may have.

        Parameters
        ----------
        probabilities : array-like of float of shape (n_rows, n_classes)
            What the model gives each class.
        X : DataFrame of shape (n_rows, n_columns), optional
            The same rows, if there is a `group`.
        level : float, default=0.9
            How often the true class shall be in its set, between 0 and 1; taken to a millionth.

        Returns
        -------
        ndarray of bool of shape (n_rows, n_classes)
            Whether a class is in a row's set.

        Raises
        ------
        ModelInputError
            A ValueError: if the level is not between 0 and 1 or too high for the number of rows
            calibrated on, or as in `fit`.
        ModelTypeError
            A TypeError: if there is a `group` but the rows are no frame.
        """
        check_is_fitted(self)
        given = _probabilities(probabilities, self.n_classes_)
        return 1 - given <= self._limits(level, X, len(given))[:, np.newaxis]


def _share(level: float) -> Fraction:
    """Read a level as the decimal it was written as, so that a rank is never one too high."""
    share = Fraction(level).limit_denominator(10**6) if np.isfinite(level) else Fraction(0)
    if not 0 < share < 1:
        raise ModelInputError(f"level is {level}: give a share between 0 and 1, such as 0.9")
    return share


def _ranks(sizes: npt.NDArray[np.int64], share: Fraction) -> npt.NDArray[np.int64]:
    """Round (n + 1) * share up, in whole numbers."""
    return -(-(sizes + 1) * share.numerator // share.denominator)


def _probabilities(given: npt.ArrayLike, n_classes: int) -> npt.NDArray[np.float64]:
    array = np.asarray(given, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != n_classes or len(array) == 0:
        raise ModelInputError(
            f"probabilities have shape {array.shape}: give a row each, of {n_classes} classes"
        )
    if not ((array >= 0) & (array <= 1)).all():
        raise ModelInputError("probabilities go beyond 0 and 1: give what predict_proba gives")
    return array
