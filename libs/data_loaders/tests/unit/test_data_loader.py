"""What the base class owns: retries, errors, derived times, undeclared sources."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from ropewalk.data_loaders import (
    ColumnError,
    CsvDataLoader,
    DataLoader,
    Filter,
    Join,
    JoinDataLoader,
    ParquetDataLoader,
    Schema,
    SchemaError,
    SourceError,
    SqlDataLoader,
)


class Flaky(DataLoader):
    """Fails as often as told before its first rows come."""

    def __init__(self, failures: list[Exception]) -> None:
        super().__init__()
        self.failures = failures

    def _stored_columns(self) -> list[str]:
        return ["a"]

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        if self.failures:
            raise self.failures.pop()
        yield pd.DataFrame({"a": [1]})

    def _described(self) -> dict[str, object]:
        return {"kind": "flaky", "path": "flaky"}


def test_a_transient_fault_is_tried_again() -> None:
    loader = Flaky([ConnectionResetError("gone"), TimeoutError("slow")])

    assert loader.load()["a"].to_list() == [1]


def test_a_lasting_fault_ends_in_one_line_that_names_the_source() -> None:
    loader = Flaky([ConnectionResetError("gone") for _ in range(9)])

    with pytest.raises(SourceError, match="flaky: can't be read: gone"):
        loader.load()
    assert len(loader.failures) == 5


def test_what_is_not_transient_is_not_tried_again() -> None:
    loader = Flaky([PermissionError(13, "Permission denied"), PermissionError(13, "denied")])

    with pytest.raises(SourceError, match="denied"):
        loader.load()
    assert len(loader.failures) == 1


@pytest.mark.parametrize("load", [CsvDataLoader, ParquetDataLoader])
def test_missing_empty_and_folder_sources_are_told(
    load: type[CsvDataLoader | ParquetDataLoader], tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.touch()

    with pytest.raises(SourceError, match="no such file"):
        load(str(tmp_path / "missing")).load()
    with pytest.raises(SourceError, match="is empty"):
        load(str(empty)).load()
    with pytest.raises(SourceError, match="is a folder"):
        load(str(tmp_path)).load()
    with pytest.raises(SourceError, match="can't be reached"):
        load("nosuchprotocol://x").load()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n", "has a header and no rows"),
        (b"a,b\n1,2\n1,2,3\n", "not well-formed CSV: Expected 2 fields in line 3, saw 3"),
        (b"a,b\n\xff\xfe,2\n", "not UTF-8"),
        (b"\n\n", "is empty"),
    ],
)
def test_a_broken_csv_is_told(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)

    with pytest.raises(SourceError, match=told):
        CsvDataLoader(str(path)).load()


def test_a_file_that_is_no_parquet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "text.parquet"
    path.write_text("a,b\n1,2\n")

    with pytest.raises(SourceError, match="is not a Parquet file"):
        ParquetDataLoader(str(path)).load()


def test_types_hold_for_all_chunks_where_pandas_would_flip_them(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("a\n1\n2\n\n3\n".replace("\n\n", "\n''\n").replace("''", ""))
    path.write_text("a,b\n1,x\n2,x\n,x\n3,x\n")
    schema = Schema.model_validate({"columns": {"a": {"dtype": "float64", "nullable": True}}})

    chunks = list(CsvDataLoader(str(path), schema).iter_chunks(chunk_size=1))

    assert {str(chunk["a"].dtype) for chunk in chunks} == {"float64"}


def test_text_in_a_number_column_is_told_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("a\n1\nx\n2\ny\n")
    schema = Schema.model_validate({"columns": {"a": {"dtype": "int64"}}})

    with pytest.raises(SchemaError, match=r"'a' is declared int64, but 2 .*row 1 holds 'x'"):
        CsvDataLoader(str(path), schema).load()
    with pytest.raises(SchemaError, match=r"row 1 holds 'x'"):
        list(CsvDataLoader(str(path), schema).iter_chunks(chunk_size=1))


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"dtype": "float64"}, "declared without missing values .* 1 of its values .*row 1"),
        ({"dtype": "int64"}, "can't be missing, but 1 .* declare float64"),
        ({"dtype": "float64", "nullable": True, "minimum": 2}, "declared from 2, but 1 .*row 0"),
        ({"dtype": "float64", "nullable": True, "maximum": 2}, "declared to 2, but 1 .*row 2"),
        ({"dtype": "string", "nullable": True, "categories": ["1"]}, "one of 1, but 1 .*row 2"),
        ({"dtype": "datetime"}, "declared datetime, but 2"),
        ({"dtype": "bool"}, "declared bool, but 1 .*row 2"),
    ],
)
def test_a_broken_rule_names_column_rule_count_and_rows(
    declared: dict[str, object], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "some.csv"
    path.write_text("other,a\nx,1\nx,\nx,3\n")
    schema = Schema.model_validate({"columns": {"a": declared}})
    if declared["dtype"] == "datetime":
        path.write_text("other,a\nx,nonsense\nx,\nx,2013-13-13\n")

    with pytest.raises(SchemaError, match=f"'a'.*{told}"):
        CsvDataLoader(str(path), schema).load()


def test_a_declared_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("orgin\nx\n")
    schema = Schema.model_validate({"columns": {"origin": {"dtype": "string"}}})

    with pytest.raises(ColumnError, match="which the schema declares; did you mean 'orgin'"):
        CsvDataLoader(str(path), schema).load()


def test_a_wrong_comparison_is_told(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("a\n1\n")

    with pytest.raises(ColumnError, match="no comparison '='"):
        CsvDataLoader(str(path)).load(filters=[("a", "=", 1)])
    with pytest.raises(SourceError, match="chunk_size is 0"):
        list(CsvDataLoader(str(path)).iter_chunks(chunk_size=0))


def test_a_file_is_read_from_any_fsspec_file_system() -> None:
    with fsspec.open("memory://folder/some.csv", "w") as file:
        file.write("a\n1\n")

    assert CsvDataLoader("memory://folder/some.csv").load()["a"].to_list() == [1]


def test_sql_faults_tell_the_fault_and_no_secret(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such SQLite file"):
        SqlDataLoader(f"sqlite:///{tmp_path}/missing.sqlite", table="t").load()
    assert not (tmp_path / "missing.sqlite").exists()

    (tmp_path / "text.sqlite").write_text("no database at all, but long enough to be read as one")
    with pytest.raises(SourceError, match="file is not a database"):
        SqlDataLoader(f"sqlite:///{tmp_path}/text.sqlite", table="t").load()

    with pytest.raises(SourceError, match="exactly one"):
        SqlDataLoader("sqlite:///x", table="t", query="SELECT 1")

    loader = SqlDataLoader("nosuch://me:secret@host/db", table="t")
    with pytest.raises(SourceError) as told:
        loader.load()
    assert "secret" not in f"{told.value} {loader!r} {loader.lineage()}"


def test_a_join_that_would_repeat_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "left.csv").write_text("k\n1\n")
    (tmp_path / "right.csv").write_text("k,v\n1,a\n1,b\n")
    left = CsvDataLoader(str(tmp_path / "left.csv"))
    right = CsvDataLoader(str(tmp_path / "right.csv"))

    with pytest.raises(SourceError, match=r"1 rows repeat a key of the join \(first: k=1\)"):
        JoinDataLoader(left, [Join(right, {"k": "k"})]).load()
    with pytest.raises(ColumnError, match=r"join key 'kk' is no column.*did you mean 'k'"):
        JoinDataLoader(left, [Join(right, {"kk": "k"})])
    with pytest.raises(ColumnError, match="give the join a prefix"):
        JoinDataLoader(right, [Join(right, {"k": "k"})])
