"""Gradient boosting over binned features."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.utils.validation import check_is_fitted

from ropewalk.models.common.row_forms import RowForm, tree_row


class HistogramBoostingRegressor(HistGradientBoostingRegressor):
    """Histogram gradient boosting with defaults for noisy targets.

    scikit-learn's estimator, with small steps and a fixed number of them. Stopping early would
    hold back a random tenth of the rows, later ones among them, to judge the earlier: choose the
    number of trees on a split by time instead.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "gamma", "poisson", "quantile"}, \
            default="squared_error"
        What the trees make small.
    quantile : float, optional
        Which quantile, for that loss.
    learning_rate : float, default=0.05
        Share of each tree's advice that is taken.
    max_iter : int, default=300
        Number of trees.
    max_leaf_nodes : int or None, default=31
        Most leaves of a tree.
    max_depth : int, optional
        Most splits above a leaf.
    min_samples_leaf : int, default=20
        Fewest rows in a leaf.
    l2_regularization : float, default=0.0
        Pull of the leaves towards zero.
    max_features : float, default=1.0
        Share of the features tried at each split.
    max_bins : int, default=255
        Number of bins that a feature's values fall into, besides one for missing values.
    early_stopping : bool or "auto", default=False
        Whether to stop when rows held back at random are no longer predicted better.
    random_state : int or RandomState, optional
        For drawing bins, features and rows held back.

    Attributes
    ----------
    n_iter_ : int
        Number of trees grown.
    n_features_in_ : int
        Number of features seen in `fit`.

    Raises
    ------
    ValueError
        By `fit` and `predict`, if a value is infinite or no number, or the features are others
        than in `fit`; missing values are taken as they are.

    References
    ----------
    .. [1] J. H. Friedman, "Greedy function approximation: a gradient boosting machine",
       Annals of Statistics 29 (2001) 1189-1232.
    .. [2] G. Ke et al., "LightGBM: a highly efficient gradient boosting decision tree",
       Advances in Neural Information Processing Systems 30 (2017).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [np.nan]] * 40)
    >>> model = HistogramBoostingRegressor(random_state=0).fit(X, [0.0, 60.0, 30.0] * 40)
    >>> model.predict([[0.0], [1.0], [np.nan]]).round(1)
    array([ 0., 60., 30.])
    """

    family: ClassVar[str] = "boosting"

    def __init__(
        self,
        loss: Literal[
            "squared_error", "absolute_error", "gamma", "poisson", "quantile"
        ] = "squared_error",
        *,
        quantile: float | None = None,
        learning_rate: float = 0.05,
        max_iter: int = 300,
        max_leaf_nodes: int | None = 31,
        max_depth: int | None = None,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        max_features: float = 1.0,
        max_bins: int = 255,
        early_stopping: bool | Literal["auto"] = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            loss=loss,
            quantile=quantile,
            learning_rate=learning_rate,
            max_iter=max_iter,
            max_leaf_nodes=max_leaf_nodes,
            max_depth=max_depth,
            min_samples_leaf=min_samples_leaf,
            l2_regularization=l2_regularization,
            max_features=max_features,
            max_bins=max_bins,
            early_stopping=early_stopping,
            random_state=random_state,
            categorical_features=None,  # A numeric matrix has none.
        )

    def compile_row(self) -> RowForm | None:
        """Make a function from the features of one row to its prediction, without pandas.

        None if the trees are not as `fit` leaves them.
        """
        check_is_fitted(self)
        return tree_row(self)
