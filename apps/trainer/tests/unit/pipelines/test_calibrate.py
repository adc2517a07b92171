import re
from pathlib import Path

import numpy as np
import pytest

from ropewalk.trainer.configuration import read_config
from ropewalk.trainer.data import load_data
from ropewalk.trainer.errors import TrainerError
from ropewalk.trainer.pipelines.calibrate import calibrate, coverage
from ropewalk.trainer.pipelines.evaluate import fit, predict


def test_intervals_hold_later_rows_about_as_often_as_asked(config_path: Path) -> None:
    config = read_config(config_path, {"intervals.level": "0.8"})
    data = load_data(config)

    intervals = calibrate("line", config, data)
    held = coverage(
        "line", intervals, predict("line", fit("line", config, data), data), config, data
    )

    assert held.level == 0.8
    assert held.inside == pytest.approx(0.8, abs=0.1)
    # The noise has a standard deviation of about one.
    assert 2 < held.width < 4


def test_a_row_that_is_calibrated_on_was_predicted_by_a_model_of_earlier_rows(
    config_path: Path,
) -> None:
    config = read_config(config_path, {"intervals.folds": "4"})
    data = load_data(config)

    intervals = calibrate("line", config, data)

    # A fifth of the rows has none before it.
    assert len(intervals.scores_) == len(data.train) - len(data.train) // 5
    fitted = np.abs(fit("line", config, data).predict(data.train[data.columns["line"]]))
    assert not np.isin(intervals.scores_, fitted).any()


def test_each_value_of_a_group_has_intervals_of_its_own(config_path: Path) -> None:
    config = read_config(config_path, {"intervals.group": "[kind]", "intervals.folds": "4"})

    intervals = calibrate("line", config, load_data(config))

    assert len(intervals.keys_) == 2


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ({"intervals.group": "[late]"}, "intervals: group 'late' is no column that 'line' sees"),
        ({"intervals.level": "0.9999"}, "intervals: level is 0.9999, which takes"),
        ({"intervals.folds": "20", "test_from": "2024-01-01 08:00:00Z"}, "intervals: "),
    ],
)
def test_what_can_not_be_calibrated_is_told(
    config_path: Path, override: dict[str, str], told: str
) -> None:
    config = read_config(config_path, override)
    data = load_data(config)

    with pytest.raises(TrainerError, match=re.escape(told)):
        coverage("line", calibrate("line", config, data), np.zeros(len(data.test)), config, data)
