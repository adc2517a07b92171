"""What a model would have predicted for rows that it did not learn from."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import indexable


def out_of_fold(
    estimator: BaseEstimator,
    X: pd.DataFrame | npt.ArrayLike,
    y: npt.ArrayLike,
    cv: BaseCrossValidator,
    *,
    groups: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
    method: Literal["predict", "predict_proba"] = "predict",
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Predict the test rows of each fold by a clone that was fitted on its other rows.

    With `TimeFolds`, by a model of earlier rows: what is needed to calibrate a model that is then
    fitted on all rows. scikit-learn's `cross_val_predict` wants every row to be in a test once,
    which the first rows of a split by time are not.

    Parameters
    ----------
    estimator : BaseEstimator
        Left as it is.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows.
    y : array-like of shape (n_rows,)
        Targets.
    cv : splitter
        Such as `TimeFolds`.
    groups : array-like of shape (n_rows,), optional
        What the splitter goes by, such as times.
    sample_weight : array-like of float of shape (n_rows,), optional
        Handed to each fit.
    method : {"predict", "predict_proba"}, default="predict"
        What to ask of the model. Of classes that a fold did not learn, the probability is zero.

    Returns
    -------
    rows : ndarray of intp of shape (n_tested,)
        Positions of the rows predicted, fold after fold.
    predicted : ndarray of shape (n_tested,) or (n_tested, n_classes)
        What was predicted for them.

    Raises
    ------
    ValueError
        Whatever the splitter or the estimator refuses.

    References
    ----------
    .. [1] R. F. Barber et al., "Predictive inference with the jackknife+", Annals of Statistics
       49 (2021) 486-507.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> from ropewalk.models.common import TimeFolds
    >>> rows, predicted = out_of_fold(DummyRegressor(), [[0]] * 4, [0, 2, 4, 6], TimeFolds(3))
    >>> rows, predicted
    (array([1, 2, 3]), array([0., 1., 2.]))
    """
    X, y = indexable(X, y)
    tested, predicted = [], []
    for train, test in cv.split(X, y, groups):
        model = fitted_on(train, estimator, X, y, sample_weight)
        tested.append(test)
        predicted.append(answer(model, rows_of(X, test), method, y))
    return np.concatenate(tested), np.concatenate(predicted)


def fitted_on(
    rows: npt.NDArray[np.intp],
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    sample_weight: npt.ArrayLike | None,
) -> BaseEstimator:
    """Fit a clone on some of the rows; weights are only spoken of where there are some."""
    weight = {} if sample_weight is None else {"sample_weight": np.asarray(sample_weight)[rows]}
    return clone(estimator).fit(rows_of(X, rows), rows_of(y, rows), **weight)


def answer(
    model: BaseEstimator, X: Any, method: Literal["predict", "predict_proba"], y: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Ask a model, and place its probabilities among the classes of all targets."""
    given: npt.NDArray[np.float64] = getattr(model, method)(X)
    if method == "predict":
        return given
    classes = np.unique(y)
    placed = np.zeros((len(given), len(classes)))
    placed[:, np.searchsorted(classes, model.classes_)] = given
    return placed


def rows_of(values: Any, positions: npt.NDArray[np.intp]) -> Any:
    """Take rows by their position, of a frame, an array, a sparse matrix or a list."""
    if hasattr(values, "iloc"):
        return values.iloc[positions]
    return (values if hasattr(values, "shape") else np.asarray(values))[positions]
