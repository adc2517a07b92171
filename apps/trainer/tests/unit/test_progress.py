from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ropewalk.models import HistogramBoostingRegressor
from ropewalk.trainer.progress import watched

X = np.arange(120.0).reshape(60, 2)
Y = np.arange(60.0)


def _told(model: BaseEstimator, inside: bool) -> list[str]:
    told: list[str] = []
    whole = make_pipeline(StandardScaler(), model) if inside else model
    with watched(model, told.append):
        whole.fit(X, Y > 30)
    return told


@pytest.mark.parametrize("inside", [False, True])
def test_tells_each_percent_once(inside: bool) -> None:
    few = _told(HistogramBoostingRegressor(max_iter=4), inside)
    many = _told(HistogramBoostingRegressor(max_iter=250), inside)

    assert few == ["25 %", "50 %", "75 %", "100 %"]
    assert many == [f"{percent} %" for percent in range(1, 101)]


@pytest.mark.parametrize("inside", [False, True])
def test_takes_what_has_callbacks_of_its_own_or_none(inside: bool) -> None:
    assert _told(LinearRegression(), inside) == []
    assert set(_told(LogisticRegression(), inside)) <= {f"{share} %" for share in range(101)}


def test_leaves_nothing_on_the_model_even_when_its_fit_fails() -> None:
    model = HistogramBoostingRegressor(max_iter=4)

    with pytest.raises(ValueError, match="NaN"), watched(model, lambda share: None):
        model.fit(X, np.full(60, np.nan))

    assert "_skl_callbacks" not in vars(model)
