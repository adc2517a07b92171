"""Each rule of the contract fails for an estimator that breaks it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags

from ropewalk.models.model_contract import ModelContract

Floats = npt.NDArray[np.float64]
Weight = Floats | None
COUNTER = itertools.count()


class Good(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    family: ClassVar[str] = "test"

    def __init__(self, shift: float = 0.0) -> None:
        self.shift = shift

    def fit(self, X: pd.DataFrame, y: Floats, sample_weight: Weight = None) -> Self:
        _refuse_missing(X)
        self.mean_ = float(np.average(y, weights=sample_weight)) + self.shift
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: pd.DataFrame) -> Floats:
        if X.shape[1] != self.n_features_in_:
            raise ValueError("other columns")
        _refuse_missing(X)
        return np.full(len(X), self.mean_)


def _refuse_missing(X: pd.DataFrame) -> None:
    if X.isna().to_numpy().any():
        raise ValueError("a value is missing")


class GoodClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    family: ClassVar[str] = "test"

    def fit(self, X: pd.DataFrame, y: npt.NDArray[np.str_], sample_weight: Weight = None) -> Self:
        self.classes_, position = np.unique(y, return_inverse=True)
        self.count_ = np.bincount(position, weights=sample_weight)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: pd.DataFrame) -> npt.NDArray[Any]:
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        if X.shape[1] != self.n_features_in_:
            raise ValueError("other columns")
        return np.tile(self.count_ / self.count_.sum(), (len(X), 1))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


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


class OtherLabels(GoodClassifier):
    def predict(self, X: pd.DataFrame) -> npt.NDArray[Any]:
        return np.full(len(X), "other")


class LabelsAsObjects(GoodClassifier):
    def predict(self, X: pd.DataFrame) -> npt.NDArray[Any]:
        return super().predict(X).astype(object)


class ClassesInAnotherOrder(GoodClassifier):
    def fit(self, X: pd.DataFrame, y: npt.NDArray[np.str_], sample_weight: Weight = None) -> Self:
        super().fit(X, y, sample_weight)
        self.classes_ = self.classes_[::-1]
        return self


class NoProbabilities(GoodClassifier):
    predict_proba = property()  # Takes the method away.

    def predict(self, X: pd.DataFrame) -> npt.NDArray[Any]:
        return np.full(len(X), self.classes_[0])


class OneProbability(GoodClassifier):
    def predict_proba(self, X: pd.DataFrame) -> Floats:
        return super().predict_proba(X)[:, :1]


class NotOneInAll(GoodClassifier):
    def predict_proba(self, X: pd.DataFrame) -> Floats:
        return super().predict_proba(X) * 0.99


class BelowZero(GoodClassifier):
    def predict_proba(self, X: pd.DataFrame) -> Floats:
        probabilities: Floats = super().predict_proba(X) + np.array([-2.0, 2.0])
        return probabilities


class Random(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        return super().predict(X) + next(COUNTER)


class RandomProbabilities(GoodClassifier):
    def predict_proba(self, X: pd.DataFrame) -> Floats:
        share = 1 / (2 + next(COUNTER))
        return np.tile([share, 1 - share], (len(X), 1))


class DrawsForAll(Good):
    def fit(self, X: pd.DataFrame, y: Floats, sample_weight: Weight = None) -> Self:
        np.random.random()  # noqa: NPY002 (what the rule is there to find)
        return super().fit(X, y, sample_weight)


class LooksAtTheBatch(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        return super().predict(X) + len(X)


class LooksAtTheRowBefore(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        before: Floats = X["a"].shift(fill_value=0.0).to_numpy()
        return super().predict(X) + before


class AnotherInASingleRow(Good):
    def compile_row(self) -> Callable[[list[object]], float]:
        return lambda values: self.mean_ + 1e-6


class WeighsNothing(Good):
    def fit(self, X: pd.DataFrame, y: Floats, sample_weight: Weight = None) -> Self:
        return super().fit(X, y)


class CountsRowsOfNoWeight(Good):
    def fit(self, X: pd.DataFrame, y: Floats, sample_weight: Weight = None) -> Self:
        super().fit(X, y, sample_weight)
        self.mean_ += len(y)
        return self


class SaysItTakesMissing(Good):
    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class TakesMissingInSilence(GoodClassifier):
    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags


class RefusesMissingOnlyInFit(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        return super().predict(X.fillna(0.0))


class ChangesRows(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        X.iloc[:, 0] = 0.0
        return super().predict(X)


class ChangesTargets(Good):
    def fit(self, X: pd.DataFrame, y: Floats, sample_weight: Weight = None) -> Self:
        y += 1
        return super().fit(X, y, sample_weight)


class ChangesParameters(Good):
    def fit(self, X: pd.DataFrame, y: Floats, sample_weight: Weight = None) -> Self:
        self.shift = 1.0
        return super().fit(X, y, sample_weight)


class TakesAnyColumns(Good):
    def predict(self, X: pd.DataFrame) -> Floats:
        return np.full(len(X), self.mean_)


class Unreviewed(Good):
    def fit(self, X: pd.DataFrame, y: Floats, sample_weight: Weight = None) -> Self:
        self.rule_ = Good()
        return super().fit(X, y, sample_weight)


class ForgetsInAFile(Good):
    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "mean_": 0.0}


class ForgetsProbabilitiesInAFile(GoodClassifier):
    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "count_": np.array([7.0, 4.0])}


class GoodContract(ModelContract):
    kind: type[Good | GoodClassifier] = Good

    def make_estimator(self) -> Good | GoodClassifier:
        return self.kind()

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        y = np.arange(12.0)
        X = pd.DataFrame({"a": np.arange(12.0), "b": 1.0})
        return X, y if issubclass(self.kind, Good) else np.where(y < 5, "late", "early")


RULES = [name for name in dir(ModelContract) if name.startswith("test_")]


def _contract(kind: type[Good | GoodClassifier]) -> GoodContract:
    contract = GoodContract()
    contract.kind = kind
    contract.trusted = (f"{kind.__module__}.{kind.__qualname__}",)
    return contract


def _rule(kind: type[Good | GoodClassifier], name: str) -> Callable[[], None]:
    rule: Callable[[], None] = getattr(_contract(kind), name)
    return rule


@pytest.mark.parametrize("kind", [Good, GoodClassifier])
@pytest.mark.parametrize("name", RULES)
def test_a_good_estimator_keeps_every_rule(kind: type[Good | GoodClassifier], name: str) -> None:
    _rule(kind, name)()


BROKEN = [
    (NoFamily, "test_says_its_family"),
    (NoRegressor, "test_is_a_regressor_or_a_classifier"),
    (NotFinite, "test_gives_a_prediction_for_each_row"),
    (WholeNumbers, "test_gives_a_prediction_for_each_row"),
    (OtherLabels, "test_gives_a_prediction_for_each_row"),
    (LabelsAsObjects, "test_gives_a_prediction_for_each_row"),
    (ClassesInAnotherOrder, "test_gives_a_prediction_for_each_row"),
    (NoProbabilities, "test_gives_probabilities_if_a_classifier"),
    (OneProbability, "test_gives_probabilities_if_a_classifier"),
    (NotOneInAll, "test_gives_probabilities_if_a_classifier"),
    (BelowZero, "test_gives_probabilities_if_a_classifier"),
    (Random, "test_gives_the_same_each_time"),
    (RandomProbabilities, "test_gives_the_same_each_time"),
    (DrawsForAll, "test_draws_nothing_from_the_global_generator"),
    (LooksAtTheBatch, "test_a_row_alone_gives_what_it_gives_in_a_batch"),
    (LooksAtTheRowBefore, "test_a_row_alone_gives_what_it_gives_in_a_batch"),
    (AnotherInASingleRow, "test_its_form_for_single_rows_gives_the_same"),
    (WeighsNothing, "test_the_target_of_a_row_of_no_weight_does_not_count"),
    (WeighsNothing, "test_a_row_of_weight_two_is_a_row_twice"),
    (CountsRowsOfNoWeight, "test_a_row_of_weight_two_is_a_row_twice"),
    (SaysItTakesMissing, "test_takes_missing_values_as_its_tags_say"),
    (TakesMissingInSilence, "test_takes_missing_values_as_its_tags_say"),
    (RefusesMissingOnlyInFit, "test_takes_missing_values_as_its_tags_say"),
    (ChangesRows, "test_leaves_its_input_as_it_is"),
    (ChangesTargets, "test_leaves_its_input_as_it_is"),
    (ChangesParameters, "test_keeps_its_parameters"),
    (TakesAnyColumns, "test_refuses_another_number_of_columns"),
    (Unreviewed, "test_comes_back_from_a_file_the_same"),
    (ForgetsInAFile, "test_comes_back_from_a_file_the_same"),
    (ForgetsProbabilitiesInAFile, "test_comes_back_from_a_file_the_same"),
]


@pytest.mark.parametrize(("kind", "name"), BROKEN)
def test_a_broken_estimator_is_caught(kind: type[Good | GoodClassifier], name: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        _rule(kind, name)()


def test_every_rule_is_broken_by_one() -> None:
    assert {name for _, name in BROKEN} == set(RULES)
