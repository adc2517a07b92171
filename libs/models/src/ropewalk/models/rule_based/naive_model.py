"""The bar that a model must clear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ropewalk.models.common.row_forms import RowForm
from ropewalk.models.common.rows import fit_rows, predict_rows
from ropewalk.models.common.text import as_text, plain_text
from ropewalk.models.errors import ModelInputError, ModelTypeError

_STRATEGIES = ("mean", "median")


class NaiveRegressor(RegressorMixin, BaseEstimator):
    """Predict the mean or median of the training rows, overall or of each group.

    The mean is hard to beat on squared error, the median on absolute error. Anything that calls
    itself a model has to beat both on the same rows.

    Parameters
    ----------
    strategy : {"mean", "median"}, default="mean"
        What to predict.
    group : str or sequence of str, optional
        Columns of the frame whose values make a group; without them all rows are one group.
        A missing value is a value like any other.

    Attributes
    ----------
    overall_ : float
        Mean or median of all training rows; what a group not seen in training gets.
    keys_ : list of tuple of str
        The groups seen, as text, sorted; empty without `group`.
    values_ : ndarray of float64 of shape (n_groups,)
        What each group gets.
    n_features_in_ : int
        Number of columns seen in `fit`.

    References
    ----------
    .. [1] R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice", 3rd ed.,
       5.2 "Some simple forecasting methods", OTexts, 2021.

    Examples
    --------
    >>> import pandas as pd
    >>> flights = pd.DataFrame({"origin": ["JFK", "JFK", "EWR"]})
    >>> model = NaiveRegressor(group="origin").fit(flights, [10.0, 20.0, 60.0])
    >>> model.predict(pd.DataFrame({"origin": ["JFK", "EWR", "LGA"]}))
    array([15., 60., 30.])
    """

    family: ClassVar[str] = "rule_based"

    def __init__(
        self,
        strategy: Literal["mean", "median"] = "mean",
        group: str | Sequence[str] | None = None,
    ) -> None:
        self.strategy = strategy
        self.group = group

    def fit(self, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """Learn what each group gets.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows; only the columns of `group` are looked at, of any dtype.
        y : array-like of float of shape (n_rows,)
            Target.

        Returns
        -------
        NaiveRegressor
            Itself.

        Raises
        ------
        ModelInputError
            A ValueError: if `strategy` is unknown or a column of `group` is not in the frame.
        ModelTypeError
            A TypeError: if there is a `group` but the rows are not a frame.
        """
        if self.strategy not in _STRATEGIES:
            raise ModelInputError(
                f"strategy is {self.strategy!r}: choose one of {', '.join(_STRATEGIES)}"
            )
        _, target = fit_rows(self, X, y)
        self.overall_ = float(pd.Series(target).agg(self.strategy))
        self.keys_: list[tuple[str, ...]] = []
        self.values_ = np.empty(0, dtype=np.float64)
        if self._groups():
            values = pd.Series(target, index=self._keys(X)).groupby(level=self._levels())
            by_group = values.agg(self.strategy)
            self.keys_ = pd.MultiIndex.from_frame(by_group.index.to_frame()).to_list()
            self.values_ = by_group.to_numpy(dtype=np.float64)
        return self

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Give each row its group's value, or the overall one if its group is new.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows with the columns seen in `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_rows,)
            Predictions.
        """
        check_is_fitted(self)
        frame = predict_rows(self, X)
        predicted = np.full(len(frame), self.overall_, dtype=np.float64)
        if self.keys_:
            known = pd.MultiIndex.from_tuples(self.keys_, names=self._levels())
            position = known.get_indexer(self._keys(X))
            predicted[position >= 0] = self.values_[position[position >= 0]]
        return predicted

    def compile_row(self) -> RowForm | None:
        """Make a function from the plain values of one row to its prediction, without pandas.

        None if there are groups, and the columns had no names in `fit`.
        """
        check_is_fitted(self)
        overall, by_group = self.overall_, dict(zip(self.keys_, self.values_.tolist(), strict=True))
        if not by_group:
            return lambda values: overall
        if not hasattr(self, "feature_names_in_"):
            return None
        names = list(self.feature_names_in_)
        places = [names.index(name) for name in self._groups()]

        def predict(values: Sequence[object]) -> float:
            texts = [plain_text(values[place]) for place in places]
            key = tuple("missing" if text is None else f"={text}" for text in texts)
            return by_group.get(key, overall)

        return predict

    def _groups(self) -> list[str]:
        if self.group is None:
            return []
        return [self.group] if isinstance(self.group, str) else list(self.group)

    def _levels(self) -> list[int]:
        # By position: a frame may name its columns what it likes.
        return list(range(len(self._groups())))

    def _keys(self, X: pd.DataFrame | npt.ArrayLike) -> pd.MultiIndex:
        """Each row's group, as text that JSON can hold and that compares the same when reloaded."""
        groups = self._groups()
        if not isinstance(X, pd.DataFrame):
            raise ModelTypeError(
                f"group is {self.group!r} but the rows are {type(X).__name__}: give a DataFrame,"
                " or leave group out"
            )
        missing = [name for name in groups if name not in X.columns]
        if missing:
            raise ModelInputError(
                f"group column {missing[0]!r} is not in the frame: there are"
                f" {', '.join(map(str, X.columns[:20]))}"
            )
        # Marked, so that the text 'missing' is not taken for a missing value.
        columns = [("=" + as_text(X[name])).fillna("missing") for name in groups]
        return pd.MultiIndex.from_arrays(columns, names=self._levels())

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn's checks that the columns need not say anything about the target."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        tags.input_tags.allow_nan = True
        return tags
