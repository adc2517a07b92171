"""Least squares with few and small coefficients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import ElasticNet

from ropewalk.models.errors import ModelInputError
from ropewalk.models.regression.linear_regressor import LinearRegressor

_Floats = npt.NDArray[np.float64]


class ElasticNetRegressor(LinearRegressor):
    r"""Elastic net: least squares with a penalty that sets coefficients to zero.

    Finds, for columns and target of mean zero and standard deviation one,

    .. math:: \hat\beta = \arg\min_\beta
        \frac{1}{2 \sum_i w_i} \sum_i w_i (y_i - x_i^\top \beta)^2
        + \alpha \Big( \rho \sum_j |\beta_j| + \frac{1 - \rho}{2} \sum_j \beta_j^2 \Big)

    by going through the coefficients in turn, each time taking the best one given the others. The
    first part of the penalty leaves out features that add little; the second lets features that
    are alike share their coefficient, where the first alone picks one of them.

    Parameters
    ----------
    alpha : float, default=0.01
        The penalty, above zero: it means the same however many rows there are, and in whatever
        units. A feature alone is left out if its correlation with the target is no more than
        `alpha` times `l1_ratio`.
    l1_ratio : float, default=0.5
        The first part's share :math:`\rho`, above 0 and up to 1 (the lasso). Without it, take
        `RidgeRegressor`.
    max_iter : int, default=10_000
        Most rounds.
    tol : float, default=1e-6
        Stop when the objective is no further from its least than this share of the target's
        variance.

    Attributes
    ----------
    coef_ : ndarray of float64 of shape (n_features,)
        Change of the target per unit of each feature; 0.0 for one that is left out.
    intercept_ : float
        The constant term, which is not penalised.
    n_iter_ : int
        Number of rounds.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] H. Zou and T. Hastie, "Regularization and variable selection via the elastic net",
       Journal of the Royal Statistical Society B 67 (2005) 301-320.
    .. [2] J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for generalized linear
       models via coordinate descent", Journal of Statistical Software 33 (2010) 1-22.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 1.0], [1.0, -1.0], [2.0, -1.0], [3.0, 1.0]])
    >>> ElasticNetRegressor().fit(X, [0.0, 2.0, 4.0, 6.0]).coef_.round(2)
    array([1.98, 0.  ])
    """

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        l1_ratio: float = 0.5,
        max_iter: int = 10_000,
        tol: float = 1e-6,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.max_iter = max_iter
        self.tol = tol

    def _solve(self, rows: _Floats, target: _Floats, weight: _Floats) -> tuple[_Floats, float]:
        if not (self.alpha > 0 and 0 < self.l1_ratio <= 1):
            raise ModelInputError(
                f"alpha is {self.alpha} and l1_ratio {self.l1_ratio}: give both above 0 and the"
                " latter up to 1, or take RidgeRegressor"
            )
        net = ElasticNet(
            self.alpha,
            l1_ratio=self.l1_ratio,
            fit_intercept=False,
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=0,  # Without one it would draw from the global generator.
        )
        net.fit(rows, target, sample_weight=weight)
        self.n_iter_ = int(net.n_iter_)
        return net.coef_, 0.0
