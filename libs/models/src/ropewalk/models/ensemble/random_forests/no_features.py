"""A random forest that takes rows as they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.common.text import as_text, plain_text
from ropewalk.models.ensemble.random_forests.forest import (
    Forest,
    ForestClassifier,
    ForestRegressor,
)
from ropewalk.models.errors import ModelInputError, ModelTypeError

_NUMBERS = ("integer", "floating", "mixed-integer-float", "boolean", "decimal")
_TEXT = ("string",)


class _RawColumns(Forest):
    def _learn_columns(self, frame: pd.DataFrame) -> None:
        self.levels_: list[list[str] | None] = [
            _levels(frame.iloc[:, position]) for position in range(frame.shape[1])
        ]

    def _numbers(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        numbers = np.empty(frame.shape, dtype=np.float64)
        for position, levels in enumerate(self.levels_):
            column = frame.iloc[:, position]
            numbers[:, position] = _plain(column) if levels is None else _ordinals(column, levels)
        return numbers

    def _row_numbers(self) -> Callable[[Sequence[object]], Sequence[object]]:
        places: list[dict[str | None, float] | None] = [
            None if levels is None else {level: float(place) for place, level in enumerate(levels)}
            for levels in self.levels_
        ]

        def turn(values: Sequence[object]) -> list[object]:
            return [
                _plain_number(value) if place is None else place.get(plain_text(value), np.nan)
                for value, place in zip(values, places, strict=True)
            ]

        return turn


class RandomForestNoFeaturesRegressor(_RawColumns, ForestRegressor):
    """Random forest over a raw frame: what can be had without making any features.

    Numbers and booleans are taken as they are. Each distinct text or category of a column gets a
    whole number: in the order of an ordered category, else in alphabetical order. A missing
    value, and a text not seen in training, is missing to the trees, which learn where to send
    such rows. Columns of times are refused: what a tree needs of them is a feature.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    min_samples_leaf : int or float, default=15
        Fewest rows (or share of rows) in a leaf. The more, the smoother and the smaller.
    max_features : int, float, {"sqrt", "log2"} or None, default=0.33
        Columns (or share of columns) tried at each split; None tries all.
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
    levels_ : list of (list of str) or None
        For each column the texts seen in training, in the order of their numbers; None for a
        column of numbers.
    forest_ : sklearn.ensemble.RandomForestRegressor
        The forest.
    feature_importances_ : ndarray of float64 of shape (n_columns,)
        Each column's share in what the splits explain.
    n_features_in_ : int
        Number of columns seen in `fit`.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45 (2001) 5-32.

    Examples
    --------
    >>> import pandas as pd
    >>> flights = pd.DataFrame({"origin": ["JFK", "EWR"] * 2, "hour": [5, 5, None, None]})
    >>> flights = pd.concat([flights] * 50, ignore_index=True)
    >>> model = RandomForestNoFeaturesRegressor(10, max_features=None, random_state=0)
    >>> model = model.fit(flights, [0.0, 60.0] * 100)
    >>> model.predict(pd.DataFrame({"origin": ["JFK", "EWR"], "hour": [5, 5]}))
    array([ 0., 60.])
    >>> model.levels_
    [['EWR', 'JFK'], None]
    """


class RandomForestNoFeaturesClassifier(_RawColumns, ForestClassifier):
    """Random forest of labels over a raw frame: what can be had without making any features.

    It takes the columns as `RandomForestNoFeaturesRegressor` does.

    Parameters
    ----------
    n_estimators, min_samples_leaf, max_features, max_depth, max_samples, n_jobs, random_state
        As of `RandomForestNoFeaturesRegressor`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    levels_ : list of (list of str) or None
        For each column the texts seen in training, in the order of their numbers; None for a
        column of numbers.
    forest_ : sklearn.ensemble.RandomForestClassifier
        The forest; its labels are positions in `classes_`.
    feature_importances_ : ndarray of float64 of shape (n_columns,)
        Each column's share in what the splits explain.
    n_features_in_ : int
        Number of columns seen in `fit`.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45 (2001) 5-32.

    Examples
    --------
    >>> import pandas as pd
    >>> flights = pd.DataFrame({"origin": ["JFK", "EWR"] * 100})
    >>> model = RandomForestNoFeaturesClassifier(10, max_features=None, random_state=0)
    >>> model = model.fit(flights, ["early", "late"] * 100)
    >>> model.predict(flights.head(2)), model.predict_proba(flights.head(1))
    (array(['early', 'late'], dtype='<U5'), array([[1., 0.]]))
    """


def _plain_number(value: object) -> object:
    if isinstance(value, str):
        raise ModelInputError(f"{value!r} is text, where the model was fitted on numbers")
    return value


def _kind(column: pd.Series) -> Literal["number", "text"]:
    """Tell which way to take a column, or refuse it."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "text"
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind == "empty":  # All missing: the dtype is all there is to go by.
        kind = "string" if pd.api.types.is_string_dtype(column.dtype) else "floating"
    if kind in _NUMBERS:
        return "number"
    if kind in _TEXT:
        return "text"
    raise ModelTypeError(
        f"column {column.name!r} is {kind} ({column.dtype}), which this model does not take:"
        " it takes numbers, booleans, text and categories;"
        " drop the column, or make features of it and use a forest over all features"
    )


def _levels(column: pd.Series) -> list[str] | None:
    if _kind(column) == "number":
        return None
    text = as_text(column).dropna()
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        seen = frozenset(text)
        return [name for name in as_text(pd.Series(column.cat.categories)) if name in seen]
    return sorted(text.unique())


def _ordinals(column: pd.Series, levels: list[str]) -> npt.NDArray[np.float64]:
    _kind(column)  # Refuses times here too: their text would pass for unseen levels.
    number = pd.Index(levels, dtype=object).get_indexer(pd.Index(as_text(column), dtype=object))
    return np.asarray(np.where(number >= 0, number, np.nan), dtype=np.float64)


def _plain(column: pd.Series) -> npt.NDArray[np.float64]:
    if _kind(column) == "text" and column.notna().any():
        raise ModelInputError(
            f"column {column.name!r} is {column.dtype}, and was numbers when the model was fitted:"
            " give numbers"
        )
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column.dtype):
        return np.full(len(column), np.nan)  # All missing.
    numbers = column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(numbers, dtype=np.float64)
