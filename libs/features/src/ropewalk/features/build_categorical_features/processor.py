"""The whole flow for categories."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_datetime64_any_dtype, is_object_dtype, is_scalar
from sklearn.utils import Tags

from ropewalk.features.common.account import AccountRow
from ropewalk.features.common.flow import FeatureFlow
from ropewalk.features.common.row_form import RowForm, is_missing
from ropewalk.features.errors import FeatureColumnError, FeatureError

# The names of the two buckets that every column has.
OTHER = "other"
MISSING = "missing"


class BuildCategoricalFeatures(FeatureFlow):
    """Turn categories into numbers: the frequent levels, one for the others, one for missing.

    Levels are ordered by their count in the training rows, and by name where counts are equal.
    A level that did not make it, or that was never seen, is ``other``; so is the text "other"
    itself, and the text "missing" counts as missing. A number is the same level as its text: 5,
    5.0 and "5" are one.

    Parameters
    ----------
    encoding : {"onehot", "ordinal"}, default="onehot"
        A column of 0 and 1 for each level, or one column of positions: 0 for the most frequent
        level, then ``other``, then ``missing``.
    max_levels : int, default=30
        At most so many levels of a column, not counting ``other`` and ``missing``.
    min_count : int, default=1
        A level in fewer training rows than this is ``other``.

    Attributes
    ----------
    levels_ : list of list of str
        The levels of each column, most frequent first.

    Examples
    --------
    >>> flights = pd.DataFrame({"origin": ["JFK", "LGA", "JFK", None]})
    >>> flow = BuildCategoricalFeatures().fit(flights)
    >>> flow.get_feature_names_out().tolist()
    ['origin=JFK', 'origin=LGA', 'origin=other', 'origin=missing']
    >>> flow.transform(pd.DataFrame({"origin": ["LGA", "SFO", None]}))
    array([[0., 1., 0., 0.],
           [0., 0., 1., 0.],
           [0., 0., 0., 1.]])
    >>> BuildCategoricalFeatures(encoding="ordinal").fit_transform(flights).ravel()
    array([0., 1., 0., 3.])
    """

    levels_: list[list[str]]

    def __init__(
        self,
        encoding: Literal["onehot", "ordinal"] = "onehot",
        max_levels: int = 30,
        min_count: int = 1,
    ) -> None:
        self.encoding = encoding
        self.max_levels = max_levels
        self.min_count = min_count

    def __sklearn_tags__(self) -> Tags:
        """Say that anything may be a level, and that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags

    def _check_parameters(self) -> None:
        if self.encoding not in ("onehot", "ordinal"):
            raise FeatureError(f"encoding={self.encoding!r}: give 'onehot' or 'ordinal'")
        for name, value in (("max_levels", self.max_levels), ("min_count", self.min_count)):
            if value < 1:
                raise FeatureError(f"{name}={value!r}: give a whole number of at least 1")

    def _learn(self, frame: pd.DataFrame) -> list[AccountRow]:
        self.levels_ = []
        account = []
        for name in frame.columns:
            codes, texts = self._texts(frame[name])
            counts: dict[str, int] = {}
            each = np.bincount(codes[codes >= 0], minlength=len(texts))
            for text, count in zip(texts, each, strict=True):
                counts[text] = counts.get(text, 0) + int(count)
            gaps = int((codes < 0).sum()) + counts.pop(MISSING, 0)
            others = counts.pop(OTHER, 0)
            ordered = sorted(counts, key=lambda text: (-counts[text], text))
            kept = [text for text in ordered if counts[text] >= self.min_count]
            kept = kept[: self.max_levels]
            self.levels_.append(kept)
            others += sum(counts[text] for text in ordered[len(kept) :])
            account.append(
                AccountRow(
                    column=str(name),
                    action="changed",
                    reason=f"{len(kept)} of {len(ordered)} levels; "
                    f"{others} rows in '{OTHER}', {gaps} in '{MISSING}'",
                )
            )
        return account

    def _build(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        blocks = []
        for name, levels in zip(frame.columns, self.levels_, strict=True):
            codes, texts = self._texts(frame[name])
            place = _places(levels)
            # The last one is where code -1, a missing value, points to.
            places = np.asarray(
                [*(place.get(text, len(levels)) for text in texts), len(levels) + 1]
            )
            positions = places[codes]
            if self.encoding == "onehot":
                blocks.append(np.eye(len(levels) + 2)[positions])
            else:
                blocks.append(positions[:, np.newaxis].astype(np.float64))
        return np.hstack(blocks)

    def _names(self, inputs: list[str]) -> list[str]:
        if self.encoding == "ordinal":
            return inputs
        return [
            f"{name}={level}"
            for name, levels in zip(inputs, self.levels_, strict=True)
            for level in (*levels, OTHER, MISSING)
        ]

    def _row_form(self) -> RowForm:
        columns = [
            (name, _places(levels), len(levels))
            for name, levels in zip(self._input_names(), self.levels_, strict=True)
        ]
        is_onehot, refuse = self.encoding == "onehot", self._refuse

        def build(row: Mapping[str, object]) -> list[float]:
            built: list[float] = []
            for name, place, other in columns:
                value = row[name]
                if is_missing(value):
                    position = other + 1
                elif isinstance(value, str):
                    position = place.get(value, other)
                elif isinstance(value, date | np.datetime64) or not is_scalar(value):
                    raise refuse(name, value)
                else:
                    position = place.get(_text(value), other)
                if is_onehot:
                    block = [0.0] * (other + 2)
                    block[position] = 1.0
                    built += block
                else:
                    built.append(float(position))
            return built

        return build

    def _refuse(self, name: object, value: object) -> FeatureColumnError:
        return FeatureColumnError(
            f"{type(self).__name__}: column '{name}' holds a {type(value).__name__}, which is no "
            "category; give text or numbers"
        )

    def _texts(self, column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
        """Give the code of each row, -1 for missing, and the text that each code stands for."""
        if is_datetime64_any_dtype(column.dtype):
            raise FeatureColumnError(
                f"{type(self).__name__}: column '{column.name}' is of type {column.dtype}, not a "
                "category; give it to BuildDatetimeFeatures"
            )
        if is_object_dtype(column.dtype):
            # As text before they are told apart: 1 and True are equal, their texts are not, and
            # what a row gives must not depend on the rows beside it.
            for value in column:
                if not is_scalar(value):
                    raise self._refuse(column.name, value)
            column = column.map(_text, na_action="ignore")
        codes, values = pd.factorize(column)
        return codes, [_text(value) for value in values]


def _places(levels: list[str]) -> dict[str, int]:
    return {text: number for number, text in enumerate(levels)} | {
        OTHER: len(levels),
        MISSING: len(levels) + 1,
    }


def _text(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)
