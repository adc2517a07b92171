"""The bar that a model must clear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ropewalk.models.common.groups import group_rows, groups_among
from ropewalk.models.common.row_forms import RowForm
from ropewalk.models.common.rows import fit_labels, fit_rows, predict_rows
from ropewalk.models.common.text import plain_text
from ropewalk.models.common.weights import checked_weights
from ropewalk.models.errors import ModelInputError
from ropewalk.models.rule_based.moments import clock, places, season
from ropewalk.models.rule_based.summaries import (
    group_latest,
    group_means,
    group_modes,
    group_quantiles,
)

_Floats = npt.NDArray[np.float64]

_STRATEGIES = ("mean", "median", "quantile", "mode", "last", "seasonal")


class _Naive(BaseEstimator):
    """What both rules share: groups."""

    family: ClassVar[str] = "rule_based"
    group: str | Sequence[str] | None

    def _number_groups(
        self, X: pd.DataFrame | npt.ArrayLike, counts: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.intp]:
        """Note the groups of the rows that count, and number those rows by them."""
        self.keys_: list[tuple[str, ...]] = []
        if not self._names():
            return np.zeros(np.count_nonzero(counts), dtype=np.intp)
        number, keys = group_rows(X, self._names())
        found, number = np.unique(number[counts], return_inverse=True)
        self.keys_ = [keys[position] for position in found]
        return number

    def _find_groups(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Give each row's place in `keys_`: -1 if it is not there, 0 if there are no groups."""
        frame = predict_rows(self, X)
        if not self._names():
            return np.zeros(len(frame), dtype=np.intp)
        return groups_among(self.keys_, X, self._names())

    def _names(self) -> list[str]:
        if self.group is None:
            return []
        return [self.group] if isinstance(self.group, str) else list(self.group)

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn's checks that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class NaiveRegressor(RegressorMixin, _Naive):
    """Predict what the training rows had, overall or in each group.

    The mean is hard to beat on squared error, the median on absolute error, a quantile on its
    own; among rows with a time, the last value and that of the same hour last week are. Anything
    that calls itself a model has to beat them on the same rows.

    Parameters
    ----------
    strategy : {"mean", "median", "quantile", "mode", "last", "seasonal"}, default="mean"
        What to predict. "mode": the target of most rows, the least of them if there are several.
        "last": the target of the latest row (of all those of that moment, their mean).
        "seasonal": the mean of the latest step of time that is at the same place in the period,
        which is the same hour last week; where there is none, the mean.
    group : str or sequence of str, optional
        Columns of the frame whose values make a group; without them all rows are one group.
        A missing value is a value like any other.
    quantile : float, default=0.5
        For that strategy: the share of the targets up to it, from 0 to 1.
    time : str, optional
        For "last" and "seasonal": the column that says when a row is from. In training, a row
        without it is none of the latest.
    period, step : str, default="7D", "1h"
        For "seasonal": after how long the same is expected again, and which part of it counts as
        one moment. The period is a number of whole steps.
    timezone : str, default="UTC"
        For "seasonal": the zone whose clock counts, such as ``"America/New_York"``. Times without
        a zone are taken as UTC.

    Attributes
    ----------
    overall_ : float
        Of all training rows: what a group not seen in training gets.
    keys_ : list of tuple of str
        The groups seen, as text, sorted; empty without `group`.
    values_ : ndarray of float64 of shape (n_groups,)
        What each group gets.
    moments_ : ndarray of int64 of shape (n_moments,)
        If seasonal, the moments seen, sorted: the group's place in `keys_` (0 without groups)
        times the steps of a period, plus the step.
    moment_values_ : ndarray of float64 of shape (n_moments,)
        What each of them gets.
    n_features_in_ : int
        Number of columns seen in `fit`.

    References
    ----------
    .. [1] R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice", 3rd ed.,
       5.2 "Some simple forecasting methods", OTexts, 2021.

    Examples
    --------
    >>> import pandas as pd
    >>> flights = pd.DataFrame({"origin": ["JFK", "JFK", "EWR"]})
    >>> model = NaiveRegressor(group="origin").fit(flights, [10.0, 20.0, 60.0])
    >>> model.predict(pd.DataFrame({"origin": ["JFK", "EWR", "LGA"]}))
    array([15., 60., 30.])
    >>> at = pd.date_range("2013-01-01", periods=24 * 14, freq="1h", tz="UTC")
    >>> model = NaiveRegressor("seasonal", time="at").fit(pd.DataFrame({"at": at}), range(24 * 14))
    >>> model.predict(pd.DataFrame({"at": pd.to_datetime(["2013-01-15T05:30Z"])}))
    array([173.])
    """

    def __init__(
        self,
        strategy: Literal["mean", "median", "quantile", "mode", "last", "seasonal"] = "mean",
        group: str | Sequence[str] | None = None,
        *,
        quantile: float = 0.5,
        time: str | None = None,
        period: str = "7D",
        step: str = "1h",
        timezone: str = "UTC",
    ) -> None:
        self.strategy = strategy
        self.group = group
        self.quantile = quantile
        self.time = time
        self.period = period
        self.step = step
        self.timezone = timezone

    def fit(
        self,
        X: pd.DataFrame | npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Self:
        """Learn what each group gets.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows; only the columns of `group`, of any dtype, and `time` are looked at.
        y : array-like of float of shape (n_rows,)
            Target, finite.
        sample_weight : array-like of float of shape (n_rows,), optional
            Weight of each row; those of weight zero don't count.

        Returns
        -------
        NaiveRegressor
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if a parameter is out of range, a column is not in the frame, no row has
            a time, or there is not a weight for each row, one is negative or all are zero.
        ModelTypeError
            A TypeError: if there is a `group` or a `time` but the rows are not a frame, or the
            latter holds no times.
        """
        self._check_parameters()
        frame, target = fit_rows(self, X, y)
        weight = checked_weights(sample_weight, len(frame))
        rows = pd.DataFrame({"target": target, "weight": weight, "all": 0})
        counts = weight > 0
        if self.strategy in ("last", "seasonal"):
            rows["moment"] = clock(X, str(self.time), self.timezone)
            if not (counts & rows["moment"].notna()).any():
                raise ModelInputError(f"no row has a time in {self.time!r}: give it to some")
            if self.strategy == "last":
                counts &= rows["moment"].notna()
        number = self._number_groups(X, counts)
        rows = rows[counts].assign(group=number)
        self.overall_ = float(self._summarise(rows, ["all"]).iloc[0])
        self.values_ = np.empty(0, dtype=np.float64)
        if self.keys_:
            self.values_ = self._summarise(rows, ["group"]).to_numpy(dtype=np.float64)
        if self.strategy == "seasonal":
            place = self._places(rows["group"].to_numpy(), rows["moment"])
            floor = rows["moment"].dt.floor(season(self.period, self.step)[1])
            seen = group_latest(rows.assign(place=place, moment=floor), ["place"])
            self.moments_ = seen.index.to_numpy(dtype=np.int64)
            self.moment_values_ = seen.to_numpy(dtype=np.float64)
        return self

    def _check_parameters(self) -> None:
        if self.strategy not in _STRATEGIES:
            raise ModelInputError(
                f"strategy is {self.strategy!r}: choose one of {', '.join(_STRATEGIES)}"
            )
        if self.strategy == "quantile" and not 0 <= self.quantile <= 1:
            raise ModelInputError(f"quantile is {self.quantile}: give a share from 0 to 1")
        if self.strategy in ("last", "seasonal") and self.time is None:
            raise ModelInputError(
                f"strategy is {self.strategy!r}, which needs to know when a row is from: give the"
                " name of a column, time=..."
            )

    def _summarise(self, rows: pd.DataFrame, by: list[str]) -> pd.Series:
        if self.strategy == "last":
            return group_latest(rows, by)
        if self.strategy == "mode":
            return group_modes(rows, by)
        if self.strategy in ("median", "quantile"):
            share = 0.5 if self.strategy == "median" else self.quantile
            return group_quantiles(rows, by, share)
        return group_means(rows, by)

    def _places(self, number: npt.NDArray[np.intp], moment: pd.Series) -> npt.NDArray[np.int64]:
        """Give each row's place in the period, numbered on from group to group; below 0 if none."""
        period, step = season(self.period, self.step)
        place = number * (period // step) + places(moment, period, step)
        return np.where(np.isnan(place), -1, place).astype(np.int64)

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> _Floats:
        """Give each row its group's value, or the overall one if its group is new.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_rows,)
            Predictions.

        Raises
        ------
        ModelTypeError
            A TypeError: if the strategy is "seasonal" and the time column holds no times.
        ValueError
            If the columns are others than in `fit`.
        """
        check_is_fitted(self)
        number = self._find_groups(X)
        predicted = np.full(len(number), self.overall_)
        if self.keys_:
            predicted[number >= 0] = self.values_[number[number >= 0]]
        if self.strategy == "seasonal":
            place = self._places(number, clock(X, str(self.time), self.timezone))
            known = np.isin(place, self.moments_)
            predicted[known] = self.moment_values_[np.searchsorted(self.moments_, place[known])]
        return predicted

    def compile_row(self) -> RowForm | None:
        """Make a function from the plain values of one row to its prediction, without pandas.

        None if it is seasonal, or there are groups and the columns had no names in `fit`.
        """
        check_is_fitted(self)
        if self.strategy == "seasonal":
            return None
        overall, by_group = self.overall_, dict(zip(self.keys_, self.values_.tolist(), strict=True))
        if not by_group:
            return lambda values: overall
        if not hasattr(self, "feature_names_in_"):
            return None
        names = list(self.feature_names_in_)
        columns = [names.index(name) for name in self._names()]

        def predict(values: Sequence[object]) -> float:
            texts = [plain_text(values[column]) for column in columns]
            key = tuple("missing" if text is None else f"={text}" for text in texts)
            return by_group.get(key, overall)

        return predict

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn's checks that the columns need not say anything about the target."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class NaiveClassifier(ClassifierMixin, _Naive):
    """Predict the label that most training rows had, overall or in each group.

    Its shares of labels are hard to beat on log loss and Brier score where the columns say little.

    Parameters
    ----------
    strategy : {"prior", "mode"}, default="prior"
        What `predict_proba` gives: the share that each label had, or one for the most frequent
        label and zero for the others. Both predict the most frequent one.
    group : str or sequence of str, optional
        Columns of the frame whose values make a group; without them all rows are one group.
        A missing value is a value like any other.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    overall_ : ndarray of float64 of shape (n_classes,)
        Of all training rows: what a group not seen in training gets.
    keys_ : list of tuple of str
        The groups seen, as text, sorted; empty without `group`.
    values_ : ndarray of float64 of shape (n_groups, n_classes)
        What each group gets.
    n_features_in_ : int
        Number of columns seen in `fit`.

    References
    ----------
    .. [1] R. C. Holte, "Very simple classification rules perform well on most commonly used
       datasets", Machine Learning 11 (1993) 63-91.

    Examples
    --------
    >>> flights = pd.DataFrame({"origin": ["JFK", "JFK", "JFK", "JFK", "EWR"]})
    >>> model = NaiveClassifier(group="origin")
    >>> model = model.fit(flights, ["early", "early", "early", "late", "late"])
    >>> new = pd.DataFrame({"origin": ["JFK", "EWR", "LGA"]})
    >>> model.predict(new).tolist()
    ['early', 'late', 'early']
    >>> model.predict_proba(new)
    array([[0.75, 0.25],
           [0.  , 1.  ],
           [0.6 , 0.4 ]])
    """

    def __init__(
        self,
        strategy: Literal["prior", "mode"] = "prior",
        group: str | Sequence[str] | None = None,
    ) -> None:
        self.strategy = strategy
        self.group = group

    def fit(
        self,
        X: pd.DataFrame | npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Self:
        """Learn what each group gets.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows; only the columns of `group` are looked at, of any dtype.
        y : array-like of shape (n_rows,)
            Labels.
        sample_weight : array-like of float of shape (n_rows,), optional
            Weight of each row; those of weight zero don't count.

        Returns
        -------
        NaiveClassifier
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if `strategy` is unknown, a column of `group` is not in the frame, or
            there is not a weight for each row, one is negative or all are zero.
        ModelTypeError
            A TypeError: if there is a `group` but the rows are not a frame.
        """
        if self.strategy not in ("prior", "mode"):
            raise ModelInputError(f"strategy is {self.strategy!r}: choose one of prior, mode")
        frame, code = fit_labels(self, X, y)
        weight = checked_weights(sample_weight, len(frame))
        number = self._number_groups(X, weight > 0)
        shares = np.zeros((number.max() + 1, len(self.classes_)))
        np.add.at(shares, (number, code[weight > 0]), weight[weight > 0])
        self.overall_ = self._summarise(shares.sum(axis=0, keepdims=True))[0]
        self.values_ = self._summarise(shares)[: len(self.keys_)]
        return self

    def _summarise(self, weights: _Floats) -> _Floats:
        if self.strategy == "mode":
            return np.asarray(np.eye(weights.shape[1])[weights.argmax(axis=1)])
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def predict_proba(self, X: pd.DataFrame | npt.ArrayLike) -> _Floats:
        """Give each row its group's shares, or the overall ones if its group is new.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_rows, n_classes)
            The share of each label, in the order of `classes_`.

        Raises
        ------
        ValueError
            If the columns are others than in `fit`.
        """
        check_is_fitted(self)
        number = self._find_groups(X)
        shares = np.tile(self.overall_, (len(number), 1))
        if self.keys_:
            shares[number >= 0] = self.values_[number[number >= 0]]
        return shares

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[Any]:
        """Give each row its group's most frequent label.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels; of equally frequent ones the first in `classes_`.

        Raises
        ------
        ValueError
            If the columns are others than in `fit`.
        """
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn's checks that the columns need not say anything about the label."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags
