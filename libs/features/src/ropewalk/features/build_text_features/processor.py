"""The whole flow for text."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.utils import Tags, murmurhash3_32

from ropewalk.features.build_text_features.tokenizer import tokenize
from ropewalk.features.common.account import AccountRow
from ropewalk.features.common.flow import FeatureFlow
from ropewalk.features.common.row_form import RowForm, is_missing
from ropewalk.features.errors import FeatureColumnError, FeatureError


class BuildTextFeatures(FeatureFlow):
    """Hash the tokens of each text column into a fixed number of columns.

    Nothing is learnt from the words, so memory is bounded however many there are, words never
    seen are no special case, and every process gives the same numbers (MurmurHash3 with a fixed
    seed, in scikit-learn's ``HashingVectorizer``). Tokens may share a column; more columns, fewer
    such cases. Missing text, and text without a token, is all zeros.

    Parameters
    ----------
    n_features : int, default=16
        Columns for each text column.
    kind : {"words", "characters"}, default="words"
        What a token is.
    size : int, default=3
        Characters in a token of ``kind="characters"``.
    norm : {"l2", "l1"} or None, default="l2"
        Whether to bring each text to length one; None keeps counts.

    Examples
    --------
    >>> names = pd.DataFrame({"airline": ["Delta Air Lines", "delta  AIR lines", None]})
    >>> features = BuildTextFeatures(n_features=8).fit_transform(names)
    >>> features.shape
    (3, 8)
    >>> bool((features[0] == features[1]).all()), features[2].any()
    (True, np.False_)
    """

    def __init__(
        self,
        n_features: int = 16,
        kind: Literal["words", "characters"] = "words",
        size: int = 3,
        norm: Literal["l2", "l1"] | None = "l2",
    ) -> None:
        self.n_features = n_features
        self.kind = kind
        self.size = size
        self.norm = norm

    def __sklearn_tags__(self) -> Tags:
        """Say that text comes in, and that some may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags

    def _check_parameters(self) -> None:
        if self.n_features < 1:
            raise FeatureError(f"n_features={self.n_features!r}: give at least 1")
        if self.norm not in ("l2", "l1", None):
            raise FeatureError(f"norm={self.norm!r}: give 'l2', 'l1' or None")
        tokenize("", kind=self.kind, size=self.size)

    def _learn(self, frame: pd.DataFrame) -> list[AccountRow]:
        account = []
        for name in frame.columns:
            codes, texts = self._texts(frame[name])
            gaps = int((codes < 0).sum())
            account.append(
                AccountRow(
                    column=str(name),
                    action="changed",
                    reason=f"{len(texts)} texts hashed into {self.n_features} columns"
                    + (f"; {gaps} missing" if gaps else ""),
                )
            )
        return account

    def _build(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        hasher = HashingVectorizer(
            n_features=self.n_features,
            analyzer=partial(tokenize, kind=self.kind, size=self.size),
            norm=self.norm,
            # With signs, two words of a text may cancel out, and it would look like missing.
            alternate_sign=False,
        )
        blocks = []
        for name in frame.columns:
            codes, texts = self._texts(frame[name])
            # The last one is where code -1, a missing value, points to. Each text is hashed once.
            hashed = np.zeros((len(texts) + 1, self.n_features))
            if texts:
                hashed[:-1] = hasher.transform(texts).toarray()
            blocks.append(hashed[codes])
        return np.hstack(blocks)

    def _names(self, inputs: list[str]) -> list[str]:
        return [f"{name}_hash_{number}" for name in inputs for number in range(self.n_features)]

    def _row_form(self) -> RowForm:
        names, width, norm = self._input_names(), self.n_features, self.norm
        cut = partial(tokenize, kind=self.kind, size=self.size)
        flow = type(self).__name__

        def build(row: Mapping[str, object]) -> list[float]:
            built: list[float] = []
            for name in names:
                text = row[name]
                block = [0.0] * width
                if isinstance(text, str):
                    for token in cut(text):
                        # What scikit-learn's FeatureHasher does with each.
                        block[abs(murmurhash3_32(token)) % width] += 1.0
                    if norm is not None:
                        length = (
                            sum(block)
                            if norm == "l1"
                            else math.sqrt(sum(count * count for count in block))
                        )
                        block = [count / (length or 1.0) for count in block]
                elif not is_missing(text):
                    raise FeatureColumnError(
                        f"{flow}: column '{name}' holds a {type(text).__name__}, which is no text"
                    )
                built += block
            return built

        return build

    def _texts(self, column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
        """Give the code of each row, -1 for missing, and the text that each code stands for."""
        if not all(isinstance(text, str) for text in column.dropna()):
            raise FeatureColumnError(
                f"{type(self).__name__}: column '{column.name}' is of type {column.dtype} and "
                "holds what is no text; give text, or use the flow for numbers or categories"
            )
        codes, texts = pd.factorize(column)
        return codes, [str(text) for text in texts]
