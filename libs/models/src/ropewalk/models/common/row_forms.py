"""A fitted estimator as a function of the values of one row, without pandas and scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestRegressor
from treelite import gtil
from treelite.sklearn import import_model

from ropewalk.models.errors import ModelInputError

# From plain values, in the order of the columns seen in `fit` (None is missing), to a prediction.
RowForm = Callable[[Sequence[object]], float]


def linear_row(coef: npt.ArrayLike, intercept: float) -> RowForm:
    """Make the row form of a linear model.

    Parameters
    ----------
    coef : array-like of float of shape (n_features,)
        What a unit of each feature adds.
    intercept : float
        The constant term.

    Returns
    -------
    callable
        From the features of a row to its prediction. It raises ModelInputError if one of them is
        missing or infinite.

    Examples
    --------
    >>> linear_row([2.0, -1.0], 10.0)([3.0, 1])
    15.0
    """
    weights = np.asarray(coef, dtype=np.float64)

    def predict(values: Sequence[object]) -> float:
        row = np.array(values, dtype=np.float64)
        if not np.isfinite(row).all():
            raise ModelInputError(
                "a feature is missing or infinite, which a linear model does not take: fill it"
            )
        return float(row @ weights + intercept)

    return predict


def tree_row(model: BaseEstimator) -> RowForm | None:
    """Make the row form of trees, by treelite.

    Parameters
    ----------
    model : RandomForestRegressor or HistGradientBoostingRegressor
        Fitted, on numbers alone.

    Returns
    -------
    callable or None
        From the features of a row to its prediction. It raises ModelInputError if there are more
        or fewer, and that of a forest if one of them is infinite, as the forest does. None if the
        model is not as `fit` leaves it, or has categories: treelite looks at no bounds.

    References
    ----------
    .. [1] H. Cho and M. Li, "Treelite: toolbox for decision tree deployment", SysML, 2018.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> model = RandomForestRegressor(5, random_state=0).fit([[0.0], [1.0]] * 9, [0.0, 60.0] * 9)
    >>> tree_row(model)([1.0])
    60.0
    """
    if not _is_plain(model):
        return None
    trees, width = import_model(model), model.n_features_in_
    is_forest = isinstance(model, RandomForestRegressor)

    def predict(values: Sequence[object]) -> float:
        row = np.array([values], dtype=np.float64)
        if row.shape != (1, width):
            raise ModelInputError(f"{row.shape[1]} features, where the trees were grown on {width}")
        if is_forest:
            # It compares float32 with its thresholds.
            with np.errstate(over="ignore"):
                row = row.astype(np.float32).astype(np.float64)
            if np.isinf(row).any():
                raise ModelInputError(
                    "a feature is infinite, or too large for float32, which a forest does not take"
                )
        # One thread: for one row, others would only have to be started.
        return float(gtil.predict(trees, row, nthread=1).item())

    return predict


def _is_plain(model: BaseEstimator) -> bool:
    """Tell whether treelite, which reads memory by what a model says of itself, can believe it."""
    if isinstance(model, RandomForestRegressor):
        trees = [one.tree_ for one in model.estimators_]
        return len(trees) == model.n_estimators and all(
            tree.value.shape == (tree.node_count, 1, 1) for tree in trees
        )
    start = model._baseline_prediction
    return (
        model._preprocessor is None
        and (start.dtype, start.size) == (np.float64, 1)
        and all(len(trees) == 1 for trees in model._predictors)
        and not any(trees[0].nodes["is_categorical"].any() for trees in model._predictors)
    )
