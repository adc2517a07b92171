from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.rule_based import NaiveRegressor


@parametrize_with_checks([NaiveRegressor(), NaiveRegressor(strategy="median")])  # type: ignore[untyped-decorator]
def test_keeps_scikit_learns_conventions(
    estimator: NaiveRegressor, check: Callable[[NaiveRegressor], None]
) -> None:
    check(estimator)


class TestContractOfAll(ModelContract):
    def make_estimator(self) -> NaiveRegressor:
        return NaiveRegressor()

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
        random = np.random.default_rng(0)
        X = pd.DataFrame(random.normal(size=(200, 4)), columns=list("abcd"))
        return X, X["a"].to_numpy() * 10 + random.normal(size=200)

    @pytest.mark.xfail(raises=TypeError, strict=True, reason="takes no weights yet")
    def test_the_target_of_a_row_of_no_weight_does_not_count(self) -> None:
        super().test_the_target_of_a_row_of_no_weight_does_not_count()

    @pytest.mark.xfail(raises=TypeError, strict=True, reason="takes no weights yet")
    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        super().test_a_row_of_weight_two_is_a_row_twice()


class TestContractOfGroups(ModelContract):
    def make_estimator(self) -> NaiveRegressor:
        return NaiveRegressor("median", group=["origin", "hour"])

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
        frame = pd.concat([FLIGHTS] * 3, ignore_index=True)
        return frame, np.arange(len(frame), dtype=np.float64)

    @pytest.mark.xfail(raises=TypeError, strict=True, reason="takes no weights yet")
    def test_the_target_of_a_row_of_no_weight_does_not_count(self) -> None:
        super().test_the_target_of_a_row_of_no_weight_does_not_count()

    @pytest.mark.xfail(raises=TypeError, strict=True, reason="takes no weights yet")
    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        super().test_a_row_of_weight_two_is_a_row_twice()


FLIGHTS = pd.DataFrame(
    {
        "origin": pd.Series(["JFK", "JFK", "EWR", None, "EWR", "JFK"], dtype="str"),
        "hour": [5, 6, 5, 6, 5, 5],
    }
)
DELAY = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 35.0])


@pytest.mark.parametrize(("strategy", "expected"), [("mean", 11.0), ("median", 6.0)])
@pytest.mark.parametrize("rows", [FLIGHTS, FLIGHTS[["hour"]].to_numpy()])
def test_without_group_every_row_gets_the_same(
    strategy: str, expected: float, rows: pd.DataFrame
) -> None:
    model = NaiveRegressor(strategy=strategy).fit(rows, DELAY)  # type: ignore[arg-type]

    assert model.predict(rows).tolist() == [expected] * 6


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_each_group_gets_its_own_and_a_new_group_the_overall(dtype: str) -> None:
    model = NaiveRegressor(strategy="median", group="origin")
    model.fit(FLIGHTS.astype({"origin": dtype}), DELAY)

    new = pd.DataFrame({"origin": ["LGA", "EWR", None, "JFK"], "hour": 0})

    assert model.predict(new).tolist() == [6.0, 10.0, 8.0, 2.0]
    assert len(model.keys_) == len(model.values_) == 3


@pytest.mark.parametrize("group", [["origin", "hour"], ("hour", "origin")])
def test_groups_by_several_columns_whole_numbers_turned_float_or_not(group: list[str]) -> None:
    model = NaiveRegressor(group=group).fit(FLIGHTS, DELAY)

    new = pd.DataFrame({"origin": ["JFK", "EWR", "EWR"], "hour": [5.0, 5.0, np.nan]})

    assert model.predict(new).tolist() == [18.0, 10.0, 11.0]


def test_the_text_missing_is_not_a_missing_value() -> None:
    frame = pd.DataFrame({"origin": ["missing", None]})

    model = NaiveRegressor(group="origin").fit(frame, [1.0, 3.0])

    assert model.predict(frame).tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    ("model", "rows", "says"),
    [
        (NaiveRegressor(strategy="mode"), FLIGHTS, "strategy is 'mode'"),  # type: ignore[arg-type]
        (NaiveRegressor(group="orign"), FLIGHTS, "'orign' is not in the frame"),
        (NaiveRegressor(group="hour"), FLIGHTS[["hour"]].to_numpy(), "give a DataFrame"),
    ],
)
def test_refuses_in_one_line(model: NaiveRegressor, rows: pd.DataFrame, says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        model.fit(rows, DELAY)

    assert "\n" not in str(caught.value)
