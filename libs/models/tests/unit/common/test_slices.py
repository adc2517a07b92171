from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from ropewalk.models.common import (
    bootstrap_interval,
    coverage,
    mae,
    rmse,
    score_slices,
    skill,
)
from ropewalk.models.errors import ModelError

RANDOM = np.random.default_rng(0)
BY = pd.DataFrame(
    {
        "carrier": pd.Series(RANDOM.choice(["AA", "UA", ""], size=300)).replace("", None),
        "month": RANDOM.choice([10, 11], size=300),
    }
)
ACTUAL = RANDOM.normal(size=300)
PREDICTED = ACTUAL + RANDOM.normal(size=300) * np.where(BY["carrier"] == "AA", 3, 1)


@pytest.mark.parametrize("dtype", [pd.StringDtype(), np.dtype(object), pd.CategoricalDtype()])
def test_each_slice_is_measured_alone_a_missing_value_too(
    dtype: pd.StringDtype | np.dtype[np.object_] | pd.CategoricalDtype,
) -> None:
    by = BY["carrier"].astype(dtype).set_axis(RANDOM.permutation(300))

    table = score_slices(by, rmse, ACTUAL, PREDICTED, random_state=0)

    assert table.index.name == "carrier"
    assert table.index[:2].tolist() == ["AA", "UA"]
    assert pd.isna(table.index[2])
    for place, carrier in enumerate(["AA", "UA", None]):
        line = table.iloc[place]
        rows = BY["carrier"].isna() if carrier is None else BY["carrier"] == carrier
        assert line["rows"] == rows.sum()
        assert line["score"] == pytest.approx(rmse(ACTUAL[rows], PREDICTED[rows]))
        assert line["low"] < line["score"] < line["high"]
    assert table["rows"].sum() == 300


def test_two_columns_make_their_crossing_with_the_skill_over_a_baseline() -> None:
    naive = np.zeros(300)

    table = score_slices(BY, mae, ACTUAL, PREDICTED, baseline=naive, random_state=0)

    assert table.index.names == ["carrier", "month"]
    assert len(table) == 6
    rows = ((BY["carrier"] == "UA") & (BY["month"] == 11)).to_numpy()
    line = table.loc[[("UA", 11)]].iloc[0]
    assert line["baseline"] == pytest.approx(mae(ACTUAL[rows], naive[rows]))
    assert line["skill"] == pytest.approx(skill(line["score"], line["baseline"]))


def test_blocks_are_drawn_whole_within_a_slice() -> None:
    day = np.arange(300) // 10
    rows = (BY["month"] == 10).to_numpy()

    table = score_slices(BY["month"], mae, ACTUAL, PREDICTED, block=day, level=0.9, random_state=3)

    expected = bootstrap_interval(
        mae, ACTUAL[rows], PREDICTED[rows], block=day[rows], level=0.9, random_state=3
    )
    assert tuple(table.loc[10, ["low", "high"]]) == expected


def test_a_slice_of_one_row_or_block_has_no_interval_and_a_perfect_baseline_no_skill() -> None:
    by = pd.Series(["one", "two", "two"], name="size")

    table = score_slices(by, mae, [1, 2, 3], [1, 1, 1], baseline=[1, 2, 3], random_state=0)

    assert table["low"].isna().tolist() == [True, False]
    assert table["skill"].isna().all()
    blocked = score_slices(by, mae, [1, 2, 3], [1, 1, 1], block=["a", "b", "b"])
    assert blocked["low"].isna().all()


def test_takes_any_measure_of_any_columns() -> None:
    low, high = PREDICTED - 2, PREDICTED + 2

    table = score_slices(BY["month"], coverage, ACTUAL, low, high, random_state=0)
    lost = score_slices(BY["month"], log_loss, ACTUAL > 0, np.full(300, 0.5), random_state=0)

    assert table["score"].between(0, 1).all()
    assert lost["score"].to_numpy() == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: score_slices(BY, mae, ACTUAL[1:], PREDICTED[1:]), "by has 300 rows, column 1 299"),
        (lambda: score_slices(BY, mae, ACTUAL, PREDICTED, block=[1]), "300 rows, block 1"),
        (lambda: score_slices(BY, mae, ACTUAL, baseline=ACTUAL), "no column of predictions"),
        (lambda: score_slices(BY[:0], mae, [], []), "by has no rows"),
    ],
)
def test_refuses_in_one_line(act: Callable[[], object], says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        act()

    assert "\n" not in str(caught.value)
