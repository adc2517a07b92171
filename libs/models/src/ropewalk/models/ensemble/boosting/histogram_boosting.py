"""Gradient boosting over binned features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.callback import with_callbacks
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _num_samples, check_is_fitted, validate_data

from ropewalk.models.common.row_forms import RowForm, tree_row
from ropewalk.models.ensemble.boosting.later_rows import later_rows
from ropewalk.models.ensemble.progress import TellsSteps
from ropewalk.models.errors import ModelInputError

Constraints = Sequence[int] | Mapping[str, int]
Columns = Sequence[str] | Sequence[int] | Sequence[bool] | Literal["from_dtype"]


class _HistogramBoosting(TellsSteps):
    """What both add to scikit-learn's: early stopping on later rows, and progress."""

    family: ClassVar[str] = "boosting"

    @with_callbacks  # type: ignore[untyped-decorator]  # scikit-learn has no types.
    def fit(
        self,
        X: pd.DataFrame | npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        time: npt.ArrayLike | None = None,
    ) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Features; numbers may be missing, and so may categories.
        y : array-like of shape (n_rows,)
            Target: finite numbers for a regressor, labels for a classifier.
        sample_weight : array-like of float of shape (n_rows,), optional
            Weight of each row.
        time : array-like of shape (n_rows,), optional
            When each row is from, for early stopping, which holds back the latest. Without it the
            rows are taken to be in the order of time.

        Returns
        -------
        HistogramBoostingRegressor or HistogramBoostingClassifier
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if the rows can't be parted by time, or a label is among the later
            ones only.
        ValueError
            If a value is infinite or no number, a target is missing or a parameter is out of
            range.
        """
        earlier: tuple[Any, ...] = (X, y, sample_weight)
        later: dict[str, Any] = {}
        if self.early_stopping and y is not None and _num_samples(X) > 1:
            is_later = later_rows(_num_samples(X), self.validation_fraction, time)
            parts = indexable(X, y, sample_weight)
            rows = [np.flatnonzero(which) for which in (~is_later, is_later)]
            held_back: tuple[Any, ...]
            earlier, held_back = (
                tuple(None if part is None else _safe_indexing(part, which) for part in parts)
                for which in rows
            )
            self._check_labels(earlier[1], held_back[1])
            later = dict(zip(("X_val", "y_val", "sample_weight_val"), held_back, strict=True))
        with self._steps(self.max_iter) as tell:
            # scikit-learn's own fit would end the callbacks before ours has told that it ended.
            context = self.__dict__.pop("_callback_fit_ctx")
            self._tell = tell
            try:
                super().fit(*earlier, **later)
            finally:
                self._callback_fit_ctx = context
                del self._tell
            self._loss.__dict__.pop("gradient", None)
            self._loss.__dict__.pop("gradient_hessian", None)
        return self

    def _check_labels(self, earlier: npt.ArrayLike, later: npt.ArrayLike) -> None:
        """Refuse labels that no tree can learn."""

    def _preprocess_X(self, X: Any, *, reset: bool) -> Any:  # noqa: N802 (scikit-learn's name)
        """Refuse columns too many, which the encoder of categories would pass over."""
        if not reset and self._preprocessor is not None:
            validate_data(self, X, reset=False, skip_check_array=True)
        return super()._preprocess_X(X, reset=reset)

    def _get_loss(self, sample_weight: npt.NDArray[np.float64] | None) -> Any:
        """Tell of each tree: its gradient is asked for once, and it is the one thing that is."""
        loss = super()._get_loss(sample_weight)
        if self._is_watched:
            name = "gradient" if loss.constant_hessian else "gradient_hessian"
            ask, tell = getattr(loss, name), self._tell

            def ask_and_tell(*args: Any, **options: Any) -> Any:
                tell()
                return ask(*args, **options)

            setattr(loss, name, ask_and_tell)
        return loss


class HistogramBoostingRegressor(_HistogramBoosting, HistGradientBoostingRegressor):
    """Histogram gradient boosting with defaults for noisy targets.

    scikit-learn's estimator, with small steps. It stops early, if asked to, by rows that are later
    than those it learns from, where scikit-learn's holds back rows at random. It runs on as many
    processors as the process has: `OMP_NUM_THREADS` bounds them.

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
    monotonic_cst : sequence of int of shape (n_features,) or mapping of str to int, optional
        1 where predictions may only rise with a feature, -1 where they may only fall, 0 or left
        out where they are free; by position, or by name if the rows are a frame.
    categorical_features : sequence of str, int or bool, or "from_dtype", optional
        Features whose values have no order: names, positions or a mask; or those of a frame that
        are of dtype category. At most `max_bins` values each; one not seen in `fit` is missing.
    early_stopping : bool, default=False
        Whether to stop when rows held back, the latest, are no longer predicted better.
    validation_fraction : float, default=0.1
        Share of the rows to hold back for that. No tree learns from them.
    n_iter_no_change : int, default=10
        How many trees in a row must not have helped.
    random_state : int or RandomState, optional
        For drawing bins and features.

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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **HistGradientBoostingRegressor._parameter_constraints,
        "early_stopping": ["boolean"],
    }

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
        monotonic_cst: Constraints | None = None,
        categorical_features: Columns | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
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
            monotonic_cst=monotonic_cst,
            categorical_features=categorical_features,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            random_state=random_state,
        )

    def compile_row(self) -> RowForm | None:
        """Make a function from the features of one row to its prediction, without pandas.

        None if the trees are not as `fit` leaves them.
        """
        check_is_fitted(self)
        return tree_row(self)


