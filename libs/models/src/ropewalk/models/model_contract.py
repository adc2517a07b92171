"""The tests that every estimator passes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import skops.io
from sklearn.base import BaseEstimator, clone, is_regressor

from ropewalk.models.trusted_types import TRUSTED_TYPES


class ModelContract(ABC):
    """Inherit this in a test class of your own estimator, and pytest runs all of it.

    Attributes
    ----------
    trusted : sequence of str
        The types that skops may load; add those of your own estimator.

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
    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
        """Make rows and their targets, at least ten of them: the same at each call."""

    def _fitted(self) -> BaseEstimator:
        return self.make_estimator().fit(*self.make_data())

    def test_says_its_family(self) -> None:
        """The class, not the instance, says which family of models it belongs to."""
        family = type(self.make_estimator()).family

        assert isinstance(family, str)
        assert family

    def test_is_a_regressor(self) -> None:
        """Scikit-learn takes it for one: splitters and scorers ask."""
        assert is_regressor(self.make_estimator())

    def test_gives_a_finite_float64_for_each_row(self) -> None:
        """One number a row, none missing."""
        X, _ = self.make_data()

        predicted = self._fitted().predict(X)

        assert isinstance(predicted, np.ndarray)
        assert predicted.shape == (len(X),)
        assert predicted.dtype == np.float64
        assert np.isfinite(predicted).all()

    def test_gives_the_same_each_time(self) -> None:
        """Predicted twice, fitted twice, and cloned: the same to the last digit."""
        X, y = self.make_data()
        model = self._fitted()
        once = model.predict(X)

        again = [model.predict(X), self._fitted().predict(X), clone(model).fit(X, y).predict(X)]

        for predicted in again:
            np.testing.assert_array_equal(predicted, once)

    def test_a_row_alone_gives_what_it_gives_in_a_batch(self) -> None:
        """The rows beside it, and their order, don't matter."""
        X, _ = self.make_data()
        model = self._fitted()

        alone = np.concatenate([model.predict(X.iloc[[row]]) for row in range(10)])

        # Matrix products of other shapes may differ in the last digits.
        np.testing.assert_allclose(alone, model.predict(X)[:10], rtol=1e-12)
        np.testing.assert_allclose(model.predict(X[::-1])[::-1], model.predict(X), rtol=1e-12)

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
        np.testing.assert_array_equal(back.predict(X), model.predict(X))
        assert repr(back.get_params()) == repr(model.get_params())
