"""Gradient boosting by XGBoost, for whoever has the extra `xgboost`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ropewalk.models.ensemble.boosting.native_boosting import (
    Floats,
    NativeBoosting,
    NativeClassifier,
    NativeRegressor,
    Rows,
)

try:
    import xgboost  # pants: no-infer-dep
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "XGBoost is not installed: pip install ropewalk-models[xgboost]", name="xgboost"
    ) from error

_LOSSES = {
    "squared_error": "reg:squarederror",
    "absolute_error": "reg:absoluteerror",
    "gamma": "reg:gamma",
    "poisson": "count:poisson",
    "quantile": "reg:quantileerror",
}
_NO_BOUND = 0


class _Tell(xgboost.callback.TrainingCallback):
    """Tell of each tree."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self.tell = tell

    def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: Any) -> bool:
        self.tell()
        return False  # Go on.


class _Xgboost(NativeBoosting):
    family: ClassVar[str] = "xgboost"

    def _train(
        self, rows: Rows, held_back: Rows | None, tell: Callable[[], None]
    ) -> tuple[str, int]:
        parameters = {
            **self._objective,
            "learning_rate": self.learning_rate,
            "tree_method": "hist",
            "grow_policy": "lossguide",
            "max_leaves": self.max_leaf_nodes or _NO_BOUND,
            "max_depth": self.max_depth or _NO_BOUND,
            "min_child_weight": self.min_samples_leaf,
            "lambda": self.l2_regularization,
            "colsample_bynode": self.max_features,
            "max_bin": self.max_bins,
            "seed": self._seed,
            "nthread": self._threads,
            "verbosity": 0,
        }
        if any(constraints := self._monotonic):  # Free ones would cost time too.
            parameters["monotone_constraints"] = tuple(constraints)
        learning = self._table(rows)
        callbacks: list[Any] = [_Tell(tell)]
        judging = []
        if held_back is not None:
            judging = [(self._table(held_back, learning), "later")]
            callbacks += [
                xgboost.callback.EarlyStopping(rounds=self.n_iter_no_change, save_best=True)
            ]
        booster = xgboost.train(
            parameters,
            learning,
            self.max_iter,
            evals=judging,
            verbose_eval=False,
            callbacks=callbacks,
        )
        return booster.save_raw("json").decode(), booster.num_boosted_rounds()

    def _table(
        self, rows: Rows, reference: xgboost.QuantileDMatrix | None = None
    ) -> xgboost.QuantileDMatrix:
        categorical = self.is_categorical_
        kinds = None if categorical is None else ["c" if one else "q" for one in categorical]
        return xgboost.QuantileDMatrix(
            rows.matrix,
            rows.target,
            weight=rows.weight,
            max_bin=self.max_bins,
            nthread=self._threads,
            ref=reference,
            feature_types=kinds,
            enable_categorical=kinds is not None,
        )

    def _load(self, model: str) -> xgboost.Booster:
        return xgboost.Booster(model_file=bytearray(model.encode()))

    def _scores(self, matrix: Floats, threads: int) -> Floats:
        booster = self._booster
        booster.set_param({"nthread": threads})
        return np.asarray(booster.inplace_predict(matrix), dtype=np.float64)


class XgboostRegressor(_Xgboost, NativeRegressor):
    """Gradient boosting of numbers by XGBoost.

    It takes the parameters of `HistogramBoostingRegressor`, and does with them what XGBoost does,
    in float32. The model is XGBoost's own JSON.

    Parameters
    ----------
    loss, quantile, learning_rate, max_iter, max_leaf_nodes, max_depth, l2_regularization, \
            max_features, max_bins, monotonic_cst, categorical_features, early_stopping, \
            validation_fraction, n_iter_no_change
        As of `HistogramBoostingRegressor`. After early stopping the trees up to the best are kept.
    min_samples_leaf : int, default=20
        Least weight in a leaf: the sum of the loss's second derivatives, which for the squared
        error is the number of rows.
    n_jobs : int, optional
        Threads, never more than the processors this process may use; one without it. Several may
        add up in another order, and change the last digits.
    random_state : int or RandomState, optional
        For drawing features.

    Attributes
    ----------
    model_ : str
        The trees, as XGBoost writes them.
    n_iter_ : int
        Number of trees.
    encoder_ : sklearn.preprocessing.OrdinalEncoder or None
        The categories; None without any.
    is_categorical_ : ndarray of bool of shape (n_features,) or None
        Which features are categories; None if none is.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] T. Chen and C. Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [np.nan]] * 40)
    >>> model = XgboostRegressor(random_state=0).fit(X, [0.0, 60.0, 30.0] * 40)
    >>> (model.predict([[0.0], [1.0], [np.nan]]).round(1) + 0.0).tolist()
    [0.0, 60.0, 30.0]
    """

    @property
    def _objective(self) -> dict[str, Any]:
        if self.loss == "quantile":
            return {"objective": _LOSSES[self.loss], "quantile_alpha": self.quantile}
        return {"objective": _LOSSES[self.loss]}


class XgboostClassifier(_Xgboost, NativeClassifier):
    """Gradient boosting of labels by XGBoost.

    Parameters
    ----------
    learning_rate, max_iter, max_leaf_nodes, max_depth, min_samples_leaf, l2_regularization, \
            max_features, max_bins, monotonic_cst, categorical_features, early_stopping, \
            validation_fraction, n_iter_no_change, n_jobs, random_state
        As of `XgboostRegressor`; a row that is sure of its label weighs little in
        `min_samples_leaf`. `monotonic_cst` is for two labels only, of the probability of the
        second.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    model_ : str
        The trees, as XGBoost writes them.
    n_iter_ : int
        Number of trees, of each label if there are more than two.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] T. Chen and C. Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [np.nan]] * 40)
    >>> model = XgboostClassifier(min_samples_leaf=1, random_state=0)
    >>> model = model.fit(X, ["early", "late", "late"] * 40)
    >>> model.predict([[0.0], [1.0], [np.nan]]).tolist()
    ['early', 'late', 'late']
    """

    @property
    def _objective(self) -> dict[str, Any]:
        if len(self.classes_) == 2:
            return {"objective": "binary:logistic"}
        return {"objective": "multi:softprob", "num_class": len(self.classes_)}
