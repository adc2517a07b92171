"""The flights that ship load alike from all three kinds of source, and join."""

from pathlib import Path

import pandas as pd
import pytest

from ropewalk.data_loaders import Filter, SchemaError, read_source

DATA = Path("notebooks/dummy_data")


@pytest.fixture(scope="module")
def joined() -> pd.DataFrame:
    return read_source(DATA / "flights.yaml").load()


def test_csv_parquet_and_sqlite_give_the_same_frame(joined: pd.DataFrame) -> None:
    parquet = read_source(DATA / "flights_parquet.yaml").load()
    sqlite = read_source(DATA / "flights_sqlite.yaml").load()

    pd.testing.assert_frame_equal(parquet, sqlite)
    pd.testing.assert_frame_equal(parquet, joined[parquet.columns])


def test_the_join_keeps_every_flight_once(joined: pd.DataFrame) -> None:
    assert len(joined) == 30_134
    assert joined["airline_name"].notna().all()
    assert joined["temp"].isna().sum() == 168
    assert joined["scheduled_departure"].dt.tz_convert("America/New_York").dt.date.nunique() >= 33


def test_what_is_filtered_in_the_source_equals_what_is_filtered_after() -> None:
    columns = ["carrier", "dep_delay"]
    filters: list[Filter] = [
        ("origin", "==", "JFK"),
        ("distance", ">", 2000),
        ("carrier", "in", ["B6", "UA"]),
    ]

    frames = [
        read_source(DATA / name).load(columns=columns, filters=filters)
        for name in ("flights.yaml", "flights_parquet.yaml", "flights_sqlite.yaml")
    ]

    assert len(frames[0]) > 500
    pd.testing.assert_frame_equal(frames[0], frames[1])
    pd.testing.assert_frame_equal(frames[0], frames[2])


def test_every_column_says_when_it_is_known() -> None:
    schema = read_source(DATA / "flights.yaml").schema()

    late = {name for name in schema.column_names if schema.known_at(name) == "arrived_at"}
    assert late == {"arr_time", "arr_delay", "air_time", "arrived_at"}
    assert schema.known_at("dep_delay") == "departed_at"
    assert schema.known_at("temp") == "time_hour"
    assert all(schema.known_at(name) for name in schema.column_names)


def test_a_changed_flight_that_breaks_the_schema_is_refused(tmp_path: Path) -> None:
    for name in ("flights.csv", "flights.schema.yaml"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    (tmp_path / "source.yaml").write_text(
        "{kind: csv, path: flights.csv, schema: flights.schema.yaml}"
    )
    text = (tmp_path / "flights.csv").read_text()
    (tmp_path / "flights.csv").write_text(text.replace(",JFK,", ",JFX,", 1))

    with pytest.raises(SchemaError, match=r"'origin' is declared as one of EWR, JFK, LGA.*'JFX'"):
        read_source(tmp_path / "source.yaml").load()
