"""A random forest over a numeric matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.ensemble.random_forests.forest import (
    Forest,
    ForestClassifier,
    ForestRegressor,
)
from ropewalk.models.errors import ModelTypeError


class _NumericColumns(Forest):
    def _learn_columns(self, frame: pd.DataFrame) -> None:
        pass

    def _numbers(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        for name, dtype in frame.dtypes.items():
            if not pd.api.types.is_numeric_dtype(dtype):
                raise ModelTypeError(
                    f"column {name!r} is {dtype}: make numbers of it with a feature flow, or use"
                    f" {type(self).__name__.replace('All', 'No')}, which takes text"
                )
        if all(isinstance(dtype, np.dtype) for dtype in frame.dtypes):
            return frame.to_numpy(dtype=np.float64)  # Without a copy, where it is float64 already.
        return frame.to_numpy(dtype=np.float64, na_value=np.nan)


class RandomForestAllFeaturesRegressor(_NumericColumns, ForestRegressor):
    """Random forest over the features that all flows made.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    min_samples_leaf : int or float, default=15
        Fewest rows (or share of rows) in a leaf. The more, the smoother and the smaller.
    max_features : int, float, {"sqrt", "log2"} or None, default=0.33
        Features (or share of features) tried at each split; None tries all.
    max_depth : int, optional
        Most splits above a leaf.
    max_samples : int, float or None, default=0.5
        Rows (or share of rows) drawn for each tree; None draws as many as there are. Half takes
        half the time, and more different trees make up for it.
    n_jobs : int, default=-1
        Workers while fitting, never more than the processors this process may use.
    random_state : int or RandomState, optional
        With the same whole number, the same rows give the same forest, however many workers.

    Attributes
    ----------
    forest_ : sklearn.ensemble.RandomForestRegressor
        The forest.
    feature_importances_ : ndarray of float64 of shape (n_features,)
        Each feature's share in what the splits explain.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45 (2001) 5-32.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 5.0], [1.0, 5.0]] * 100)
    >>> model = RandomForestAllFeaturesRegressor(10, max_features=None, random_state=0)
    >>> model.fit(X, X[:, 0] * 60).predict([[0.0, 5.0], [1.0, 5.0]])
    array([ 0., 60.])
    >>> model.feature_importances_
    array([1., 0.])
    """


class RandomForestAllFeaturesClassifier(_NumericColumns, ForestClassifier):
    """Random forest of labels over the features that all flows made.

    Parameters
    ----------
    n_estimators, min_samples_leaf, max_features, max_depth, max_samples, n_jobs, random_state
        As of `RandomForestAllFeaturesRegressor`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    forest_ : sklearn.ensemble.RandomForestClassifier
        The forest; its labels are positions in `classes_`.
    feature_importances_ : ndarray of float64 of shape (n_features,)
        Each feature's share in what the splits explain.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45 (2001) 5-32.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 5.0], [1.0, 5.0]] * 100)
    >>> model = RandomForestAllFeaturesClassifier(10, max_features=None, random_state=0)
    >>> model = model.fit(X, ["early", "late"] * 100)
    >>> model.predict([[0.0, 5.0], [1.0, 5.0]]), model.predict_proba([[1.0, 5.0]])
    (array(['early', 'late'], dtype='<U5'), array([[0., 1.]]))
    """
