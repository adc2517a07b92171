"""Every loader keeps the contract, over the same three rows."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from ropewalk.data_loaders import (
    CsvDataLoader,
    DataLoader,
    Join,
    JoinDataLoader,
    ParquetDataLoader,
    Schema,
    SqlDataLoader,
)
from ropewalk.data_loaders.loader_contract import LoaderContract

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
        rows = [line.split(",", 2) for line in CSV.replace('"x, y"', "xy").splitlines()]
        (self.folder / "left.csv").write_text("number,late\n1,true\n2,false\n3,true\n")
        (self.folder / "right.csv").write_text(
            "n,booked_at,delay,seats\n"
            + "".join(f"{n},{rest.rsplit(',', 1)[1]},,{n}0\n" for n, _, rest in rows[1:3]),
            encoding="utf-8",
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
