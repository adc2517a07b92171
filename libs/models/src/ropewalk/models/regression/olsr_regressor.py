"""Ordinary least squares, with what a statistician asks of it."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg, stats
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ropewalk.models.common.row_forms import RowForm, linear_row
from ropewalk.models.common.weights import checked_weights
from ropewalk.models.errors import ModelInputError
from ropewalk.models.regression.ols_covariance import number_clusters, spread

_Floats = npt.NDArray[np.float64]
_EPSILON = float(np.finfo(np.float64).eps)
# However little one column varies against its mean, the others keep this much of a say.
_MOST_ROUNDING = 1e-8


class OlsrRegressor(RegressorMixin, BaseEstimator):
    r"""Ordinary (or weighted) least squares regression.

    Finds the coefficients with the least sum of squared errors

    .. math:: \hat\beta = \arg\min_\beta \sum_i w_i (y_i - x_i^\top \beta)^2

    by a singular value decomposition of the centred columns, each brought to unit length. When
    columns depend on each other, which leaves many such coefficients, it takes the shortest on
    that scale: predictions are the same for all of them.

    Parameters
    ----------
    fit_intercept : bool, default=True
        Whether to add a constant term.
    covariance : {"classic", "HC0", "HC1", "HC2", "HC3", "clustered"}, default="classic"
        What the standard errors and all that follows from them take for granted. "classic":
        errors that vary alike and independently. "HC0" to "HC3": independently only; HC3 is the
        one for few rows. "clustered": independently from group to group, whatever goes on inside
        of one. The coefficients are the same.

    Attributes
    ----------
    coef_ : ndarray of float64 of shape (n_features,)
        Change of the target per unit of each feature.
    intercept_ : float
        The constant term; 0.0 without one.
    standard_errors_, t_values_, p_values_ : ndarray of float64 of shape (n_terms,)
        Of the intercept first (if there is one), then of the features. The p values are
        two-sided, for the coefficient being zero. NaN for a coefficient that the rows can't tell
        apart from others, and everywhere if there are no more rows than coefficients; with HC2
        and HC3 for one that a single row decides, too.
    r2_, adjusted_r2_ : float
        Share of the variance explained in training, the second after paying for each feature.
        NaN for a constant target. Without an intercept it's the share of the squares.
    sigma_ : float
        Standard deviation of the errors, in the target's unit.
    degrees_of_freedom_ : int
        Rows less the rank.
    t_degrees_of_freedom_ : int
        Of the t distribution that p values and intervals come from: the same, or groups less one
        if the errors are clustered.
    rank_ : int
        Number of coefficients, intercept included, that the rows can tell apart.
    condition_number_ : float
        Largest over smallest singular value of the columns brought to unit length (centred, if
        there is an intercept): infinite when columns depend on each other; beyond some 30 the
        coefficients are hard to read.
    vif_ : ndarray of float64 of shape (n_features,)
        Variance inflation factor: how many times the variance of a coefficient is what it would
        be if its feature had nothing to do with the others. Infinite if it follows from them.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] G. A. F. Seber and A. J. Lee, "Linear Regression Analysis", 2nd ed., Wiley, 2003.
    .. [2] D. A. Belsley, E. Kuh and R. E. Welsch, "Regression Diagnostics", Wiley, 1980.
    .. [3] J. G. MacKinnon and H. White, "Some heteroskedasticity-consistent covariance matrix
       estimators with improved finite sample properties", Journal of Econometrics 29 (1985)
       305-325.
    .. [4] A. C. Cameron and D. L. Miller, "A practitioner's guide to cluster-robust inference",
       Journal of Human Resources 50 (2015) 317-372.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> model = OlsrRegressor().fit(X, [1.0, 3.1, 4.9, 7.0])
    >>> model.coef_.round(2), round(model.intercept_, 2), round(model.r2_, 4)
    (array([1.98]), 1.03, 0.9991)
    >>> low, high = model.predict_interval([[4.0]], level=0.9)
    >>> low.round(2), high.round(2)
    (array([8.51]), array([9.39]))
    """

    family: ClassVar[str] = "regression"

    def __init__(
        self,
        fit_intercept: bool = True,
        covariance: Literal["classic", "HC0", "HC1", "HC2", "HC3", "clustered"] = "classic",
    ) -> None:
        self.fit_intercept = fit_intercept
        self.covariance = covariance

    def fit(
        self,
        X: pd.DataFrame | npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
    ) -> Self:
        """Find the coefficients and their errors.

        Parameters
        ----------
        X : DataFrame or array-like of float of shape (n_rows, n_features)
            Features, finite.
        y : array-like of float of shape (n_rows,)
            Target, finite.
        sample_weight : array-like of float of shape (n_rows,), optional
            Weight of each row, in proportion to one over its error's variance. Rows of weight
            zero don't count.
        groups : array-like of shape (n_rows,), optional
            What each row belongs to, for clustered errors: a carrier, a day.

        Returns
        -------
        OlsrRegressor
            Itself.

        Raises
        ------
        ValueError
            If a value is missing or infinite, or `y` is not as long as `X`.
        ModelInputError
            A ValueError: if `covariance` is unknown; there is not a weight for each row, one is
            negative or all are zero; or clustered errors lack `groups`, others have them, a group
            is missing or there is only one.
        """
        checked = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        rows: _Floats = checked[0]
        target = np.asarray(checked[1], dtype=np.float64)
        root = np.sqrt(checked_weights(sample_weight, len(rows)))
        counts = root > 0
        clusters = number_clusters(self.covariance, groups, counts)
        rows, target, root = rows[counts], target[counts], root[counts]
        self.center_, middle = np.zeros(rows.shape[1]), 0.0
        if self.fit_intercept:
            # Twice: the second pass takes away what the first lost by rounding.
            for _ in range(2):
                self.center_ = self.center_ + np.average(
                    rows - self.center_, axis=0, weights=root**2
                )
            middle = float(np.average(target, weights=root**2))

        # The weighted centred columns are orthogonal to the intercept, so it is solved apart.
        columns = (rows - self.center_) * root[:, None]
        length = np.linalg.norm(columns, axis=0)
        # What rounding alone leaves of a column; one no longer than that is constant.
        noise = 4 * _EPSILON * np.sqrt(len(rows)) * np.abs(rows * root[:, None]).max(axis=0)
        varies = length > noise
        self.scale_ = np.where(varies, length, np.inf)
        left, singular, right = linalg.svd(columns / self.scale_, full_matrices=False)
        rounding = max(columns.shape) * _EPSILON + (noise / self.scale_).max()
        kept = singular > min(rounding, _MOST_ROUNDING) * singular.max()
        # Maps standardised rows to the kept directions; its squared length is their variance.
        self.directions_ = right[kept].T / singular[kept]
        self.coef_ = self.directions_ @ (left[:, kept].T @ ((target - middle) * root)) / self.scale_
        self.intercept_ = middle - float(self.center_ @ self.coef_)

        self.rank_ = int(np.count_nonzero(kept)) + int(self.fit_intercept)
        full = self.rank_ == rows.shape[1] + int(self.fit_intercept)
        self.condition_number_ = float(singular.max() / singular.min()) if full else np.inf
        errors = (target - rows @ self.coef_ - self.intercept_) * root
        self._fit_quality(target, root, errors)
        self.weight_total_ = float(np.sum(root**2))
        basis = left[:, kept]
        if self.fit_intercept:
            basis = np.column_stack([root / np.sqrt(self.weight_total_), basis])
        self.spread_, self.blind_ = spread(basis, errors, self.covariance, clusters)
        self.t_degrees_of_freedom_ = self.degrees_of_freedom_
        if clusters is not None:
            self.t_degrees_of_freedom_ = int(clusters.max())
        self._fit_errors(right[kept], varies)
        return self

    def _fit_quality(self, target: _Floats, root: _Floats, errors: _Floats) -> None:
        """Work out how well the coefficients fit."""
        middle = np.average(target, weights=root**2) if self.fit_intercept else 0.0
        squares = float(np.sum(errors**2))
        total = float(np.sum(((target - middle) * root) ** 2))
        free = self.degrees_of_freedom_ = len(target) - self.rank_
        self.sigma_ = float(np.sqrt(squares / free)) if free > 0 else np.nan
        constant = np.ptp(target) == 0 if self.fit_intercept else total == 0
        self.r2_ = np.nan if constant else 1 - squares / total
        spare = len(target) - int(self.fit_intercept)
        self.adjusted_r2_ = 1 - (1 - self.r2_) * spare / free if free > 0 else np.nan

    def _fit_errors(self, kept: _Floats, varies: npt.NDArray[np.bool_]) -> None:
        """Work out how sure the coefficients are."""
        # A feature is told apart from others if its unit vector lies in the kept directions.
        told = np.isclose(np.sum(kept**2, axis=0), 1.0, rtol=0, atol=1e-9)
        self.vif_ = np.where(told, np.sum(self.directions_**2, axis=1), np.inf)
        slopes, terms = self.directions_ / self.scale_[:, None], self.coef_
        if self.fit_intercept:
            # Likewise the intercept, whose vector is the centre; a constant column is its double.
            center = self.center_ / self.scale_
            beside = np.linalg.norm(center - kept.T @ (kept @ center))
            apart = beside <= 1e-9 * np.linalg.norm(center) and not self.center_[~varies].any()
            slopes = np.column_stack([np.zeros(len(slopes)), slopes])
            slopes = np.vstack([self._coordinates(np.zeros((1, len(terms)))), slopes])
            told, terms = np.append(apart, told), np.append(self.intercept_, terms)
        self.standard_errors_ = np.where(told, np.sqrt(self._variance(slopes)), np.nan)
        # A perfect fit has errors of zero: the t values are then infinite, which is what they are.
        with np.errstate(divide="ignore", invalid="ignore"):
            self.t_values_ = terms / self.standard_errors_
        self.p_values_ = np.full(len(terms), np.nan)
        if self.degrees_of_freedom_ > 0:
            self.p_values_ = 2 * stats.t.sf(np.abs(self.t_values_), self.t_degrees_of_freedom_)

    def _coordinates(self, rows: _Floats) -> _Floats:
        """Write rows in the basis that was fitted, the intercept first."""
        standard = ((rows - self.center_) / self.scale_) @ self.directions_
        if not self.fit_intercept:
            return np.asarray(standard)
        return np.column_stack([np.full(len(rows), self.weight_total_**-0.5), standard])

    def _variance(self, coordinates: _Floats) -> _Floats:
        """Variance of what has these coordinates: a coefficient, a row's expected value."""
        variance = np.sum((coordinates @ self.spread_) * coordinates, axis=1)
        length = np.linalg.norm(coordinates, axis=1, keepdims=True)
        unknown = (np.abs(coordinates @ self.blind_.T) > 1e-9 * length).any(axis=1)
        return np.where(unknown, np.nan, variance)

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> _Floats:
        """Give each row's expected value.

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

    def predict_interval(
        self,
        X: pd.DataFrame | npt.ArrayLike,
        level: float = 0.9,
        kind: Literal["prediction", "confidence"] = "prediction",
    ) -> tuple[_Floats, _Floats]:
        """Give the interval that holds each row's value, if the errors are normal.

        Parameters
        ----------
        X : DataFrame or array-like of float of shape (n_rows, n_features)
            Features, finite.
        level : float, default=0.9
            Share of the intervals that hold what they are for, between 0 and 1.
        kind : {"prediction", "confidence"}, default="prediction"
            Whether the interval is for a single new row of weight 1, whose error varies like those
            of training on average, or for the expected value.

        Returns
        -------
        low, high : ndarray of float64 of shape (n_rows,)
            The ends of the intervals, in the target's unit; NaN if there were no more rows than
            coefficients in training.

        Raises
        ------
        ModelInputError
            A ValueError: if `level` or `kind` is none of the above.
        ValueError
            If a value is missing or infinite, or the features are others than in `fit`.
        """
        _check_level(level)
        if kind not in ("prediction", "confidence"):
            raise ModelInputError(f"kind is {kind!r}: choose one of prediction, confidence")
        middle = self.predict(X)
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        variance = self._variance(self._coordinates(rows))
        if kind == "prediction":
            variance = variance + self.sigma_**2
        half = self._reach(level) * np.sqrt(variance)
        return middle - half, middle + half

    def summary(self, level: float = 0.9) -> pd.DataFrame:
        """Give the table of the coefficients.

        Parameters
        ----------
        level : float, default=0.9
            Share of the confidence intervals that hold their coefficient, between 0 and 1.

        Returns
        -------
        DataFrame of float64 of shape (n_terms, 7)
            `coefficient`, `standard_error`, `t`, `p`, `low`, `high` and `vif` (NaN for the
            intercept) of each term, by its name.

        Raises
        ------
        ModelInputError
            A ValueError: if `level` is not between 0 and 1.

        Examples
        --------
        >>> flights = pd.DataFrame({"hour": [0.0, 1.0, 2.0, 3.0]})
        >>> OlsrRegressor().fit(flights, [1.0, 3.1, 4.9, 7.0]).summary().round(2)
                   coefficient  standard_error      t    p   low  high  vif
        intercept         1.03            0.08  12.98 0.01  0.80  1.26  NaN
        hour              1.98            0.04  46.67 0.00  1.86  2.10  1.0
        """
        check_is_fitted(self)
        _check_level(level)
        names = list(getattr(self, "feature_names_in_", range(self.n_features_in_)))
        terms, vif = self.coef_, self.vif_
        if self.fit_intercept:
            names = ["intercept", *names]
            terms, vif = np.append(self.intercept_, terms), np.append(np.nan, vif)
        half = self._reach(level) * self.standard_errors_
        table = {
            "coefficient": terms,
            "standard_error": self.standard_errors_,
            "t": self.t_values_,
            "p": self.p_values_,
            "low": terms - half,
            "high": terms + half,
            "vif": vif,
        }
        return pd.DataFrame(table, index=names)

    def _reach(self, level: float) -> float:
        """Half the width of an interval, in standard errors."""
        if self.degrees_of_freedom_ <= 0:
            return np.nan
        return float(stats.t.ppf((1 + level) / 2, self.t_degrees_of_freedom_))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ModelInputError(f"level is {level}: give a share between 0 and 1, such as 0.9")
