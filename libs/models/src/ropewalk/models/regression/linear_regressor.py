"""What the linear regressions share that are solved on standardised columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from ropewalk.models.common.row_forms import RowForm, linear_row
from ropewalk.models.common.weights import checked_weights

_Floats = npt.NDArray[np.float64]


class LinearRegressor(RegressorMixin, BaseEstimator, ABC):
    """A line through standardised columns, whose coefficients are told in their own units.

    Columns and target are brought to a mean of zero and a standard deviation of one before a
    subclass solves for the coefficients: so a penalty means the same in minutes and in hours, and
    in feet and in miles.

    Its parameters and attributes are described by its subclasses.

    Examples
    --------
    >>> LinearRegressor.family
    'regression'
    """

    family: ClassVar[str] = "regression"

    def fit(
        self,
        X: pd.DataFrame | npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Self:
        """Find the coefficients.

        Parameters
        ----------
        X : DataFrame or array-like of float of shape (n_rows, n_features)
            Features, finite.
        y : array-like of float of shape (n_rows,)
            Target, finite.
        sample_weight : array-like of float of shape (n_rows,), optional
            Weight of each row: one of weight two counts as two rows.

        Returns
        -------
        LinearRegressor
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if there is not a weight for each row, one is negative or all are zero.
        ValueError
            If a value is missing or infinite, `y` is not as long as `X`, or a parameter is out of
            range.
        """
        checked = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        rows: _Floats = checked[0]
        target = np.asarray(checked[1], dtype=np.float64)
        weight = checked_weights(sample_weight, len(rows))
        rows, target, weight = rows[weight > 0], target[weight > 0], weight[weight > 0]
        columns = StandardScaler().fit(rows, sample_weight=weight)
        values = StandardScaler().fit(target[:, None], sample_weight=weight)
        coef, intercept = self._solve(
            columns.transform(rows),
            values.transform(target[:, None])[:, 0],
            weight / weight.mean(),
        )
        unit = values.scale_[0]
        self.coef_ = coef * unit / columns.scale_
        self.intercept_ = float(intercept * unit + values.mean_[0] - columns.mean_ @ self.coef_)
        return self

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> _Floats:
        """Predict the target of each row.

        Parameters
        ----------
        X : DataFrame or array-like of float of shape (n_rows, n_features)
            Features, finite.

        Returns
        -------
        ndarray of float64 of shape (n_rows,)
            Predictions.

        Raises
        ------
        ValueError
            If a value is missing or infinite, or the features are others than in `fit`.
        """
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        return np.asarray(rows @ self.coef_ + self.intercept_)

    def compile_row(self) -> RowForm:
        """Make a function from the features of one row to its prediction, without pandas."""
        check_is_fitted(self)
        return linear_row(self.coef_, self.intercept_)

    @abstractmethod
    def _solve(self, rows: _Floats, target: _Floats, weight: _Floats) -> tuple[_Floats, float]:
        """Give coefficients and intercept for standardised rows and target; weights average 1."""
