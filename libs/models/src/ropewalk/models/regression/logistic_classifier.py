"""Probabilities by a line."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ropewalk.models.common.weights import checked_weights
from ropewalk.models.errors import ModelInputError

_Floats = npt.NDArray[np.float64]


class LogisticClassifier(ClassifierMixin, BaseEstimator):
    r"""Logistic regression, of two labels or more.

    The probability of label k is :math:`p_k = e^{s_k} / \sum_l e^{s_l}` with the score
    :math:`s_k = x^\top \beta_k + b_k`; of two labels the first has the score 0. For columns of mean
    zero and standard deviation one, it finds

    .. math:: \hat\beta = \arg\min_{\beta, b}
        \frac{-1}{\sum_i w_i} \sum_i w_i \log p_{y_i}(x_i)
        + \frac{\alpha}{2} \sum_{j, k} \beta_{jk}^2

    by Newton's method. The probabilities of training are right on average: their sum is the number
    of rows of each label.

    Parameters
    ----------
    alpha : float, default=0.001
        The penalty, zero or more: it means the same however many rows there are, and in whatever
        units. With 0 there may be no coefficients: those that part the labels for certain have no
        bounds.
    solver : {"newton-cholesky", "lbfgs"}, default="newton-cholesky"
        The first takes memory by the square of the number of coefficients: with thousands of them,
        take the second, which is less exact.
    max_iter : int, default=1_000
        Most steps.
    tol : float, default=1e-6
        Stop when no coefficient's gradient is larger.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    coef_ : ndarray of float64 of shape (1 or n_classes, n_features)
        Change of the label's score per unit of each feature; of two labels the second's.
    intercept_ : ndarray of float64 of shape (1 or n_classes,)
        The constant terms, which are not penalised.
    n_iter_ : int
        Number of steps.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] D. R. Cox, "The regression analysis of binary sequences", Journal of the Royal
       Statistical Society B 20 (1958) 215-242.
    .. [2] T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical Learning",
       2nd ed., 4.4, Springer, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> hour = np.arange(8.0)[:, None]
    >>> model = LogisticClassifier().fit(hour, ["early", "early", "late", "early"] + ["late"] * 4)
    >>> model.predict([[1.0], [6.0]]).tolist()
    ['early', 'late']
    >>> model.predict_proba([[2.5]]).round(1)
    array([[0.5, 0.5]])
    """

    family: ClassVar[str] = "regression"

    def __init__(
        self,
        alpha: float = 0.001,
        *,
        solver: Literal["newton-cholesky", "lbfgs"] = "newton-cholesky",
        max_iter: int = 1_000,
        tol: float = 1e-6,
    ) -> None:
        self.alpha = alpha
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol

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
        y : array-like of shape (n_rows,)
            Labels: two at least.
        sample_weight : array-like of float of shape (n_rows,), optional
            Weight of each row: one of weight two counts as two rows.

        Returns
        -------
        LogisticClassifier
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if `alpha` is negative, or there is not a weight for each row, one is
            negative or all are zero.
        ValueError
            If a value is missing or infinite, `y` is not as long as `X`, there is but one label
            among the rows that count, or another parameter is out of range.
        """
        if not self.alpha >= 0:
            raise ModelInputError(f"alpha is {self.alpha}: give zero or more")
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        weight = checked_weights(sample_weight, len(rows))
        rows, labels, weight = rows[weight > 0], labels[weight > 0], weight[weight > 0]
        columns = StandardScaler().fit(rows, sample_weight=weight)
        model = LogisticRegression(
            C=1 / (self.alpha * weight.sum()) if self.alpha else np.inf,
            solver=self.solver,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        model.fit(columns.transform(rows), labels, sample_weight=weight)
        self.classes_ = model.classes_
        self.n_iter_ = int(model.n_iter_.max())
        self.coef_ = model.coef_ / columns.scale_
        self.intercept_ = model.intercept_ - self.coef_ @ columns.mean_
        return self

    def predict_proba(self, X: pd.DataFrame | npt.ArrayLike) -> _Floats:
        """Give the probability of each label.

        Parameters
        ----------
        X : DataFrame or array-like of float of shape (n_rows, n_features)
            Features, finite.

        Returns
        -------
        ndarray of float64 of shape (n_rows, n_classes)
            Probabilities, in the order of `classes_`.

        Raises
        ------
        ValueError
            If a value is missing or infinite, or the features are others than in `fit`.
        """
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        scores = rows @ self.coef_.T + self.intercept_
        if len(self.classes_) == 2:
            scores = np.column_stack([np.zeros(len(rows)), scores])
        return np.asarray(softmax(scores, axis=1))

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[Any]:
        """Give the likeliest label.

        Parameters
        ----------
        X : DataFrame or array-like of float of shape (n_rows, n_features)
            Features, finite.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels; of equally likely ones the first in `classes_`.

        Raises
        ------
        ValueError
            If a value is missing or infinite, or the features are others than in `fit`.
        """
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])
