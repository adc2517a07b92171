"""Least squares with small coefficients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import Ridge

from ropewalk.models.errors import ModelInputError
from ropewalk.models.regression.linear_regressor import LinearRegressor

_Floats = npt.NDArray[np.float64]


class RidgeRegressor(LinearRegressor):
    r"""Ridge regression: least squares with a penalty on squared coefficients.

    Finds, for columns and target of mean zero and standard deviation one,

    .. math:: \hat\beta = \arg\min_\beta
        \frac{1}{2 \sum_i w_i} \sum_i w_i (y_i - x_i^\top \beta)^2
        + \frac{\alpha}{2} \sum_j \beta_j^2

    in closed form, by a Cholesky decomposition. The penalty is as good as one more variance
    :math:`\alpha` in each column, of which the target knows nothing: it hardly changes what many
    rows agree on, and keeps columns that nearly depend on each other from cancelling out with huge
    coefficients, as those of the levels of a category do.

    Parameters
    ----------
    alpha : float, default=0.01
        The penalty, zero or more: it means the same however many rows there are, and in whatever
        units. 0 is `OlsrRegressor`.

    Attributes
    ----------
    coef_ : ndarray of float64 of shape (n_features,)
        Change of the target per unit of each feature.
    intercept_ : float
        The constant term, which is not penalised.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] A. E. Hoerl and R. W. Kennard, "Ridge regression: biased estimation for nonorthogonal
       problems", Technometrics 12 (1970) 55-67.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [1.0, 1.001], [2.0, 2.0], [3.0, 2.999]])
    >>> RidgeRegressor().fit(X, [0.0, 2.0, 4.0, 6.0]).coef_.round(2)
    array([1., 1.])
    """

    def __init__(self, alpha: float = 0.01) -> None:
        self.alpha = alpha

    def _solve(self, rows: _Floats, target: _Floats, weight: _Floats) -> tuple[_Floats, float]:
        if not self.alpha >= 0:
            raise ModelInputError(f"alpha is {self.alpha}: give zero or more")
        # Its penalty is one on the sum over all rows.
        ridge = Ridge(self.alpha * len(rows), fit_intercept=False)
        return ridge.fit(rows, target, sample_weight=weight).coef_, 0.0