class HistogramBoostingClassifier(_HistogramBoosting, HistGradientBoostingClassifier):
    """Histogram gradient boosting of labels, with small steps.

    scikit-learn's estimator; it stops early as `HistogramBoostingRegressor` does.

    Parameters
    ----------
    learning_rate, max_iter, max_leaf_nodes, max_depth, min_samples_leaf, l2_regularization, \
            max_features, max_bins, monotonic_cst, categorical_features, early_stopping, \
            validation_fraction, n_iter_no_change, random_state
        As of `HistogramBoostingRegressor`; `monotonic_cst` for two labels only, of the
        probability of the second.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_iter_ : int
        Number of trees grown, of each label if there are more than two.
    n_features_in_ : int
        Number of features seen in `fit`.

    References
    ----------
    .. [1] J. H. Friedman, "Greedy function approximation: a gradient boosting machine",
       Annals of Statistics 29 (2001) 1189-1232.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [np.nan]] * 40)
    >>> model = HistogramBoostingClassifier(random_state=0).fit(X, ["early", "late", "late"] * 40)
    >>> model.predict([[0.0], [1.0], [np.nan]])
    array(['early', 'late', 'late'], dtype='<U5')
    >>> model.predict_proba([[0.0]]).round(2)
    array([[1., 0.]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **HistGradientBoostingClassifier._parameter_constraints,
        "early_stopping": ["boolean"],
    }

    def __init__(
        self,
        *,
        learning_rate: float = 0.05,
        max_iter: int = 300,
        max_leaf_nodes: int | None = 31,
        max_depth: int | None = None,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        max_features: float = 1.0,
        max_bins: int = 255,
        monotonic_cst: Constraints | None = None,
        categorical_features: Columns | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            max_iter=max_iter,
            max_leaf_nodes=max_leaf_nodes,
            max_depth=max_depth,
            min_samples_leaf=min_samples_leaf,
            l2_regularization=l2_regularization,
            max_features=max_features,
            max_bins=max_bins,
            monotonic_cst=monotonic_cst,
            categorical_features=categorical_features,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            random_state=random_state,
        )

    def _check_labels(self, earlier: npt.ArrayLike, later: npt.ArrayLike) -> None:
        new = np.setdiff1d(later, earlier).tolist()
        if new:
            raise ModelInputError(
                f"label {new[0]!r} is only among the later rows, which are held back for early"
                " stopping: give more rows of it, or early_stopping=False"
            )
