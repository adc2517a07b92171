from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.diagnostic import het_breuschpagan  # type: ignore[import-untyped]
from statsmodels.stats.stattools import (  # type: ignore[import-untyped]
    durbin_watson,
    jarque_bera,
)
from statsmodels.tools import add_constant  # type: ignore[import-untyped]

from ropewalk.models.errors import ModelError
from ropewalk.models.regression import residual_tests


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_equals_statsmodels(seed: int) -> None:
    random = np.random.default_rng(seed)
    X = random.normal(size=(80, 3)) * [1.0, 1e3, 1e-2] + [5.0, 3e4, 0.5]
    errors = random.normal(size=80) * np.abs(X[:, 0])

    ours = residual_tests(errors, X)

    breusch_pagan = het_breuschpagan(errors, add_constant(X))
    theirs = [*jarque_bera(errors)[:2], *breusch_pagan[:2], durbin_watson(errors)]
    found = [
        ours.jarque_bera,
        ours.jarque_bera_p,
        ours.breusch_pagan,
        ours.breusch_pagan_p,
        ours.durbin_watson,
    ]
    np.testing.assert_allclose(found, theirs, rtol=1e-8)


def test_errors_all_of_one_size_have_no_breusch_pagan() -> None:
    tests = residual_tests([1.0, -1.0, 1.0, -1.0], [[0.0], [1.0], [2.0], [4.0]])

    assert np.isnan([tests.breusch_pagan, tests.breusch_pagan_p]).all()
    assert tests.durbin_watson == 3.0


def test_refuses_errors_that_are_all_the_same() -> None:
    with pytest.raises(ModelError, match=r"all 3 errors are 0\.5: there is nothing to test"):
        residual_tests([0.5] * 3, [[0.0], [1.0], [2.0]])


def test_refuses_another_number_of_errors() -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        residual_tests([1.0, 2.0], [[0.0], [1.0], [2.0]])
