"""Each rule of the contract fails for an estimator that breaks it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from ropewalk.models.model_contract import ModelContract

Floats = npt.NDArray[np.float64]
COUNTER = itertools.count()


class Good(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    family: ClassVar[str] = "test"

    def __init__(self, shift: float = 0.0) -> None:
        self.shift = shift

    def fit(self, X: pd.DataFrame, y: Floats) -> Self:
        self.mean_ = float(np.mean(y)) + self.shift
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: pd.DataFrame) -> Floats:
        if X.shape[1] != self.n_features_in_:
            raise ValueError("other columns")
        return np.full(len(X), self.mean_)


class NoFamily(Good):
    family: ClassVar[str] = ""


class NoRegressor(Good):
    _estimator_type = None

    def __sklearn_tags__(self) -> object:
        return BaseEstimator.__sklearn_tags__(self)


class NotFinite(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        return np.full(len(X), np.nan)


class WholeNumbers(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        return super().predict(X).astype(np.int64)


class Random(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        return super().predict(X) + next(COUNTER)


class LooksAtTheBatch(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        return super().predict(X) + len(X)


class ChangesRows(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        X.iloc[:, 0] = 0.0
        return super().predict(X)


class ChangesTargets(Good):
    def fit(self, X: pd.DataFrame, y: Floats) -> Self:
        y += 1
        return super().fit(X, y)


class ChangesParameters(Good):
    def fit(self, X: pd.DataFrame, y: Floats) -> Self:
        self.shift = 1.0
        return super().fit(X, y)


class TakesAnyColumns(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        return np.full(len(X), self.mean_)


class Unreviewed(Good):
    def fit(self, X: pd.DataFrame, y: Floats) -> Self:
        self.rule_ = Good()
        return super().fit(X, y)


class ForgetsInAFile(Good):
    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "mean_": 0.0}


class GoodContract(ModelContract):
    kind: type[Good] = Good

    def make_estimator(self) -> Good:
        return self.kind()

    def make_data(self) -> tuple[pd.DataFrame, Floats]:
        return pd.DataFrame({"a": np.arange(12.0), "b": 1.0}), np.arange(12.0)


RULES = [name for name in dir(ModelContract) if name.startswith("test_")]


def _contract(kind: type[Good]) -> GoodContract:
    contract = GoodContract()
    contract.kind = kind
    contract.trusted = (f"{kind.__module__}.{kind.__qualname__}",)
    return contract


def _rule(kind: type[Good], name: str) -> Callable[[], None]:
    rule: Callable[[], None] = getattr(_contract(kind), name)
    return rule


@pytest.mark.parametrize("name", RULES)
def test_a_good_estimator_keeps_every_rule(name: str) -> None:
    _rule(Good, name)()


BROKEN = [
    (NoFamily, "test_says_its_family"),
    (NoRegressor, "test_is_a_regressor"),
    (NotFinite, "test_gives_a_finite_float64_for_each_row"),
    (WholeNumbers, "test_gives_a_finite_float64_for_each_row"),
    (Random, "test_gives_the_same_each_time"),
    (LooksAtTheBatch, "test_a_row_alone_gives_what_it_gives_in_a_batch"),
    (ChangesRows, "test_leaves_its_input_as_it_is"),
    (ChangesTargets, "test_leaves_its_input_as_it_is"),
    (ChangesParameters, "test_keeps_its_parameters"),
    (TakesAnyColumns, "test_refuses_another_number_of_columns"),
    (Unreviewed, "test_comes_back_from_a_file_the_same"),
    (ForgetsInAFile, "test_comes_back_from_a_file_the_same"),
]


@pytest.mark.parametrize(("kind", "name"), BROKEN)
def test_a_broken_estimator_is_caught(kind: type[Good], name: str) -> None:
    with pytest.raises(AssertionError):
        _rule(kind, name)()


def test_every_rule_is_broken_by_one() -> None:
    assert {name for _, name in BROKEN} == set(RULES)
