"""Intervals that learn from each outcome, for data that drift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ropewalk.models.common.arrays import numbers, same_rows
from ropewalk.models.common.conformal import ConformalIntervals
from ropewalk.models.common.groups import groups_among
from ropewalk.models.errors import ModelInputError


class AdaptiveIntervals(BaseEstimator):
    r"""Prediction intervals that widen with misses and narrow without.

    Starts as `ConformalIntervals`. From then on, each call of `update` moves the reach :math:`q`
    of the intervals by the share of outcomes that they missed:

    .. math:: q \leftarrow q + \eta \, (missed - (1 - level)), \quad \eta = rate \cdot q_0

    Over T calls the mean share of misses is then within :math:`(b + \eta) / (\eta T)` of
    1 - level, where b bounds the errors: whatever happens, also where rows are not exchangeable.
    That is adaptive conformal inference [1]_ in the reach instead of the level, which never asks
    for an infinite interval [2]_. What is counted are the intervals that were given: those of a
    day are not narrowed by what became known in its course.

    Parameters
    ----------
    level : float, default=0.9
        How often the outcome shall be inside, between 0 and 1.
    rate : float, default=0.2
        How far an update without a hit would widen the reach, as a share of the first: higher
        follows a change sooner, and swings more. Right for a day of rows a call; with a row a
        call, take a hundredth.
    group : str or sequence of str, optional
        Columns of the frame whose groups have a reach of their own.
    min_rows : int, default=100
        Groups with fewer rows in `fit`, like those never seen, get the overall intervals, which
        learn from every row.

    Attributes
    ----------
    keys_ : list of tuple of str
        The groups with a reach of their own, as text, sorted.
    reach_ : ndarray of float64 of shape (n_groups + 1,)
        How far each group's intervals now reach to both sides, and last the overall ones.
    step_ : ndarray of float64 of shape (n_groups + 1,)
        What an update without a hit adds to each, before 1 - level is taken off.

    References
    ----------
    .. [1] I. Gibbs and E. Candès, "Adaptive conformal inference under distribution shift",
       Advances in Neural Information Processing Systems 34 (2021) 1660-1672.
    .. [2] A. N. Angelopoulos, E. Candès and R. Tibshirani, "Conformal PID control for time series
       prediction", Advances in Neural Information Processing Systems 36 (2023); the quantile
       tracker: proposition 1.

    Examples
    --------
    >>> errors = [1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0, -8.0, 9.0, -10.0]
    >>> intervals = AdaptiveIntervals(level=0.8, rate=0.1).fit(actual=errors, predicted=[0.0] * 10)
    >>> intervals.interval([20.0])
    (array([11.]), array([29.]))
    >>> intervals.update(actual=[50.0], predicted=[20.0]).interval([20.0])  # A miss.
    (array([10.28]), array([29.72]))
    """

    def __init__(
        self,
        level: float = 0.9,
        rate: float = 0.2,
        group: str | Sequence[str] | None = None,
        min_rows: int = 100,
    ) -> None:
        self.level = level
        self.rate = rate
        self.group = group
        self.min_rows = min_rows

    def fit(
        self, actual: npt.ArrayLike, predicted: npt.ArrayLike, X: pd.DataFrame | None = None
    ) -> Self:
        """Start from rows that the model was not fitted on.

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
        AdaptiveIntervals
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if `rate` is no positive number, or as in `ConformalIntervals`.
        ModelTypeError
            A TypeError: if there is a `group` but the rows are no frame.
        """
        if not (np.isfinite(self.rate) and self.rate > 0):
            raise ModelInputError(f"rate is {self.rate}: give a share above 0, such as 0.2")
        start = ConformalIntervals(self.group, self.min_rows).fit(actual, predicted, X)
        self.reach_ = start.limits_of_groups(self.level)
        self.step_ = self.rate * self.reach_
        self.keys_ = start.keys_
        return self

    def interval(
        self, predicted: npt.ArrayLike, X: pd.DataFrame | None = None
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Tell between which two numbers each outcome will lie, as things stand.

        Parameters
        ----------
        predicted : array-like of float of shape (n_rows,)
            Predictions.
        X : DataFrame of shape (n_rows, n_columns), optional
            The same rows, if there is a `group`.

        Returns
        -------
        low, high : ndarray of float64 of shape (n_rows,)
            The ends, inclusive.

        Raises
        ------
        ModelInputError
            A ValueError: if a number is missing or infinite, or there are not as many rows.
        ModelTypeError
            A TypeError: if there is a `group` but the rows are no frame.
        """
        check_is_fitted(self)
        (centre,) = numbers(predicted=predicted)
        # A step below zero is part of how it learns; an interval has at least its centre.
        reach = np.maximum(self.reach_, 0.0)[self._numbers(X, len(centre))]
        return centre - reach, centre + reach

    def update(
        self, actual: npt.ArrayLike, predicted: npt.ArrayLike, X: pd.DataFrame | None = None
    ) -> Self:
        """Learn from the outcomes that became known since the last call, before predicting again.

        Parameters
        ----------
        actual : array-like of float of shape (n_rows,)
            What happened.
        predicted : array-like of float of shape (n_rows,)
            What the model had predicted for the same rows.
        X : DataFrame of shape (n_rows, n_columns), optional
            The same rows, if there is a `group`.

        Returns
        -------
        AdaptiveIntervals
            Itself, changed.

        Raises
        ------
        ModelInputError
            A ValueError: if a number is missing or infinite, or there are not as many rows.
        ModelTypeError
            A TypeError: if there is a `group` but the rows are no frame.
        """
        check_is_fitted(self)
        happened, expected = numbers(actual=actual, predicted=predicted)
        scores = np.abs(happened - expected)
        number = self._numbers(X, len(scores))
        # The overall reach, -1, learns from every row: so that it stays what any may expect.
        for which in {*number.tolist(), -1}:
            theirs = scores if which == -1 else scores[number == which]
            missed = np.mean(theirs > self.reach_[which])
            self.reach_[which] += self.step_[which] * (missed - (1 - self.level))
        return self

    def _numbers(self, X: pd.DataFrame | None, n_rows: int) -> npt.NDArray[np.intp]:
        """Tell which reach is each row's; the last is the overall one."""
        if self.group is None:
            return np.full(n_rows, -1)
        number = groups_among(self.keys_, X, self.group)
        same_rows(predicted=np.empty(n_rows), X=number)
        return number
