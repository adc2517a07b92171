"""Every loader keeps the contract, over the same three rows; one that does not is found out."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest

from ropewalk.data_loaders import (
    CsvDataLoader,
    DataLoader,
    Filter,
    Join,
    JoinDataLoader,
    LoaderContract,
    ParquetDataLoader,
    Schema,
    SqlDataLoader,
)

SCHEMA = Schema.model_validate(
    {
        "columns": {
            "number": {"dtype": "int64", "known_at": "always"},
            "name": {"dtype": "string", "nullable": True, "known_at": "always"},
            "delay": {"dtype": "float64", "nullable": True, "known_at": "left_at"},
            "late": {"dtype": "bool", "known_at": "always"},
            "booked_at": {"dtype": "datetime", "known_at": "always"},
        },
        "times": {"left_at": {"base": "booked_at", "plus": "delay", "known_at": "left_at"}},
    }
)

CSV = """number,name,delay,late,booked_at
1,Ålesund,,true,2013-01-01T10:00:00Z
2,,90,false,2013-01-01T11:00:00Z
3,"x, y",-1.5,true,2013-01-01T12:00:00Z
"""


def expected_frame() -> pd.DataFrame:
    booked = pd.to_datetime(
        ["2013-01-01T10:00:00Z", "2013-01-01T11:00:00Z", "2013-01-01T12:00:00Z"]
    ).astype("datetime64[us, UTC]")
    left = pd.to_datetime(["NaT", "2013-01-01T12:30:00Z", "2013-01-01T11:58:30Z"])
    return pd.DataFrame(
        {
            "number": [1, 2, 3],
            "name": pd.Series(["Ålesund", None, "x, y"], dtype="str"),
            "delay": [None, 90.0, -1.5],
            "late": [True, False, True],
            "booked_at": booked,
            "left_at": left.astype("datetime64[us, UTC]"),
        }
    )


class _WithFolder(LoaderContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def expected(self) -> pd.DataFrame:
        return expected_frame()


class TestCsv(_WithFolder):
    def make_loader(self) -> DataLoader:
        path = self.folder / "some.csv"
        path.write_text(CSV, encoding="utf-8")
        return CsvDataLoader(str(path), SCHEMA)


class TestParquet(_WithFolder):
    def make_loader(self) -> DataLoader:
        path = self.folder / "some.parquet"
        expected_frame()[list(SCHEMA.columns)].to_parquet(path)
        return ParquetDataLoader(str(path), SCHEMA)


class TestSqlTable(_WithFolder):
    # SQLite has neither booleans nor times: it gives 1 and text.
    def make_loader(self) -> DataLoader:
        path = self.folder / "some.sqlite"
        path.unlink(missing_ok=True)
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE t (number, name, delay, late, booked_at)")
            connection.executemany(
                "INSERT INTO t VALUES (?, ?, ?, ?, ?)",
                [
                    (1, "Ålesund", None, 1, "2013-01-01T10:00:00Z"),
                    (2, None, 90, 0, "2013-01-01T11:00:00Z"),
                    (3, "x, y", -1.5, 1, "2013-01-01T12:00:00Z"),
                ],
            )
        connection.close()
        return SqlDataLoader(f"sqlite:///{path}", table="t", schema=SCHEMA)


class TestSqlQuery(TestSqlTable):
    def make_loader(self) -> DataLoader:
        super().make_loader()
        url = f"sqlite:///{self.folder / 'some.sqlite'}"
        return SqlDataLoader(url, query="SELECT * FROM t ORDER BY number", schema=SCHEMA)


class TestJoin(_WithFolder):
    """Rows of names and delays, looked up by number; one lookup finds nothing."""

    def make_loader(self) -> DataLoader:
        (self.folder / "left.csv").write_text("number,late\n1,true\n2,false\n3,true\n")
        (self.folder / "right.csv").write_text(
            "n,booked_at,delay,seats\n1,2013-01-01T10:00Z,,10\n2,2013-01-01T11:00Z,,20\n"
        )
        left = Schema.model_validate(
            {"columns": {n: SCHEMA.columns[n] for n in ("number", "late")}}
        )
        right = Schema.model_validate(
            {
                "columns": {
                    "n": {"dtype": "int64", "known_at": "always"},
                    "booked_at": {"dtype": "datetime", "known_at": "always"},
                    "delay": {"dtype": "float64", "nullable": True, "known_at": "booked_at"},
                    "seats": {"dtype": "int64", "known_at": "always"},
                }
            }
        )
        return JoinDataLoader(
            CsvDataLoader(str(self.folder / "left.csv"), left),
            [Join(CsvDataLoader(str(self.folder / "right.csv"), right), {"number": "n"}, "r_")],
        )

    def expected(self) -> pd.DataFrame:
        booked = pd.to_datetime(["2013-01-01T10:00:00Z", "2013-01-01T11:00:00Z", "NaT"])
        return pd.DataFrame(
            {
                "number": [1, 2, 3],
                "late": [True, False, True],
                "r_booked_at": booked.astype("datetime64[us, UTC]"),
                "r_delay": [float("nan")] * 3,
                "r_seats": [10.0, 20.0, float("nan")],
            }
        )

    def test_a_known_at_follows_its_column(self) -> None:
        assert self.make_loader().schema().known_at("r_delay") == "r_booked_at"


class _InMemory(DataLoader):
    """Rows that are there already, with one fault of choice."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault

    def _stored_columns(self) -> list[str]:
        return ["a", "b"]

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        frame = _rows()[columns]
        if self.fault == "loses rows" and chunk_size is None:
            frame = frame.head(2)
        if self.fault == "loses rows that a filter keeps" and filters:
            frame = frame[frame["a"] < 3]
        if self.fault == "changes types":
            frame = frame.astype(object)
        if self.fault == "ignores the chunk size" or chunk_size is None:
            yield frame
            return
        for start in range(0, len(frame), chunk_size):
            yield frame[start : start + chunk_size]

    def _described(self) -> dict[str, object]:
        return {"kind": "" if self.fault == "tells no kind" else "memory"}


def _rows() -> pd.DataFrame:
    return pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


def _broken_promises(fault: str) -> set[str]:
    class Contract(LoaderContract):
        def make_loader(self) -> DataLoader:
            return _InMemory(fault)

        def expected(self) -> pd.DataFrame:
            return _rows()

    broken = set()
    for name in dir(Contract):
        if name.startswith("test_"):
            try:
                getattr(Contract(), name)()
            except AssertionError:
                broken.add(name)
    return broken


def test_the_contract_finds_nothing_wrong_with_a_sound_loader() -> None:
    assert _broken_promises("none") == set()


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        ("loses rows", "test_loads_what_the_source_holds"),
        ("loses rows that a filter keeps", "test_a_filter_means_the_same_in_every_source"),
        ("changes types", "test_loads_what_the_source_holds"),
        ("ignores the chunk size", "test_chunks_are_the_whole_in_pieces"),
        ("tells no kind", "test_lineage_is_json_and_repeatable"),
    ],
)
def test_the_contract_finds_a_fault(fault: str, promise: str) -> None:
    assert promise in _broken_promises(fault)
