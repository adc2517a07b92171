from pathlib import Path

import pandas as pd
import pytest

from ropewalk.features import FeatureError
from ropewalk.models import ModelError
from ropewalk.trainer.configuration import read_config
from ropewalk.trainer.data import load_data
from ropewalk.trainer.errors import LeakageError, TrainerError

HISTORY = ["history_late_mean_kind_24h", "history_late_count_kind_24h"]


def test_rows_are_counted_dropped_and_split_by_time(config_path: Path) -> None:
    data = load_data(read_config(config_path))

    assert data.rows_read == 400
    assert data.dropped == {"target 'outcome' is missing": 4}
    assert len(data.train) + len(data.test) == 396
    assert data.train["asked_at"].max() < pd.Timestamp("2024-01-12", tz="UTC")
    assert data.test["asked_at"].min() == pd.Timestamp("2024-01-12", tz="UTC")


def test_history_is_made_on_all_rows_before_the_split(config_path: Path) -> None:
    data = load_data(read_config(config_path))

    assert data.columns["line"] == ["kind", "size", *HISTORY]
    # The first test row looks back on training rows.
    assert data.test[HISTORY[1]].iloc[0] > 0
    # The fifth row looks back on the first four, whose target is missing.
    assert data.train.index[0] == 4
    assert data.schema.dtype(HISTORY[0]) == "float64"


def test_without_history_there_are_no_columns_of_it(config_path: Path) -> None:
    config = read_config(
        config_path, {"history": "null", "candidates.line.flows": "[kinds, sizes]"}
    )

    data = load_data(config)

    assert data.history is None
    assert not [name for name in data.train if str(name).startswith("history")]


@pytest.mark.parametrize(
    ("overrides", "error", "told"),
    [
        ({"target": "outcom"}, TrainerError, "target: .* did you mean 'outcome'"),
        ({"target": "kind"}, TrainerError, "target: 'kind' is string; name a column of numbers"),
        ({"prediction_time": "size"}, TrainerError, "'size' is float64; name a time column: ask"),
        ({"test_from": "2030-01-01"}, ModelError, "no test rows"),
        ({"test_from": "soon"}, ModelError, "test_from is 'soon'"),
        ({"history.value": "size"}, TrainerError, "'size' must become known at a time"),
        ({"history.value": "sizze"}, Exception, "did you mean 'size'"),
        ({"history.parameters.windows": "[{by: [kin], hours: 1}]"}, FeatureError, "'kind'"),
        ({"flows.sizes.columns": "[late]"}, LeakageError, "'late' is known too late"),
        ({"flows.sizes.columns": "[undeclared]"}, LeakageError, "declare its known_at"),
        ({"flows.sizes.columns": "['*']"}, LeakageError, "'late' is known too late"),
        ({"flows.sizes.columns": "[outcome]"}, LeakageError, "is the target"),
    ],
)
def test_what_can_not_be_used_is_refused_in_one_line(
    config_path: Path, overrides: dict[str, str], error: type[Exception], told: str
) -> None:
    config = read_config(config_path, overrides)

    with pytest.raises(error, match=told) as caught:
        load_data(config)

    assert "\n" not in str(caught.value)


def test_a_later_prediction_time_lets_later_columns_in(config_path: Path) -> None:
    config = read_config(
        config_path, {"prediction_time": "done_at", "flows.sizes.columns": "[size, late]"}
    )

    data = load_data(config)

    assert "late" in data.columns["line"]


def test_a_target_that_is_missing_everywhere_is_refused(
    config_path: Path, rows: pd.DataFrame
) -> None:
    rows.assign(outcome=None).to_csv(config_path.parent / "made.csv", index=False)

    with pytest.raises(FeatureError, match="none of 400 rows can be used"):
        load_data(read_config(config_path))
