"""Of a Parquet file no more is read than what is asked for, and damage is told."""

import io
from pathlib import Path
from typing import ClassVar

import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec import AbstractFileSystem

from ropewalk.data_loaders import Filter, ParquetDataLoader, Schema, SourceError

ROWS = 40_000


class CountedFile(io.BytesIO):
    """A file that counts what is read from it, and loses the connection once, when told."""

    bytes_read = 0
    reads = 0
    fails_at: int | None = None

    def read(self, size: int | None = -1) -> bytes:
        CountedFile.reads += 1
        if CountedFile.fails_at is not None and CountedFile.reads > CountedFile.fails_at:
            CountedFile.fails_at = None
            raise ConnectionResetError("gone")
        content = super().read(size)
        CountedFile.bytes_read += len(content)
        return content


class CountedFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """Files that count what is read of them."""

    protocol = "counted"
    files: ClassVar[dict[str, bytes]] = {}

    def info(self, path: str, **options: object) -> dict[str, object]:
        name = self._strip_protocol(path)
        if name not in self.files:
            raise FileNotFoundError(name)
        return {"name": name, "size": len(self.files[name]), "type": "file"}

    def _open(self, path: str, *arguments: object, **options: object) -> CountedFile:
        return CountedFile(self.files[path])


@pytest.fixture(scope="module")
def counted() -> str:
    fsspec.register_implementation("counted", CountedFileSystem, clobber=True)
    number = pd.Series(range(ROWS))
    frame = pd.DataFrame({"number": number, **{f"n{i}": number * i % 997 for i in range(9)}})
    frame["time"] = pd.Timestamp("2013-01-01T00:00Z") + pd.to_timedelta(number, unit="min")
    sink = io.BytesIO()
    frame.to_parquet(sink, row_group_size=ROWS // 10)
    CountedFileSystem.files["some.parquet"] = sink.getvalue()
    return "counted://some.parquet"


def bytes_of(
    path: str, columns: list[str] | None = None, filters: list[Filter] | None = None
) -> tuple[pd.DataFrame, int]:
    CountedFile.bytes_read = 0
    loaded = ParquetDataLoader(path).load(columns=columns, filters=filters)
    return loaded, CountedFile.bytes_read


def test_columns_not_asked_for_are_not_read(counted: str) -> None:
    everything, all_bytes = bytes_of(counted)
    one, few_bytes = bytes_of(counted, columns=["n3"])
    CountedFile.bytes_read = 0
    chunks = list(ParquetDataLoader(counted).iter_chunks(7000, columns=["n3"]))

    assert 0 < few_bytes < all_bytes / 5
    assert 0 < CountedFile.bytes_read < all_bytes / 5
    pd.testing.assert_frame_equal(one, everything[["n3"]])
    pd.testing.assert_frame_equal(pd.concat(chunks), one)


@pytest.mark.parametrize(
    "condition",
    [
        ("number", "<", 1000),
        ("number", "==", 39_999),
        ("number", "in", [5, 6]),
        ("time", "<", pd.Timestamp("2013-01-01T05:00Z")),
    ],
)
def test_row_groups_that_a_filter_leaves_out_are_not_read(counted: str, condition: Filter) -> None:
    everything, all_bytes = bytes_of(counted)
    some, few_bytes = bytes_of(counted, filters=[condition])

    assert 0 < few_bytes < all_bytes / 3
    name = condition[0]
    kept = everything[everything[name].isin(some[name])].reset_index(drop=True)
    assert len(some) in (1, 2, 300, 1000)
    pd.testing.assert_frame_equal(some, kept)


def test_a_filter_that_leaves_nothing_keeps_the_types(counted: str) -> None:
    everything, _ = bytes_of(counted)
    none, _ = bytes_of(counted, filters=[("number", ">", ROWS)])

    pd.testing.assert_frame_equal(none, everything.head(0))


@pytest.mark.parametrize("value", [0.1, 16_777_217 / 2])
def test_a_short_float_is_compared_by_pandas_alone(tmp_path: Path, value: float) -> None:
    # 0.1 in 32 bits is another number than in 64, and pandas takes the two for equal.
    frame = pd.DataFrame({"a": pd.Series([value], dtype="float32")})
    frame.to_parquet(tmp_path / "some.parquet")

    loaded = ParquetDataLoader(str(tmp_path / "some.parquet")).load(filters=[("a", "==", value)])

    assert len(loaded) == len(frame[frame["a"] == value])


def test_a_filter_on_what_is_stored_otherwise_than_declared_still_holds(tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    pd.DataFrame({"a": ["10", "9"]}).to_parquet(path)
    schema = Schema.model_validate({"columns": {"a": {"dtype": "int64"}}})

    loaded = ParquetDataLoader(str(path), schema).load(filters=[("a", ">", 9)])

    assert loaded["a"].to_list() == [10]


def test_whole_numbers_beside_missing_ones_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    pq.write_table(pa.table({"a": pa.array([2**60 + 1, None], pa.int64())}), path)
    schema = Schema.model_validate({"columns": {"a": {"dtype": "string", "nullable": True}}})

    assert ParquetDataLoader(str(path), schema).load()["a"].to_list()[0] == str(2**60 + 1)


def test_a_stored_index_is_a_column(tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    pd.DataFrame({"a": [1]}, index=["x"]).to_parquet(path)

    assert ParquetDataLoader(str(path)).load().to_dict("list") == {
        "a": [1],
        "__index_level_0__": ["x"],
    }


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    text, cut, none, twice = (tmp_path / name for name in ("text", "cut", "none", "twice"))
    text.write_text("a,b\n1,2\n")
    pq.write_table(pa.table({"a": [1]}), cut)
    cut.write_bytes(cut.read_bytes()[:-10])
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), none)
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), twice)

    for path, told in {
        text: "is not a Parquet file",
        cut: "is not a Parquet file",
        none: "has no rows",
        twice: "has two columns 'a'",
    }.items():
        with pytest.raises(SourceError, match=told):
            ParquetDataLoader(str(path)).load()


@pytest.mark.parametrize("limit", [None, 5])
def test_a_page_that_does_not_match_its_checksum_is_told(limit: int | None, tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    table = pa.table({"a": list(range(1000))})
    pq.write_table(table, path, write_page_checksum=True, use_dictionary=False, compression="none")
    content = bytearray(path.read_bytes())
    content[3000] ^= 1
    path.write_bytes(content)

    with pytest.raises(SourceError, match="is damaged"):
        ParquetDataLoader(str(path)).load(limit=limit)


def test_a_lost_connection_is_no_damage_and_tried_again(counted: str) -> None:
    loader = ParquetDataLoader(counted)
    CountedFile.reads = 0
    loader.load()

    for read in range(CountedFile.reads):
        CountedFile.reads, CountedFile.fails_at = 0, read
        assert len(loader.load()) == ROWS
        assert CountedFile.fails_at is None
