import pandas as pd
import pytest

from ropewalk.data_loaders import ColumnError, Schema
from ropewalk.trainer.errors import LeakageError
from ropewalk.trainer.leakage import refuse_leaks

SCHEMA = Schema.model_validate(
    {
        "columns": {
            "asked_at": {"dtype": "datetime", "known_at": "always"},
            "seen_at": {"dtype": "datetime", "nullable": True, "known_at": "always"},
            "always": {"dtype": "float64", "known_at": "always"},
            "later": {"dtype": "float64", "nullable": True, "known_at": "seen_at"},
            "silent": {"dtype": "float64"},
        }
    }
)


def frame(seen: list[str | None], later: list[float | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "asked_at": pd.to_datetime(["2024-01-01 12:00"] * len(seen), utc=True),
            "seen_at": pd.to_datetime(pd.Series(seen, dtype="str"), utc=True, format="ISO8601"),
            "always": 1.0,
            "later": later,
            "silent": 1.0,
        }
    )


def test_what_is_known_by_then_passes() -> None:
    rows = frame(["2024-01-01 11:59", "2024-01-01 12:00"], [1.0, 2.0])

    refuse_leaks(rows, ["always", "later"], SCHEMA, "target", "asked_at")


def test_one_row_that_is_known_a_second_too_late_is_enough() -> None:
    rows = frame(["2024-01-01 11:00", "2024-01-01 12:00:01"], [1.0, 2.0])

    with pytest.raises(LeakageError, match=r"'later' .* seen_at, .* after asked_at in 1 of 2 rows"):
        refuse_leaks(rows, ["later"], SCHEMA, "target", "asked_at")


def test_a_value_that_never_becomes_known_is_a_leak() -> None:
    rows = frame([None], [1.0])

    with pytest.raises(LeakageError, match="1 of 1"):
        refuse_leaks(rows, ["later"], SCHEMA, "target", "asked_at")


def test_a_row_without_the_value_leaks_nothing() -> None:
    rows = frame(["2024-01-01 13:00"], [None])

    refuse_leaks(rows, ["later"], SCHEMA, "target", "asked_at")


def test_a_later_prediction_time_lets_it_in() -> None:
    rows = frame(["2024-01-01 13:00"], [1.0])

    refuse_leaks(rows, ["later"], SCHEMA, "target", "seen_at")


def test_a_column_that_says_nothing_is_refused() -> None:
    rows = frame(["2024-01-01 11:00"], [1.0])

    with pytest.raises(LeakageError, match=r"nothing says when 'silent' .* declare its known_at"):
        refuse_leaks(rows, ["silent"], SCHEMA, "target", "asked_at")


def test_the_target_is_never_an_input() -> None:
    rows = frame(["2024-01-01 11:00"], [1.0])

    with pytest.raises(LeakageError, match="'always' is the target"):
        refuse_leaks(rows, ["always"], SCHEMA, "always", "asked_at")


def test_an_unknown_column_is_named() -> None:
    rows = frame(["2024-01-01 11:00"], [1.0])

    with pytest.raises(ColumnError, match="no column 'alway'; did you mean 'always'"):
        refuse_leaks(rows, ["alway"], SCHEMA, "target", "asked_at")
