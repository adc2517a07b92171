from pathlib import Path

import pytest

from ropewalk.trainer.assembly import assemble, input_columns, match_columns
from ropewalk.trainer.configuration import read_config
from ropewalk.trainer.errors import TrainerError

AVAILABLE = ["asked_at", "kind", "size", "history_late_mean_kind_24h"]


def test_patterns_and_names_give_each_column_once() -> None:
    assert match_columns(["s*", "size", "kind"], AVAILABLE, "x") == ["size", "kind"]


def test_what_stands_for_nothing_is_named() -> None:
    with pytest.raises(TrainerError, match=r"flow 'x': there is no column 'sizes'; .*'size'"):
        match_columns(["sizes"], AVAILABLE, "flow 'x'")


def test_a_candidate_sees_the_columns_of_its_flows_in_the_order_of_the_source(
    config_path: Path,
) -> None:
    config = read_config(config_path)

    columns = {
        name: input_columns(name, one, config, AVAILABLE) for name, one in config.candidates.items()
    }

    assert columns == {
        "mean": ["asked_at"],
        "median": ["asked_at"],
        "line": ["kind", "size", "history_late_mean_kind_24h"],
        "raw": ["kind", "size"],
    }


def test_flows_come_before_the_model(config_path: Path) -> None:
    config = read_config(config_path)

    line = assemble(config.candidates["line"], config, ["kind", "size", "history_a"])
    raw = assemble(config.candidates["raw"], config, ["kind", "size"])

    assert list(line.named_steps) == ["features", "model"]
    assert [name for name, _, _ in line.named_steps["features"].transformers] == [
        "kinds",
        "sizes",
        "history",
    ]
    assert list(raw.named_steps) == ["model"]
