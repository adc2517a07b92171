"""What boosting by a library of its own shares: the columns, the labels, and the later rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.callback import with_callbacks
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.preprocessing import OrdinalEncoder
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import (
    _check_categorical_features,
    _check_monotonic_cst,
    check_array,
    check_is_fitted,
)

from ropewalk.models.common.cpus import bounded_jobs
from ropewalk.models.common.row_forms import RowForm
from ropewalk.models.common.rows import fit_labels, fit_rows, predict_rows
from ropewalk.models.common.weights import checked_weights
from ropewalk.models.ensemble.boosting.histogram_boosting import Columns, Constraints
from ropewalk.models.ensemble.boosting.later_rows import later_rows
from ropewalk.models.ensemble.progress import TellsSteps
from ropewalk.models.errors import ModelInputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Rows to learn from or to be judged on, as numbers.

    Attributes
    ----------
    matrix : ndarray of float64 of shape (n_rows, n_features)
        Features, NaN where one is missing; categories as whole numbers from 0.
    target : ndarray of float64 of shape (n_rows,)
        Numbers, or positions of labels.
    weight : ndarray of float64 of shape (n_rows,), optional
        Weights.
    """

    matrix: Floats
    target: npt.NDArray[Any]
    weight: Floats | None

    def part(self, which: npt.NDArray[np.bool]) -> Rows:
        """Give the marked rows."""
        weight = None if self.weight is None else self.weight[which]
        return Rows(self.matrix[which], self.target[which], weight)


class NativeBoosting(TellsSteps, BaseEstimator, ABC):
    """Boosting whose trees another library grows, in the manner of `HistogramBoostingRegressor`.

    What was grown is kept as that library's own text; no object of it is.

    Examples
    --------
    >>> NativeBoosting.__abstractmethods__ >= {"_train", "_load", "_scores"}
    True
    """

    # The same as of scikit-learn's boosting, so that they mean and refuse the same.
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **HistGradientBoostingRegressor._parameter_constraints,
        "early_stopping": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        learning_rate: float = 0.05,
        max_iter: int = 300,
        max_leaf_nodes: int | None = 31,
        max_depth: int | None = None,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        max_features: float = 1.0,
        max_bins: int = 255,
        monotonic_cst: Constraints | None = None,
        categorical_features: Columns | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_features = max_features
        self.max_bins = max_bins
        self.monotonic_cst = monotonic_cst
        self.categorical_features = categorical_features
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.n_jobs = n_jobs
        self.random_state = random_state

    @with_callbacks  # type: ignore[untyped-decorator]  # scikit-learn has no types.
    def fit(
        self,
        X: pd.DataFrame | npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        time: npt.ArrayLike | None = None,
    ) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Features; numbers may be missing, and so may categories.
        y : array-like of shape (n_rows,)
            Target: finite numbers for a regressor, labels for a classifier.
        sample_weight : array-like of float of shape (n_rows,), optional
            Weight of each row.
        time : array-like of shape (n_rows,), optional
            When each row is from, for early stopping, which holds back the latest. Without it the
            rows are taken to be in the order of time.

        Returns
        -------
        NativeBoosting
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if the rows can't be parted by time, a label is among the later ones
            only, or a constraint is on a category or on several labels.
        ValueError
            If a value is infinite or no number, a target is missing or a parameter is out of
            range.
        """
        self._validate_params()
        frame, target = self._check(X, y)
        self.is_categorical_ = _check_categorical_features(X, self.categorical_features)
        self.encoder_ = None
        if self.is_categorical_ is not None:
            self.encoder_ = OrdinalEncoder(
                handle_unknown="use_encoded_value",
                unknown_value=np.nan,
                encoded_missing_value=np.nan,
            ).fit(frame.iloc[:, np.flatnonzero(self.is_categorical_)])
        weight = None if sample_weight is None else checked_weights(sample_weight, len(frame))
        rows, held_back = Rows(self._matrix(frame), target, weight), None
        if self.early_stopping:
            later = later_rows(len(frame), self.validation_fraction, time)
            rows, held_back = rows.part(~later), rows.part(later)
            self._check_parts(rows.target, held_back.target)
        with self._steps(self.max_iter) as tell:
            self.model_, self.n_iter_ = self._train(rows, held_back, tell)
        self._loaded = self._load(self.model_)
        return self

    @property
    def _monotonic(self) -> list[int]:
        constraints = _check_monotonic_cst(self, self.monotonic_cst)
        if self.is_categorical_ is not None and constraints[self.is_categorical_].any():
            raise ModelInputError(
                "monotonic_cst is on a categorical feature, which has no order: constrain numbers"
            )
        return [int(one) for one in constraints]

    @property
    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    @property
    def _threads(self) -> int:
        return bounded_jobs(self.n_jobs)

    def _matrix(self, frame: pd.DataFrame) -> Floats:
        """Turn rows into numbers, NaN where a value is missing or a category is new."""
        if self.encoder_ is None:
            return self._numbers(frame)
        matrix = np.empty(frame.shape, dtype=np.float64)
        categories = np.flatnonzero(self.is_categorical_)
        matrix[:, categories] = self.encoder_.transform(frame.iloc[:, categories])
        others = np.flatnonzero(~self.is_categorical_)
        if len(others):
            matrix[:, others] = self._numbers(frame.iloc[:, others])
        return matrix

    def _numbers(self, frame: pd.DataFrame) -> Floats:
        return np.asarray(
            check_array(frame, dtype=np.float64, ensure_all_finite="allow-nan", estimator=self)
        )

    def _given_scores(self, X: pd.DataFrame | npt.ArrayLike) -> Floats:
        check_is_fitted(self)
        return self._scores(self._matrix(predict_rows(self, X)), self._threads)

    @property
    def _booster(self) -> Any:
        """The library's own object, made when it is asked for: a file holds its text alone."""
        if "_loaded" not in vars(self):
            self._loaded = self._load(self.model_)
        return self._loaded

    def __getstate__(self) -> dict[str, Any]:
        """Leave the library's own object out."""
        return {name: value for name, value in super().__getstate__().items() if name != "_loaded"}

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn's checks that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_parts(self, earlier: npt.NDArray[Any], later: npt.NDArray[Any]) -> None:
        """Refuse labels that no tree can learn."""

    @abstractmethod
    def _check(
        self, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike
    ) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        """Check the rows and their targets."""

    @property
    @abstractmethod
    def _objective(self) -> dict[str, Any]:
        """What the trees make small, in the library's words."""

    @abstractmethod
    def _train(
        self, rows: Rows, held_back: Rows | None, tell: Callable[[], None]
    ) -> tuple[str, int]:
        """Grow the trees: give the library's text of them, and their number."""

    @abstractmethod
    def _load(self, model: str) -> Any:
        """Make the library's object of its text."""

    @abstractmethod
    def _scores(self, matrix: Floats, threads: int) -> Floats:
        """Predict numbers or probabilities: of the second label, or of each if there are more."""


