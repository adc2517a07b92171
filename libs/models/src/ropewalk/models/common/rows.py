"""What an estimator checks when it takes frames of any dtype, which scikit-learn does not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    column_or_1d,
    validate_data,
)


def fit_rows(
    estimator: BaseEstimator, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike
) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Check what an estimator is fitted on, and note its columns on the estimator.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets `n_features_in_`, and `feature_names_in_` if the columns have names.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows; a frame of any dtypes, missing values included.
    y : array-like of float of shape (n_rows,)
        Target.

    Returns
    -------
    frame : DataFrame of shape (n_rows, n_columns)
        The rows; columns of an array are named by position.
    target : ndarray of float64 of shape (n_rows,)
        The target, finite.

    Raises
    ------
    ValueError
        If there are no rows, no columns or not as many targets, or a target is missing.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> frame, target = fit_rows(DummyRegressor(), [[1, 2], [3, 4]], [5, 6])
    >>> frame.shape, target.tolist()
    ((2, 2), [5.0, 6.0])
    """
    validate_data(estimator, X, y, skip_check_array=True)  # Says it if y is None.
    frame = _frame(estimator, X, reset=True)
    target = column_or_1d(
        check_array(y, ensure_2d=False, dtype="numeric", input_name="y", estimator=estimator),
        dtype=np.float64,
        warn=True,
    )
    check_consistent_length(frame, target)
    return frame, target


def fit_labels(
    estimator: BaseEstimator, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike
) -> tuple[pd.DataFrame, npt.NDArray[np.intp]]:
    """Check what a classifier is fitted on, and note its columns and classes on it.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets `classes_`, sorted, beside what `fit_rows` gives.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows; a frame of any dtypes, missing values included.
    y : array-like of shape (n_rows,)
        Labels: text, whole numbers or booleans.

    Returns
    -------
    frame : DataFrame of shape (n_rows, n_columns)
        The rows; columns of an array are named by position.
    codes : ndarray of int of shape (n_rows,)
        Each row's position in `classes_`.

    Raises
    ------
    ValueError
        If there are no rows, no columns or not as many labels, or a label is missing or a
        fraction.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> model = DummyClassifier()
    >>> _, codes = fit_labels(model, [[1, 2], [3, 4], [5, 6]], ["late", "early", "late"])
    >>> model.classes_.tolist(), codes.tolist()
    (['early', 'late'], [1, 0, 1])
    """
    validate_data(estimator, X, y, skip_check_array=True)  # Says it if y is None.
    frame = _frame(estimator, X, reset=True)
    labels = column_or_1d(y, warn=True)
    check_array(labels, ensure_2d=False, dtype=None, input_name="y", estimator=estimator)
    if pd.isna(labels).any():  # None among text, which scikit-learn lets pass.
        raise ValueError("Input y contains NaN: drop the rows that have no label first")
    check_classification_targets(labels)
    check_consistent_length(frame, labels)
    estimator.classes_, codes = np.unique(labels, return_inverse=True)
    return frame, codes


def predict_rows(estimator: BaseEstimator, X: pd.DataFrame | npt.ArrayLike) -> pd.DataFrame:
    """Check that rows have the columns that an estimator was fitted on.

    Parameters
    ----------
    estimator : BaseEstimator
        Fitted.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        The rows; columns of an array are named by position.

    Raises
    ------
    ValueError
        If there are no rows, or the columns are others or in another order.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> model = DummyRegressor()
    >>> _ = fit_rows(model, [[1, 2], [3, 4]], [5, 6])
    >>> predict_rows(model, [[1, 2, 3]])
    Traceback (most recent call last):
    ValueError: X has 3 features, but DummyRegressor is expecting 2 features as input.
    """
    return _frame(estimator, X, reset=False)


def _frame(estimator: BaseEstimator, X: pd.DataFrame | npt.ArrayLike, reset: bool) -> pd.DataFrame:
    if not isinstance(X, pd.DataFrame):
        # An array has no columns with dtypes of their own to choose from: all are numbers.
        array = validate_data(
            estimator, X, reset=reset, dtype="numeric", ensure_all_finite="allow-nan"
        )
        return pd.DataFrame(array, copy=False)  # Read only, as all that is given.
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    for axis, thing in enumerate(("sample", "feature")):
        if X.shape[axis] == 0:
            raise ValueError(
                f"Found array with 0 {thing}(s) (shape={X.shape}) while a minimum of 1 is required"
                f" by {type(estimator).__name__}."
            )
    return X
