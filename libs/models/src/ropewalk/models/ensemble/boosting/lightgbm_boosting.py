"""Gradient boosting by LightGBM, for whoever has the extra `lightgbm`."""

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
from ropewalk.models.errors import ModelInputError

try:
    import lightgbm  # pants: no-infer-dep
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "LightGBM is not installed: pip install ropewalk-models[lightgbm]", name="lightgbm"
    ) from error

_LOSSES = {
    "squared_error": "regression",
    "absolute_error": "regression_l1",
    "gamma": "gamma",
    "poisson": "poisson",
    "quantile": "quantile",
}
_NOT_CONSTRAINED = ("regression_l1", "quantile")
_MOST_LEAVES = 131_072  # LightGBM's own bound.
_NO_DEPTH = -1
# From here on a model's text tells how it was made, the threads too: the trees are above.
_PARAMETERS = "\nparameters:\n"


class _Lightgbm(NativeBoosting):
    family: ClassVar[str] = "lightgbm"

    def _train(
        self, rows: Rows, held_back: Rows | None, tell: Callable[[], None]
    ) -> tuple[str, int]:
        parameters = {
            **self._objective,
            "learning_rate": self.learning_rate,
            "num_leaves": self.max_leaf_nodes or _MOST_LEAVES,
            "max_depth": self.max_depth or _NO_DEPTH,
            "min_data_in_leaf": self.min_samples_leaf,
            "lambda_l2": self.l2_regularization,
            "feature_fraction_bynode": self.max_features,
            "max_bin": self.max_bins,
            "seed": self._seed,
            # The same trees however many threads.
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self._threads,
            "verbosity": -1,
        }
        if any(constraints := self._monotonic):
            if parameters["objective"] in _NOT_CONSTRAINED:
                raise ModelInputError(
                    f"LightGBM has no monotonic_cst for the loss {parameters['objective']}:"
                    " leave it out, or use XGBoost or histogram boosting"
                )
            parameters["monotone_constraints"] = constraints
        marked = () if self.is_categorical_ is None else self.is_categorical_
        learning = lightgbm.Dataset(
            rows.matrix,
            rows.target,
            weight=rows.weight,
            categorical_feature=[int(one) for one in np.flatnonzero(marked)],
            params=parameters,
        )
        judging, callbacks = [], [lambda _: tell()]
        if held_back is not None:
            judging = [
                lightgbm.Dataset(
                    held_back.matrix,
                    held_back.target,
                    weight=held_back.weight,
                    reference=learning,
                    params=parameters,
                )
            ]
            callbacks += [lightgbm.early_stopping(self.n_iter_no_change, verbose=False)]
        booster = lightgbm.train(
            parameters, learning, self.max_iter, valid_sets=judging, callbacks=callbacks
        )
        best = booster.best_iteration if held_back is not None else booster.current_iteration()
        text = booster.model_to_string(num_iteration=best)
        return text.partition(_PARAMETERS)[0] + "\n", best

    def _load(self, model: str) -> lightgbm.Booster:
        return lightgbm.Booster(model_str=model)

    def _scores(self, matrix: Floats, threads: int) -> Floats:
        return np.asarray(self._booster.predict(matrix, num_threads=threads), dtype=np.float64)


class LightgbmRegressor(_Lightgbm, NativeRegressor):
    """Gradient boosting of numbers by LightGBM.

    It takes the parameters of `HistogramBoostingRegressor`, and does with them what LightGBM
    does. The model is LightGBM's own text, without anything of the machine it was made on.

    Parameters
    ----------
    loss, quantile, learning_rate, max_iter, max_leaf_nodes, max_depth, min_samples_leaf, \
            l2_regularization, max_features, max_bins, monotonic_cst, categorical_features, \
            early_stopping, validation_fraction, n_iter_no_change
        As of `HistogramBoostingRegressor`. After early stopping the trees up to the best are kept.
    n_jobs : int, optional
        Threads, never more than the processors this process may use; one without it. The trees
        are the same, however many.
    random_state : int or RandomState, optional
        For drawing bins and features.

    Attributes
    ----------
    model_ : str
        The trees, as LightGBM writes them.
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
    .. [1] G. Ke et al., "LightGBM: a highly efficient gradient boosting decision tree",
       Advances in Neural Information Processing Systems 30 (2017).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [np.nan]] * 40)
    >>> model = LightgbmRegressor(random_state=0).fit(X, [0.0, 60.0, 30.0] * 40)
    >>> (model.predict([[0.0], [1.0], [np.nan]]).round(1) + 0.0).tolist()
    [0.0, 60.0, 30.0]
    """

    @property
    def _objective(self) -> dict[str, Any]:
        return {"objective": _LOSSES[self.loss], "alpha": self.quantile or 0.9}


class LightgbmClassifier(_Lightgbm, NativeClassifier):
    """Gradient boosting of labels by LightGBM.

    Parameters
    ----------
    learning_rate, max_iter, max_leaf_nodes, max_depth, min_samples_leaf, l2_regularization, \
            max_features, max_bins, monotonic_cst, categorical_features, early_stopping, \
            validation_fraction, n_iter_no_change, n_jobs, random_state
        As of `LightgbmRegressor`; `monotonic_cst` for two labels only, of the probability of the
        second.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    model_ : str
        The trees, as LightGBM writes them.
    n_iter_ : int
        Number of trees, of each label if there are more than two.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] G. Ke et al., "LightGBM: a highly efficient gradient boosting decision tree",
       Advances in Neural Information Processing Systems 30 (2017).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [np.nan]] * 40)
    >>> model = LightgbmClassifier(random_state=0).fit(X, ["early", "late", "late"] * 40)
    >>> model.predict([[0.0], [1.0], [np.nan]]).tolist()
    ['early', 'late', 'late']
    """

    @property
    def _objective(self) -> dict[str, Any]:
        if len(self.classes_) == 2:
            return {"objective": "binary"}
        return {"objective": "multiclass", "num_class": len(self.classes_)}
