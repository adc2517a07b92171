"""Tests of a regression's errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from sklearn.utils.validation import check_array

from ropewalk.models.errors import ModelInputError
from ropewalk.models.regression.olsr_regressor import OlsrRegressor


@dataclass(frozen=True)
class ResidualTests:
    """What `residual_tests` finds.

    Parameters
    ----------
    jarque_bera, jarque_bera_p : float
        Whether the errors are normal, by their skewness and kurtosis: a small p says no.
    breusch_pagan, breusch_pagan_p : float
        Whether they vary alike, whatever the features (Koenker's form, which does not need them
        normal): a small p says no, so take robust standard errors. NaN if all are of one size.
    durbin_watson : float
        Whether each is independent of the one before it: 2 if so, towards 0 if they are alike,
        towards 4 if they alternate.
    """

    jarque_bera: float
    jarque_bera_p: float
    breusch_pagan: float
    breusch_pagan_p: float
    durbin_watson: float


def residual_tests(errors: npt.ArrayLike, X: pd.DataFrame | npt.ArrayLike) -> ResidualTests:
    """Test whether a regression's errors are what its standard errors take for granted.

    Parameters
    ----------
    errors : array-like of float of shape (n_rows,)
        Target less prediction, on the rows of training and in the order of time; for a weighted
        regression times the root of the weight.
    X : DataFrame or array-like of float of shape (n_rows, n_features)
        Features, finite.

    Returns
    -------
    ResidualTests
        Statistics and p values.

    Raises
    ------
    ModelInputError
        A ValueError: if all errors are the same.
    ValueError
        If a value is missing or infinite, or there is not an error for each row.

    References
    ----------
    .. [1] C. M. Jarque and A. K. Bera, "A test for normality of observations and regression
       residuals", International Statistical Review 55 (1987) 163-172.
    .. [2] R. Koenker, "A note on studentizing a test for heteroscedasticity", Journal of
       Econometrics 17 (1981) 107-112.
    .. [3] J. Durbin and G. S. Watson, "Testing for serial correlation in least squares
       regression II", Biometrika 38 (1951) 159-179.

    Examples
    --------
    >>> import numpy as np
    >>> hour = np.arange(40.0)[:, None]
    >>> tests = residual_tests(np.sin(9 * hour[:, 0]) * hour[:, 0], hour)
    >>> f"{tests.jarque_bera_p:.2f} {tests.breusch_pagan_p:.4f} {tests.durbin_watson:.2f}"
    '0.86 0.0000 3.61'
    """
    error = check_array(errors, ensure_2d=False, dtype=np.float64, input_name="errors")
    if np.ptp(error) == 0:
        raise ModelInputError(f"all {len(error)} errors are {error[0]}: there is nothing to test")
    normal = stats.jarque_bera(error)
    squares = OlsrRegressor().fit(X, error**2)
    breusch_pagan = len(error) * squares.r2_
    return ResidualTests(
        jarque_bera=float(normal.statistic),
        jarque_bera_p=float(normal.pvalue),
        breusch_pagan=float(breusch_pagan),
        breusch_pagan_p=float(stats.chi2.sf(breusch_pagan, squares.rank_ - 1)),
        durbin_watson=float(np.sum(np.diff(error) ** 2) / np.sum(error**2)),
    )
