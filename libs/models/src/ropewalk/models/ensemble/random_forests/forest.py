"""What all random forests share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.callback import with_callbacks
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ropewalk.models.common.cpus import bounded_jobs
from ropewalk.models.common.row_forms import RowForm, tree_row
from ropewalk.models.common.rows import fit_labels, fit_rows, predict_rows
from ropewalk.models.ensemble.progress import TellsSteps
from ropewalk.models.errors import ModelInputError

_STEPS = 10  # Of which a watched fit tells.


class Forest(TellsSteps, BaseEstimator, ABC):
    """A random forest over whatever numbers a subclass makes of the rows.

    Its parameters and attributes are described by its subclasses.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45 (2001) 5-32.

    Examples
    --------
    >>> Forest.family
    'random_forest'
    """

    family: ClassVar[str] = "random_forest"

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        min_samples_leaf: int | float = 15,
        max_features: int | float | Literal["sqrt", "log2"] | None = 0.33,
        max_depth: int | None = None,
        max_samples: int | float | None = 0.5,
        n_jobs: int | None = -1,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.max_depth = max_depth
        self.max_samples = max_samples
        self.n_jobs = n_jobs
        self.random_state = random_state

    @with_callbacks  # type: ignore[untyped-decorator]  # scikit-learn has no types.
    def fit(
        self,
        X: pd.DataFrame | npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows; numbers are used as float32, and may be missing.
        y : array-like of shape (n_rows,)
            Target: finite numbers for a regressor, labels for a classifier.
        sample_weight : array-like of float of shape (n_rows,), optional
            Weight of each row: how often it is drawn. One of weight zero never is.

        Returns
        -------
        Forest
            Itself.

        Raises
        ------
        ModelTypeError
            A TypeError: if a column is of a kind that the forest does not take.
        ModelInputError
            A ValueError: if `max_samples` is no share.
        ValueError
            If a number is infinite, a target is missing or a parameter is out of range.
        """
        frame, target = self._check(X, y)
        self._learn_columns(frame)
        forest = self._kind(
            n_estimators=self.n_estimators,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.max_features,
            max_depth=self.max_depth,
            max_samples=self._rows_of_a_tree(len(frame)),
            n_jobs=bounded_jobs(self.n_jobs),
            random_state=self.random_state,
        )
        matrix = self._numbers(frame)
        sizes = self._sizes()
        with self._steps(len(sizes)) as tell:
            for size in sizes:
                # Grown on from the trees that are there, they are those of a fit at once.
                forest.set_params(n_estimators=size, warm_start=len(sizes) > 1)
                forest.fit(matrix, target, sample_weight=sample_weight)
                tell()
        # Several workers would add up the trees in any order, and with it the last digits; and
        # the few rows of a request are predicted sooner than workers start.
        self.forest_ = forest.set_params(n_jobs=1, warm_start=False)
        return self

    def _sizes(self) -> list[int]:
        """Give the numbers of trees after each step: without anyone to tell, there is one step."""
        # A generator that was drawn from would not draw the same again.
        again = not isinstance(self.random_state, np.random.RandomState)
        if self._is_watched and again and isinstance(self.n_estimators, int):
            steps = min(_STEPS, self.n_estimators)
            if steps > 1:
                return [self.n_estimators * step // steps for step in range(1, steps + 1)]
        return [self.n_estimators]

    def _rows_of_a_tree(self, n_rows: int) -> int | None:
        """Turn the share into a number: scikit-learn reads it as one of the weights' sum."""
        if not isinstance(self.max_samples, float):
            return self.max_samples
        if not 0 < self.max_samples <= 1:
            raise ModelInputError(
                f"max_samples is {self.max_samples}: give a share above 0.0 and up to 1.0,"
                " or a whole number of rows"
            )
        return max(1, round(self.max_samples * n_rows))

    def _given(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[np.float64]:
        check_is_fitted(self)
        return self._numbers(predict_rows(self, X))

    @property
    def feature_importances_(self) -> npt.NDArray[np.float64]:
        """Each column's share in what the splits explain, float64 of shape (n_columns,)."""
        check_is_fitted(self)
        return np.asarray(self.forest_.feature_importances_)

    @property
    @abstractmethod
    def _kind(self) -> type[BaseEstimator]:
        """Say which of scikit-learn's forests it is."""

    @abstractmethod
    def _check(
        self, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike
    ) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        """Check the rows and their targets."""

    @abstractmethod
    def _learn_columns(self, frame: pd.DataFrame) -> None:
        """Learn from the training rows what `_numbers` has to know."""

    @abstractmethod
    def _numbers(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Turn rows into numbers, NaN where a value is missing."""

    def _row_numbers(self) -> Callable[[Sequence[object]], Sequence[object]]:
        """Make a function that turns the values of one row into numbers."""
        return lambda values: values

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn's checks that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class ForestRegressor(RegressorMixin, Forest):
    """A forest of numbers: the mean of what its trees say.

    Examples
    --------
    >>> issubclass(ForestRegressor, Forest)
    True
    """

    _kind = RandomForestRegressor

    def _check(
        self, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike
    ) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        return fit_rows(self, X, y)

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Average the trees.

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
            A TypeError: if a column is of a kind that the forest does not take.
        ValueError
            If the columns are others than in `fit`, or a number is infinite.
        """
        numbers = self._given(X)
        return np.asarray(self.forest_.predict(numbers))

    def compile_row(self) -> RowForm | None:
        """Make a function from the plain values of one row to its prediction, without pandas.

        None if the trees are not as `fit` leaves them.
        """
        check_is_fitted(self)
        predict, numbers = tree_row(self.forest_), self._row_numbers()
        if predict is None:
            return None
        return lambda values: predict(numbers(values))


class ForestClassifier(ClassifierMixin, Forest):
    """A forest of labels: the mean of the shares that each label has in a row's leaves.

    Examples
    --------
    >>> issubclass(ForestClassifier, Forest)
    True
    """

    _kind = RandomForestClassifier

    def _check(
        self, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike
    ) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        return fit_labels(self, X, y)

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[Any]:
        """Give the likeliest label.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels; of equally likely ones the first in `classes_`.

        Raises
        ------
        ModelTypeError
            A TypeError: if a column is of a kind that the forest does not take.
        ValueError
            If the columns are others than in `fit`, or a number is infinite.
        """
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def predict_proba(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Average the trees.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_rows, n_classes)
            How likely each label is, in the order of `classes_`.

        Raises
        ------
        ModelTypeError
            A TypeError: if a column is of a kind that the forest does not take.
        ValueError
            If the columns are others than in `fit`, or a number is infinite.
        """
        numbers = self._given(X)
        return np.asarray(self.forest_.predict_proba(numbers))
