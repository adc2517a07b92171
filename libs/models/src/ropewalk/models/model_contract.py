"""The tests that every estimator passes."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import skops.io
from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.utils import get_tags

from ropewalk.models.trusted_types import TRUSTED_TYPES


class ModelContract(ABC):
    """Inherit this in a test class of your own regressor or classifier, and pytest runs all of it.

    Attributes
    ----------
    trusted : sequence of str
        The types that skops may load; add those of your own estimator.

    Notes
    -----
    A rule that can't hold for an estimator is expected to fail, and its reason stands beside it::

        @pytest.mark.xfail(raises=AssertionError, strict=True, reason="a bootstrap draws rows")
        def test_a_row_of_weight_two_is_a_row_twice(self):
            super().test_a_row_of_weight_two_is_a_row_twice()

    Examples
    --------
    A test of an estimator then reads::

        class TestMyRegressor(ModelContract):
            trusted = (*ModelContract.trusted, "my_package.MyRegressor")
            def make_estimator(self): return MyRegressor(random_state=0)
            def make_data(self): return pd.DataFrame(...), np.array(...)
    """

    trusted: Sequence[str] = TRUSTED_TYPES

    @abstractmethod
    def make_estimator(self) -> BaseEstimator:
        """Make the estimator, not fitted, with a fixed `random_state` if it has one."""

    @abstractmethod
    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[np.generic]]:
        """Make rows and their targets, numbers or labels, at least ten: the same at each call."""

    def _fitted(self) -> BaseEstimator:
        return self.make_estimator().fit(*self.make_data())

    def test_says_its_family(self) -> None:
        """The class, not the instance, says which family of models it belongs to."""
        family = type(self.make_estimator()).family

        assert isinstance(family, str)
        assert family

    def test_is_a_regressor_or_a_classifier(self) -> None:
        """Scikit-learn takes it for one of them: splitters and scorers ask."""
        estimator = self.make_estimator()

        assert is_regressor(estimator) != is_classifier(estimator)

    def test_gives_a_prediction_for_each_row(self) -> None:
        """A regressor a finite float64, a classifier one of the labels it was fitted on."""
        X, y = self.make_data()
        model = self._fitted()

        predicted = model.predict(X)

        assert isinstance(predicted, np.ndarray)
        assert predicted.shape == (len(X),)
        if is_classifier(model):
            np.testing.assert_array_equal(model.classes_, np.unique(y))
            assert predicted.dtype == model.classes_.dtype
            assert np.isin(predicted, model.classes_).all()
        else:
            assert predicted.dtype == np.float64
            assert np.isfinite(predicted).all()

    def test_gives_probabilities_if_a_classifier(self) -> None:
        """A column for each of `classes_`, each row's sum one; and a regressor gives none."""
        X, _ = self.make_data()
        model = self._fitted()

        assert hasattr(model, "predict_proba") == is_classifier(model)
        if is_classifier(model):
            probabilities = model.predict_proba(X)
            assert probabilities.shape == (len(X), len(model.classes_))
            assert probabilities.dtype == np.float64
            assert ((probabilities >= 0) & (probabilities <= 1)).all()
            np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-9)

    def test_gives_the_same_each_time(self) -> None:
        """Predicted twice, fitted twice, and cloned: the same to the last digit."""
        X, y = self.make_data()
        model = self._fitted()
        once = _outputs(model, X)

        for other in (model, self._fitted(), clone(model).fit(X, y)):
            _assert_same(_outputs(other, X), once)

    def test_draws_nothing_from_the_global_generator(self) -> None:
        """What else draws from it, before or beside, neither changes the model nor is changed."""
        X, _ = self.make_data()
        before = repr(np.random.get_state())  # noqa: NPY002 (the global generator is what is asked)

        self._fitted().predict(X)

        assert repr(np.random.get_state()) == before  # noqa: NPY002 (the same)

    def test_a_row_alone_gives_what_it_gives_in_a_batch(self) -> None:
        """The rows beside it, and their order, don't matter."""
        X, _ = self.make_data()
        model = self._fitted()
        batch = _outputs(model, X)

        alone = [_outputs(model, X.iloc[[row]]) for row in range(10)]

        # Matrix products of other shapes may differ in the last digits.
        joined = [np.concatenate(part) for part in zip(*alone, strict=True)]
        _assert_same(joined, [part[:10] for part in batch], rtol=1e-12)
        _assert_same([part[::-1] for part in _outputs(model, X[::-1])], batch, rtol=1e-12)

    def test_its_form_for_single_rows_gives_the_same(self) -> None:
        """If it has one, by `compile_row`: from plain values, of which some may be missing."""
        X, _ = self.make_data()
        model = self._fitted()
        rows = X.astype(object).where(X.notna(), None).to_numpy().tolist()

        make = getattr(model, "compile_row", lambda: None)
        predict = make()

        if predict is not None:
            alone = np.array([predict(row) for row in rows])
            np.testing.assert_allclose(alone, model.predict(X), rtol=1e-9, atol=1e-9)

    def test_the_target_of_a_row_of_no_weight_does_not_count(self) -> None:
        """Rows that weigh nothing may have any target: the model is the same."""
        X, y = self.make_data()
        weight, others = np.ones(len(y)), y.copy()
        # Each label keeps a row that counts, also if they come in turns.
        weight[len(y) // 2 :: 2] = 0
        others[weight == 0] = np.unique(y)[-1]

        model, same = (
            self.make_estimator().fit(X, target, sample_weight=weight) for target in (y, others)
        )

        _assert_same(_outputs(model, X), _outputs(same, X), rtol=1e-6)

    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        """And one of weight zero is none."""
        X, y = self.make_data()
        weight = np.ones(len(y), dtype=np.int64)
        weight[len(y) // 2 :: 2], weight[::3] = 0, 2
        rows = np.repeat(np.arange(len(y)), weight)

        weighted = self.make_estimator().fit(X, y, sample_weight=weight.astype(np.float64))
        repeated = self.make_estimator().fit(X.iloc[rows].reset_index(drop=True), y[rows])

        _assert_same(_outputs(weighted, X), _outputs(repeated, X), rtol=1e-6)

    def test_takes_missing_values_as_its_tags_say(self) -> None:
        """With `allow_nan` it learns and predicts from them; without, a ValueError says so."""
        X, y = self.make_data()
        row, column = np.ogrid[: X.shape[0], : X.shape[1]]
        gaps = X.mask((row + column) % 3 == 0)
        allowed = get_tags(self.make_estimator()).input_tags.allow_nan

        if allowed:
            predicted = self.make_estimator().fit(gaps, y).predict(gaps)
            assert len(predicted) == len(X)
            assert not pd.isna(predicted).any()
            return
        for rows in ((gaps, X), (X, gaps)):
            told = ""
            try:
                self.make_estimator().fit(rows[0], y).predict(rows[1])
            except ValueError as error:
                told = str(error)
            assert re.search("nan|missing", told, re.IGNORECASE), "missing values were not refused"

    def test_leaves_its_input_as_it_is(self) -> None:
        """Neither fitting nor predicting changes the rows or the targets."""
        X, y = self.make_data()

        self.make_estimator().fit(X, y).predict(X)

        fresh, targets = self.make_data()
        pd.testing.assert_frame_equal(X, fresh)
        np.testing.assert_array_equal(y, targets)

    def test_keeps_its_parameters(self) -> None:
        """Fitting changes none, a clone has them all and is not fitted."""
        estimator = self.make_estimator()
        before = dict(estimator.get_params())

        model = self._fitted()

        assert repr(model.get_params()) == repr(before)
        assert repr(clone(model).get_params()) == repr(before)
        assert not [name for name in vars(clone(model)) if name.endswith("_")]

    def test_refuses_another_number_of_columns(self) -> None:
        """A ValueError, whether a column is missing or too many."""
        X, _ = self.make_data()
        model = self._fitted()

        for rows in (X.iloc[:, :-1], X.assign(not_seen_while_fitting=1.0)):
            refused = False
            try:
                model.predict(rows)
            except ValueError:
                refused = True
            assert refused, f"{type(model).__name__} predicted from {rows.shape[1]} columns"

    def test_comes_back_from_a_file_the_same(self) -> None:
        """Skops loads it with no type but those trusted, and it predicts the same."""
        X, _ = self.make_data()
        model = self._fitted()

        content = skops.io.dumps(model)

        unknown = set(skops.io.get_untrusted_types(data=content)) - set(self.trusted)
        assert not unknown, f"add to trusted, once reviewed: {sorted(unknown)}"
        back = skops.io.loads(content, trusted=list(self.trusted))
        _assert_same(_outputs(back, X), _outputs(model, X))
        assert repr(back.get_params()) == repr(model.get_params())


def _outputs(model: BaseEstimator, X: pd.DataFrame) -> list[npt.NDArray[Any]]:
    """All that it says of the rows, row by row."""
    given = [model.predict(X)]
    return [*given, model.predict_proba(X)] if hasattr(model, "predict_proba") else given


def _assert_same(
    actual: Sequence[npt.NDArray[Any]], expected: Sequence[npt.NDArray[Any]], rtol: float = 0.0
) -> None:
    for one, other in zip(actual, expected, strict=True):
        if np.issubdtype(other.dtype, np.floating):
            np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol)
        else:
            np.testing.assert_array_equal(one, other)