class NativeRegressor(RegressorMixin, NativeBoosting):
    """Numbers by another library's boosting.

    Examples
    --------
    >>> issubclass(NativeRegressor, NativeBoosting)
    True
    """

    def __init__(
        self,
        loss: Literal[
            "squared_error", "absolute_error", "gamma", "poisson", "quantile"
        ] = "squared_error",
        *,
        quantile: float | None = None,
        learning_rate: float = 0.05,
        max_iter: int = 300,
        max_leaf_nodes: int | None = 31,
        max_depth: int | None = None,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        max_features: float = 1.0,
        max_bins: int = 255,
        monotonic_cst: Constraints | None = None,
        categorical_features: Columns | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            max_iter=max_iter,
            max_leaf_nodes=max_leaf_nodes,
            max_depth=max_depth,
            min_samples_leaf=min_samples_leaf,
            l2_regularization=l2_regularization,
            max_features=max_features,
            max_bins=max_bins,
            monotonic_cst=monotonic_cst,
            categorical_features=categorical_features,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            n_jobs=n_jobs,
            random_state=random_state,
        )
        self.loss = loss
        self.quantile = quantile

    def _check(
        self, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike
    ) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        frame, target = fit_rows(self, X, y)
        least = {"gamma": np.nextafter(0, 1), "poisson": 0.0}.get(self.loss, -np.inf)
        if target.min() < least or (self.loss == "poisson" and not target.any()):
            raise ModelInputError(
                f"loss is {self.loss!r}, and the target goes from {target.min()} to"
                f" {target.max()}: give targets above zero, or another loss"
            )
        if self.loss == "quantile" and self.quantile is None:
            raise ModelInputError("loss is 'quantile': give quantile, such as 0.9")
        return frame, target

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> Floats:
        """Add up what the trees say.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Rows with the features seen in `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_rows,)
            Predictions.

        Raises
        ------
        ValueError
            If the features are others than in `fit`, or a number is infinite.
        """
        return self._given_scores(X)

    def compile_row(self) -> RowForm | None:
        """Make a function from the features of one row to its prediction, without pandas.

        None if there are categories.
        """
        check_is_fitted(self)
        if self.is_categorical_ is not None:
            return None
        width = self.n_features_in_

        def predict(values: Any) -> float:
            row = np.array([values], dtype=np.float64)
            if row.shape != (1, width) or np.isinf(row).any():
                raise ModelInputError(
                    f"{row.shape[1]} features, where the trees were grown on {width}, or an"
                    " infinite one: give each a number, or None where it is missing"
                )
            return float(self._scores(row, 1).item())

        return predict


class NativeClassifier(ClassifierMixin, NativeBoosting):
    """Labels by another library's boosting.

    Examples
    --------
    >>> issubclass(NativeClassifier, NativeBoosting)
    True
    """

    def _check(
        self, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike
    ) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        frame, target = fit_labels(self, X, y)
        if len(self.classes_) < 2:
            raise ModelInputError(
                f"all rows are of one class, {self.classes_[0]!s}: give rows of at least two"
            )
        if len(self.classes_) > 2 and self.monotonic_cst is not None:
            raise ModelInputError(
                f"monotonic_cst is given, and there are {len(self.classes_)} labels: it is for two"
            )
        return frame, target

    def _check_parts(self, earlier: npt.NDArray[Any], later: npt.NDArray[Any]) -> None:
        new = np.setdiff1d(later, earlier)
        if len(new):
            raise ModelInputError(
                f"label {self.classes_[new[0]]!s} is only among the later rows, which are held"
                " back for early stopping: give more rows of it, or early_stopping=False"
            )

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[Any]:
        """Give the likeliest label.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Rows with the features seen in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels; of equally likely ones the first in `classes_`.

        Raises
        ------
        ValueError
            If the features are others than in `fit`, or a number is infinite.
        """
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def predict_proba(self, X: pd.DataFrame | npt.ArrayLike) -> Floats:
        """Give how likely each label is.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Rows with the features seen in `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_rows, n_classes)
            Probabilities, in the order of `classes_`.

        Raises
        ------
        ValueError
            If the features are others than in `fit`, or a number is infinite.
        """
        scores = self._given_scores(X)
        if scores.ndim == 1:
            return np.column_stack([1 - scores, scores])
        # XGBoost's are float32: their sum is not 1 to the last digit.
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))
