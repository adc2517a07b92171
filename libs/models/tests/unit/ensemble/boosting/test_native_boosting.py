from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import skops.io
import xgboost

import ropewalk.models
from ropewalk.models.common.cpus import bounded_jobs
from ropewalk.models.ensemble.boosting.lightgbm_boosting import (
    LightgbmClassifier,
    LightgbmRegressor,
)
from ropewalk.models.ensemble.boosting.native_boosting import NativeClassifier, NativeRegressor
from ropewalk.models.ensemble.boosting.xgboost_boosting import XgboostClassifier, XgboostRegressor
from ropewalk.models.errors import ModelInputError
from ropewalk.models.trusted_types import TRUSTED_TYPES

Regressor = Callable[..., NativeRegressor]
Classifier = Callable[..., NativeClassifier]
REGRESSORS = pytest.mark.parametrize("make", [LightgbmRegressor, XgboostRegressor])
CLASSIFIERS = pytest.mark.parametrize("make", [LightgbmClassifier, XgboostClassifier])


def _drifting() -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Rows in the order of time, whose rule changes in the last fifth."""
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(500, 3)), columns=list("abc"))
    y = np.where(np.arange(500) < 400, X["a"], -X["a"]) * 10 + random.normal(size=500)
    return X, y


@REGRESSORS
def test_stops_at_the_best_of_the_latest_rows_and_learns_from_none_of_them(make: Regressor) -> None:
    X, y = _drifting()
    weight = np.linspace(0.1, 1, 500)
    model = make(early_stopping=True, validation_fraction=0.2, random_state=0)

    stopped = model.fit(X, y, sample_weight=weight)

    assert 1 <= stopped.n_iter_ < 10
    earlier = make(max_iter=stopped.n_iter_, random_state=0)
    earlier.fit(X[:400], y[:400], sample_weight=weight[:400])
    np.testing.assert_array_equal(stopped.predict(X), earlier.predict(X))


@REGRESSORS
def test_a_time_says_which_rows_are_the_latest(make: Regressor) -> None:
    X, y = _drifting()
    hours = pd.Series(pd.date_range("2013-01-01", periods=500, freq="h"))
    mixed = np.random.default_rng(1).permutation(500)
    model = make(early_stopping=True, validation_fraction=0.2, random_state=0)

    known = model.fit(X.iloc[mixed], y[mixed], time=hours.iloc[mixed]).n_iter_

    assert known < 10 < model.fit(X.iloc[mixed], y[mixed]).n_iter_


@REGRESSORS
def test_categories_have_no_order_and_new_ones_are_missing(make: Regressor) -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"noise": random.normal(size=800), "origin": random.choice(list("abcd"), 800)})
    y = X["origin"].isin(["a", "c"]) * 10.0

    model = make(max_iter=100, categorical_features=["origin"], random_state=0).fit(X, y)

    np.testing.assert_allclose(model.predict(X), y, atol=0.5)
    new, missing = (model.predict(X.assign(origin=pd.Series([v] * 800))) for v in ("new", None))
    np.testing.assert_array_equal(new, missing)
    by_type = make(max_iter=100, categorical_features="from_dtype", random_state=0)
    typed = X.astype({"origin": "category"})
    np.testing.assert_array_equal(by_type.fit(typed, y).predict(typed), model.predict(X))
    assert by_type.compile_row() is None


@pytest.mark.parametrize(
    "make", [LightgbmRegressor, XgboostRegressor, LightgbmClassifier, XgboostClassifier]
)
def test_only_falls_where_it_may_only_fall(make: Callable[..., Any]) -> None:
    X, y = _drifting()
    given = (y > 0) * 1 if make in (LightgbmClassifier, XgboostClassifier) else np.sin(X["a"] * 3)
    grid = pd.DataFrame({"a": np.linspace(-2, 2, 50), "b": 0.0, "c": 0.0})

    steps = []
    for constraint in (None, {"a": -1}):
        model = make(max_iter=30, monotonic_cst=constraint, random_state=0).fit(X, given)
        told = getattr(model, "predict_proba", model.predict)(grid).reshape(50, -1)[:, -1]
        steps.append(np.diff(told).max())

    assert steps[0] > 0 >= steps[1]


@REGRESSORS
@pytest.mark.parametrize("loss", ["absolute_error", "poisson", "gamma", "quantile"])
def test_takes_each_loss(make: Regressor, loss: str) -> None:
    X, y = _drifting()
    target = np.exp(y / 20)

    model = make(loss, quantile=0.9, max_iter=100, random_state=0).fit(X, target)

    share = (target <= model.predict(X)).mean()
    assert share == pytest.approx(0.9, abs=0.05) if loss == "quantile" else 0.3 < share < 0.75


@REGRESSORS
def test_the_file_holds_text_alone_and_is_read_when_asked_for(make: Regressor) -> None:
    X, y = _drifting()
    model = make(max_iter=10, random_state=0).fit(X, y)

    back = skops.io.loads(skops.io.dumps(model), trusted=list(TRUSTED_TYPES))

    assert isinstance(back.model_, str)
    assert "_loaded" not in vars(back)
    np.testing.assert_array_equal(back.predict(X), model.predict(X))


@REGRESSORS
@pytest.mark.parametrize("row", [[1.0, 2.0], [1.0, 2.0, np.inf]])
def test_a_single_row_is_checked(make: Regressor, row: list[float]) -> None:
    predict = make(max_iter=2).fit(*_drifting()).compile_row()

    assert predict is not None
    with pytest.raises(ModelInputError, match="trees were grown on 3"):
        predict(row)


@REGRESSORS
def test_draws_anew_with_another_seed_and_is_the_same_on_more_threads(make: Regressor) -> None:
    X, y = _drifting()
    one, all_of_them, other = (
        make(max_iter=20, max_features=0.4, n_jobs=jobs, random_state=seed).fit(X, y).predict(X)
        for jobs, seed in ((1, 0), (-1, 0), (1, 1))
    )

    np.testing.assert_allclose(all_of_them, one, rtol=1e-5)
    assert (other != one).any()
    assert bounded_jobs(-1) >= 1


@pytest.mark.parametrize(
    ("parameters", "target", "says"),
    [
        ({"loss": "gamma"}, [0.0, 1.0] * 50, "loss is 'gamma', and the target goes from 0.0"),
        ({"loss": "poisson"}, [-1.0, 1.0] * 50, "give targets above zero"),
        ({"loss": "poisson"}, [0.0] * 100, "give targets above zero"),
        ({"loss": "quantile"}, [0.0, 1.0] * 50, "give quantile, such as 0.9"),
        ({"monotonic_cst": [1], "categorical_features": [0]}, [0.0, 1.0] * 50, "has no order"),
        ({"max_iter": 0}, [0.0, 1.0] * 50, "max_iter"),
    ],
)
@REGRESSORS
def test_refuses_in_one_line(
    make: Regressor, parameters: dict[str, Any], target: list[float], says: str
) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        make(**parameters).fit(np.arange(100.0)[:, None], target)

    assert "\n" not in str(caught.value)


@CLASSIFIERS
@pytest.mark.parametrize(
    ("parameters", "target", "says"),
    [
        ({}, ["late"] * 100, "all rows are of one class, late"),
        ({"monotonic_cst": [1]}, ["a", "b", "c", "d"] * 25, "there are 4 labels: it is for two"),
        ({"early_stopping": True}, ["a", "b"] * 48 + ["c"] * 4, "label c is only among the later"),
    ],
)
def test_refuses_labels_in_one_line(
    make: Classifier, parameters: dict[str, Any], target: list[str], says: str
) -> None:
    with pytest.raises(ModelInputError, match=says) as caught:
        make(**parameters).fit(np.arange(100.0)[:, None], target)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("package", [lightgbm, xgboost])
def test_without_the_extra_all_else_works_and_one_line_says_how_to_install_it(
    package: Any,
) -> None:
    name = package.__name__
    program = (
        f"import sys; sys.modules[{name!r}] = None; sys.path[:] = {sys.path!r}\n"
        "from ropewalk.models import *\n"
        "from ropewalk.models import ModelError, find_model\n"
        f"try: find_model({name!r})\n"
        "except ModelError as error: print(error)\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert told.count("\n") == 1
    assert f"pip install ropewalk-models[{name}]" in told


def test_they_are_exported_when_asked_for() -> None:
    assert ropewalk.models.LightgbmRegressor is LightgbmRegressor
    assert ropewalk.models.XgboostClassifier is XgboostClassifier
    with pytest.raises(AttributeError, match="no attribute 'CatboostRegressor'"):
        _ = ropewalk.models.CatboostRegressor
