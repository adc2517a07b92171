"""A model and how far to trust it, in one estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, RegressorMixin
from sklearn.model_selection import BaseCrossValidator, check_cv
from sklearn.utils import Tags, assert_all_finite, get_tags, indexable
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from ropewalk.models.common.arrays import numbers, same_rows
from ropewalk.models.common.conformal import ConformalIntervals, ConformalSets
from ropewalk.models.common.names import hint
from ropewalk.models.common.out_of_fold import answer, fitted_on, out_of_fold, rows_of
from ropewalk.models.errors import ModelInputError, ModelTypeError

Rows = pd.DataFrame | npt.ArrayLike


class _ConformalModel(MetaEstimatorMixin, BaseEstimator):
    """What both have in common: which model is kept, and which rows calibrate it."""

    family: ClassVar[str] = "calibration"

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        cv: float | BaseCrossValidator = 0.2,
        time: str | None = None,
        group: str | Sequence[str] | None = None,
        min_rows: int = 100,
    ) -> None:
        self.estimator = estimator
        self.cv = cv
        self.time = time
        self.group = group
        self.min_rows = min_rows

    def predict(self, X: Rows) -> npt.NDArray[Any]:
        """Predict as the model inside does.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Predictions.
        """
        check_is_fitted(self)
        predicted: npt.NDArray[Any] = self.estimator_.predict(X)
        return predicted

    def _fit(
        self,
        X: Rows,
        y: npt.NDArray[Any],
        sample_weight: npt.ArrayLike | None,
        method: Literal["predict", "predict_proba"],
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
        """Fit the model that is kept, and predict rows by models that did not learn from them."""
        validate_data(self, X, y, skip_check_array=True)
        if sample_weight is not None:
            (sample_weight,) = numbers(sample_weight=sample_weight)
            same_rows(y=y, sample_weight=sample_weight)
        times = self._times(X, len(y))
        if isinstance(self.cv, float):
            train, rows = self._last_rows(times)
            self.estimator_ = fitted_on(train, self.estimator, X, y, sample_weight)
            predicted = answer(self.estimator_, rows_of(X, rows), method, y)
        else:
            rows, predicted = out_of_fold(
                self.estimator,
                X,
                y,
                check_cv(self.cv),
                # Splitters that go by nothing warn when they are given something to go by.
                groups=None if self.time is None else times,
                sample_weight=sample_weight,
                method=method,
            )
            self.estimator_ = fitted_on(np.arange(len(y)), self.estimator, X, y, sample_weight)
        if sample_weight is None:
            return rows, predicted
        counts = sample_weight[rows] > 0
        return rows[counts], predicted[counts]

    def _times(self, X: Rows, n_rows: int) -> pd.Series:
        if self.time is None:
            return pd.Series(np.arange(n_rows))
        if not isinstance(X, pd.DataFrame):
            raise ModelTypeError(
                f"time is {self.time!r} but the rows are {type(X).__name__}: give a DataFrame, or"
                " leave time out and give the rows in their order in time"
            )
        if self.time not in X.columns:
            raise ModelInputError(
                f"time column {self.time!r} is not in the frame: {hint(self.time, X.columns)}"
            )
        return X[self.time].reset_index(drop=True)

    def _last_rows(self, times: pd.Series) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Part off the last share of the rows; those of one moment stay together."""
        if not 0 < self.cv < 1:
            raise ModelInputError(f"cv is {self.cv}: give a share between 0 and 1, or a splitter")
        start = int(len(times) * (1 - self.cv))
        if start == 0 or (later := times >= times.sort_values().iloc[start]).all():
            raise ModelInputError(
                f"n_samples={len(times)}: none are earlier than the last {self.cv:.0%}, to learn"
                " from: give more rows, or a smaller share"
            )
        return np.flatnonzero(~later), np.flatnonzero(later)

    def _grouped(self, X: Rows, rows: npt.NDArray[np.intp] | None = None) -> Any:
        """Hand rows on only where there are groups to look for in them."""
        if self.group is None:
            return None
        return X if rows is None else rows_of(X, rows)

    def __sklearn_tags__(self) -> Tags:
        """Take what the model inside takes."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.non_deterministic = inner.non_deterministic
        return tags


class ConformalRegressor(RegressorMixin, _ConformalModel):
    """Any regressor, with intervals that hold the outcome as often as asked.

    Fits the regressor and a `ConformalIntervals` on rows that it did not learn from: later ones,
    because a model is asked about the future.

    Parameters
    ----------
    estimator : regressor
        Left as it is; a clone is fitted.
    cv : float or splitter, default=0.2
        A share: split conformal. The regressor learns from the earlier rows, the latest share of
        them calibrates. A splitter (such as `TimeFolds`): cross conformal. Each fold's test rows
        are predicted by a regressor that did not see them, all of these errors calibrate, and the
        regressor that is kept learns from all rows. It wastes none and costs a fit more for each
        fold, but the guarantee of the split needs the fold's regressors to err as the one that is
        kept does. Exact CV+ [1]_ would ask every fold's regressor at each prediction.
    time : str, optional
        Column of the frame that tells when a row happened: what `cv` goes by. Without it, rows
        are in the order of time.
    group : str or sequence of str, optional
        Columns of the frame whose groups have intervals of their own.
    min_rows : int, default=100
        Groups with fewer rows to calibrate on get the overall intervals.

    Attributes
    ----------
    estimator_ : regressor
        The one that predicts.
    calibration_ : ConformalIntervals
        From the rows that calibrate, those of weight zero left out.
    n_features_in_ : int
        Number of columns seen in `fit`.

    References
    ----------
    .. [1] R. F. Barber et al., "Predictive inference with the jackknife+", Annals of Statistics
       49 (2021) 486-507.
    .. [2] J. Lei et al., "Distribution-free predictive inference for regression", Journal of the
       American Statistical Association 113 (2018) 1094-1111.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> X = np.arange(100.0)[:, np.newaxis]
    >>> y = X[:, 0] + np.tile([-3.0, -1.0, 1.0, 3.0], 25)
    >>> low, high = ConformalRegressor(LinearRegression()).fit(X, y).predict_interval([[60.0]])
    >>> low.round(), high.round()
    (array([57.]), array([63.]))
    """

    def fit(self, X: Rows, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Fit the regressor, and calibrate it on rows that it did not learn from.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            What the regressor takes, with the columns `time` and `group` if they are given.
        y : array-like of float of shape (n_rows,)
            Target.
        sample_weight : array-like of float of shape (n_rows,), optional
            For the regressor, if it takes weights. Rows of weight zero don't calibrate, others
            count once.

        Returns
        -------
        ConformalRegressor
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if `cv` leaves no rows on one side, or a column is not in the frame.
        ModelTypeError
            A TypeError: if a column is named but the rows are no frame.
        """
        X, y = indexable(X, y)
        target = y if y is None else column_or_1d(y, warn=True)
        rows, predicted = self._fit(X, target, sample_weight, "predict")
        calibration = ConformalIntervals(self.group, self.min_rows)
        self.calibration_ = calibration.fit(target[rows], predicted, self._grouped(X, rows))
        return self

    def predict_interval(
        self, X: Rows, level: float = 0.9
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Tell between which two numbers each outcome will lie.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.
        level : float, default=0.9
            How often the outcome shall be inside, between 0 and 1.

        Returns
        -------
        low, high : ndarray of float64 of shape (n_rows,)
            The ends, inclusive.

        Raises
        ------
        ModelInputError
            A ValueError: if the level is not between 0 and 1, or too high for the number of rows
            calibrated on.
        """
        return self.calibration_.interval(self.predict(X), self._grouped(X), level)


class ConformalClassifier(ClassifierMixin, _ConformalModel):
    """Any classifier with probabilities, with sets that hold the class as often as asked.

    Parameters
    ----------
    estimator : classifier
        With `predict_proba`; left as it is, a clone is fitted.
    cv, time, group, min_rows
        As in `ConformalRegressor`.

    Attributes
    ----------
    estimator_ : classifier
        The one that predicts.
    calibration_ : ConformalSets
        From the rows that calibrate, those of weight zero left out.
    classes_ : ndarray of shape (n_classes,)
        All classes, sorted; what the classifier did not learn has a probability of zero.
    n_features_in_ : int
        Number of columns seen in `fit`.

    References
    ----------
    .. [1] M. Sadinle, J. Lei and L. Wasserman, "Least ambiguous set-valued classifiers with
       bounded error levels", Journal of the American Statistical Association 114 (2019) 223-234.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.linspace(-2, 2, 101)[:, np.newaxis][np.arange(1010) % 101]
    >>> late = X[:, 0] + np.tile([-1.0, 1.0], 505) > 0
    >>> model = ConformalClassifier(LogisticRegression()).fit(X, late)
    >>> model.predict_set([[-2.0], [0.0], [2.0]], level=0.95)
    array([[ True, False],
           [ True,  True],
           [False,  True]])
    """

    def fit(self, X: Rows, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Fit the classifier, and calibrate it on rows that it did not learn from.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            What the classifier takes, with the columns `time` and `group` if they are given.
        y : array-like of shape (n_rows,)
            Classes.
        sample_weight : array-like of float of shape (n_rows,), optional
            For the classifier, if it takes weights. Rows of weight zero don't calibrate, others
            count once.

        Returns
        -------
        ConformalClassifier
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if `cv` leaves no rows on one side, or a column is not in the frame.
        ModelTypeError
            A TypeError: if a column is named but the rows are no frame.
        """
        X, y = indexable(X, y)
        target = y
        if y is not None:
            target = column_or_1d(y, warn=True)
            assert_all_finite(target, input_name="y")
            check_classification_targets(target)
            self.classes_ = np.unique(target)
        rows, probabilities = self._fit(X, target, sample_weight, "predict_proba")
        calibration = ConformalSets(self.group, self.min_rows)
        self.calibration_ = calibration.fit(
            target[rows], probabilities, self.classes_, self._grouped(X, rows)
        )
        return self

    def predict_proba(self, X: Rows) -> npt.NDArray[np.float64]:
        """Give each class its probability, as the classifier inside does.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_rows, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        return answer(self.estimator_, X, "predict_proba", self.classes_)

    def predict_set(self, X: Rows, level: float = 0.9) -> npt.NDArray[np.bool_]:
        """Tell which classes each row may have.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.
        level : float, default=0.9
            How often the true class shall be in its set, between 0 and 1.

        Returns
        -------
        ndarray of bool of shape (n_rows, n_classes)
            Whether a class is in a row's set, in the order of `classes_`.

        Raises
        ------
        ModelInputError
            A ValueError: if the level is not between 0 and 1, or too high for the number of rows
            calibrated on.
        """
        return self.calibration_.sets(self.predict_proba(X), self._grouped(X), level)
