"""What a CSV file can be like, and what is told of one that is not well."""

import gzip
from pathlib import Path

import pytest

from ropewalk.data_loaders import CsvDataLoader, Schema, SchemaError, SourceError


def loader(
    content: str | bytes, folder: Path, schema: dict[str, object] | None = None, name: str = "x.csv"
) -> CsvDataLoader:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    declared = Schema.model_validate({"columns": schema}) if schema else None
    return CsvDataLoader(str(path), declared)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b", "has a header and no rows"),
        ("a,b\n", "has a header and no rows"),
        ("a,a\n1,2\n", "has two columns 'a'; rename one"),
        ("a,b\n1,2\n1,2,3\n", "not well-formed CSV: Expected 2 fields in line 3, saw 3"),
        ("a,b\n1,2,3\n1,2,3\n", "not well-formed CSV: Expected 2 fields in line 2, saw 3"),
        ('a,b\n1,"2\n3,4\n', "not well-formed CSV: EOF inside string"),
        (b"a,b\n\xff\xfe,2\n", "not UTF-8"),
        (b"a,b\n" + b"1,2\n" * 100_000 + b"\xff,2\n", "not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "not UTF-8"),
    ],
)
@pytest.mark.parametrize("columns", [None, ["a"]])
def test_a_broken_file_is_told(
    content: str | bytes, told: str, columns: list[str] | None, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=rf"x\.csv: .*{told}"):
        loader(content, tmp_path).load(columns=columns)
    with pytest.raises(SourceError, match=rf"x\.csv: .*{told}"):
        list(loader(content, tmp_path).iter_chunks(1000, columns=columns))


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", gzip.compress(b"a,b\n1,2\n")[:-12]], ids=["text", "cut off"]
)
def test_a_broken_compression_is_told(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"x\.csv\.gz: "):
        loader(content, tmp_path, name="x.csv.gz").load()


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    assert loader(gzip.compress(b"a\n1\n"), tmp_path, name="x.csv.gz").load()["a"].to_list() == [1]


@pytest.mark.parametrize(
    "content", ["\ufeffa,b\n1,2\n", "a,b\r\n1,2\r\n", "\na,b\n\n1,2\n", "a,b\n1,2"]
)
def test_marks_line_ends_and_blank_lines_are_no_data(content: str, tmp_path: Path) -> None:
    assert loader(content, tmp_path).load().to_dict("list") == {"a": [1], "b": [2]}


def test_a_column_without_a_name_has_one_by_its_place(tmp_path: Path) -> None:
    assert loader(",b\n1,2\n", tmp_path).load().to_dict("list") == {"Unnamed: 0": [1], "b": [2]}


def test_every_character_of_text_counts(tmp_path: Path) -> None:
    text = {"dtype": "string"}

    loaded = loader("a,b\n007,1e5\n10,2\n", tmp_path, {"a": text, "b": text}).load()

    assert loaded.to_dict("list") == {"a": ["007", "10"], "b": ["1e5", "2"]}


def test_a_time_beside_a_missing_one_is_read_as_it_is_written(tmp_path: Path) -> None:
    # As a number, 2013 would become 2013.0.
    time: dict[str, object] = {"a": {"dtype": "datetime", "nullable": True}}

    loaded = loader("a,b\n2013,1\n,2\n", tmp_path, time).load()

    assert loaded["a"].isna().to_list() == [False, True]


def test_whole_numbers_beyond_what_a_float_holds_are_exact(tmp_path: Path) -> None:
    loaded = loader("a\n9007199254740993\n2\n", tmp_path, {"a": {"dtype": "int64"}}).load()

    assert loaded["a"].to_list() == [9007199254740993, 2]


@pytest.mark.parametrize("value", ["x", "1.5", "inf", "99999999999999999999", "True"])
@pytest.mark.parametrize("chunk_size", [1, 2, 100])
def test_a_value_that_is_no_whole_number_is_told_with_its_row(
    value: str, chunk_size: int, tmp_path: Path
) -> None:
    content = f"a,b\n1,y\n2,y\n{value},y\n4,y\n"

    with pytest.raises(
        SchemaError, match=rf"'a' is declared int64, but 1 .*\(row 3 holds '?{value}"
    ):
        list(loader(content, tmp_path, {"a": {"dtype": "int64"}}).iter_chunks(chunk_size))


def test_types_hold_for_all_chunks_where_pandas_would_flip_them(tmp_path: Path) -> None:
    schema: dict[str, object] = {
        "number": {"dtype": "float64", "nullable": True},
        "text": {"dtype": "string", "nullable": True},
        "time": {"dtype": "datetime", "nullable": True},
    }
    content = "number,text,time\n1,,\n,2,2013\n3,x,2013-01-01T00:00Z\n"

    chunks = list(loader(content, tmp_path, schema).iter_chunks(chunk_size=1))

    dtypes = {name: {str(chunk[name].dtype) for chunk in chunks} for name in schema}
    assert dtypes == {"number": {"float64"}, "text": {"str"}, "time": {"datetime64[us, UTC]"}}


@pytest.mark.parametrize("delimiter", ["", "||"])
def test_a_delimiter_is_one_character(delimiter: str) -> None:
    with pytest.raises(SourceError, match="give one character"):
        CsvDataLoader("some.csv", delimiter=delimiter)
