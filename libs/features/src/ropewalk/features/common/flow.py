"""The base of every flow: columns by name in, float64 out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ropewalk.features.common.account import AccountRow
from ropewalk.features.common.row_form import RowForm
from ropewalk.features.errors import (
    FeatureColumnError,
    FeatureRowsError,
    did_you_mean,
)


class FeatureFlow(TransformerMixin, BaseEstimator, ABC):
    """A scikit-learn transformer that finds its columns by name and returns float64.

    A flow of your own subclasses this and writes `_learn`, `_build` and `_names`; reading and
    checking the frame, feature names and the output container are done here. `transform` never
    adds, drops or reorders rows. With `_row_form` it builds single rows without pandas as well.

    Attributes
    ----------
    account_ : list of AccountRow
        What was done with each column while fitting, and why.
    n_features_in_ : int
        Number of columns seen while fitting.
    feature_names_in_ : ndarray of str, shape (n_features_in_,)
        Their names, if the input was a frame with text for column names.

    Examples
    --------
    >>> class Half(FeatureFlow):
    ...     def _learn(self, frame):
    ...         return [AccountRow(column=c, action="changed", reason="halved") for c in frame]
    ...     def _build(self, frame):
    ...         return frame.to_numpy() / 2
    ...     def _names(self, inputs):
    ...         return [f"half_{name}" for name in inputs]
    >>> half = Half().set_output(transform="pandas")
    >>> half.fit_transform(pd.DataFrame({"distance": [100.0, 300.0]}))
       half_distance
    0           50.0
    1          150.0
    """

    account_: list[AccountRow]
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]

    def fit(self, X: pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Training rows.
        y : object, default=None
            Ignored: no flow looks at the target.

        Returns
        -------
        self
            The fitted flow.

        Raises
        ------
        FeatureError
            If a parameter, a column or the number of rows is of no use.
        """
        self._check_parameters()
        frame = self._read(X, reset=True)
        self.account_ = self._learn(frame)
        return self

    def transform(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Build the features of each row.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns seen while fitting; in a frame they may stand in any order, and
            among others.

        Returns
        -------
        ndarray of float64 or DataFrame, shape (n_samples, n_features_out)
            One row for each row of `X`, in the same order; a frame after
            ``set_output(transform="pandas")``.

        Raises
        ------
        FeatureError
            If a column is missing or of another kind than while fitting.
        """
        check_is_fitted(self)
        built = self._build(self._read(X, reset=False))
        return np.ascontiguousarray(built, dtype=np.float64)

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> NDArray[np.object_]:
        """Name the columns that `transform` returns.

        Parameters
        ----------
        input_features : sequence of str, default=None
            Names of the columns of an input without names; else they must be those seen while
            fitting.

        Returns
        -------
        ndarray of object, shape (n_features_out,)
            The names.

        Raises
        ------
        FeatureColumnError
            If `input_features` is not what was seen while fitting.
        """
        check_is_fitted(self)
        seen = self._input_names()
        if input_features is None:
            return np.asarray(self._names(seen), dtype=object)
        given = [str(name) for name in input_features]
        if len(given) != len(seen):
            raise FeatureColumnError(
                f"input_features should have length equal to number of features ({len(seen)}), "
                f"got {len(given)}"
            )
        if hasattr(self, "feature_names_in_") and given != seen:
            raise FeatureColumnError("input_features is not equal to feature_names_in_")
        return np.asarray(self._names(given), dtype=object)

    def compile_row(self) -> RowForm | None:
        """Make a function that builds the features of one row, without pandas.

        Returns
        -------
        callable or None
            From a mapping of column to plain value (text, number, boolean, `datetime`; None if it
            is missing) to the list of what `transform` gives for such a row, in the order of
            `get_feature_names_out`. It raises KeyError if a column is missing, and
            FeatureColumnError if a value is of another kind. None if this flow has no such form,
            or was fitted on columns without names.
        """
        check_is_fitted(self)
        return self._row_form() if hasattr(self, "feature_names_in_") else None

    def _row_form(self) -> RowForm | None:
        """Make what `compile_row` gives; a flow that looks at one row at a time can have it."""
        return None

    def _check_parameters(self) -> None:
        """Refuse parameters of no use; `__init__` may not, by scikit-learn's rules."""

    @abstractmethod
    def _learn(self, frame: pd.DataFrame) -> list[AccountRow]:
        """Set the fitted attributes from the training rows, and give the account."""

    @abstractmethod
    def _build(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Give the features of the rows; must not change `frame`."""

    @abstractmethod
    def _names(self, inputs: list[str]) -> list[str]:
        """Name what `_build` gives, from the names of the columns that come in."""

    def _check_array(self, X: object, reset: bool) -> NDArray[np.generic]:
        """Check an input without column names; flows of numbers ask for more."""
        checked: NDArray[np.generic] = validate_data(
            self, X, reset=reset, dtype=None, ensure_all_finite=False
        )
        return checked

    def _input_names(self) -> list[str]:
        if hasattr(self, "feature_names_in_"):
            return [str(name) for name in self.feature_names_in_]
        return [f"x{number}" for number in range(self.n_features_in_)]

    def _read(self, X: object, reset: bool) -> pd.DataFrame:
        """Give the columns of `X` that this flow was, or is to be, fitted on."""
        flow = type(self).__name__
        named = isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in X.columns)
        if not isinstance(X, pd.DataFrame) or not named:
            array = self._check_array(X, reset)
            return pd.DataFrame(array, columns=self._input_names())
        if X.shape[1] == 0:
            raise FeatureColumnError(f"{flow}: 0 feature(s): the frame has no columns; name some")
        if X.shape[0] == 0:
            raise FeatureRowsError(f"{flow}: 0 sample(s): the frame has no rows; give at least one")
        if reset:
            self._once(X)
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
            self.n_features_in_ = X.shape[1]
            return X
        if not hasattr(self, "feature_names_in_"):
            # Fitted without names: columns can only be meant by position.
            if X.shape[1] != self.n_features_in_:
                raise FeatureColumnError(
                    f"{flow}: X has {X.shape[1]} features, but {flow} is expecting "
                    f"{self.n_features_in_} features as input"
                )
            return X.set_axis(self._input_names(), axis=1)
        wanted = self._input_names()
        missing = [name for name in wanted if name not in X.columns]
        if missing:
            also = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            raise FeatureColumnError(
                f"{flow}: column '{missing[0]}'{also} was there while fitting and is missing now; "
                f"{did_you_mean(missing[0], (name for name in X.columns if name not in wanted))}"
            )
        return self._once(X[wanted])

    def _once(self, frame: pd.DataFrame) -> pd.DataFrame:
        twice = frame.columns[frame.columns.duplicated()]
        if len(twice):
            raise FeatureColumnError(
                f"{type(self).__name__}: column '{twice[0]}' is there twice; drop one"
            )
        return frame
