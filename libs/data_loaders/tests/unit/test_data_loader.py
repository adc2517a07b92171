"""What the base class owns: retries, limits, names, types through all chunks, derived times."""

from collections.abc import Iterator, Sequence

import pandas as pd
import pytest

from ropewalk.data_loaders import ColumnError, DataLoader, Filter, Schema, SchemaError, SourceError


class Chunks(DataLoader):
    """Chunks that are there already, after as many failures as told."""

    def __init__(
        self,
        chunks: list[pd.DataFrame],
        schema: Schema | None = None,
        failures: list[Exception] | None = None,
    ) -> None:
        super().__init__(schema)
        self.chunks = chunks
        self.failures = failures or []
        self.read = 0

    def _stored_columns(self) -> list[str]:
        return list(self.chunks[0].columns)

    def _read(
        self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
    ) -> Iterator[pd.DataFrame]:
        if self.failures:
            raise self.failures.pop()
        for chunk in self.chunks:
            self.read += 1
            yield chunk[columns]

    def _described(self) -> dict[str, object]:
        return {"kind": "chunks", "path": "some chunks"}


def chunks_of(*values: list[object]) -> list[pd.DataFrame]:
    return [pd.DataFrame({"a": chunk}) for chunk in values]


def test_a_transient_fault_is_tried_again() -> None:
    loader = Chunks(chunks_of([1]), failures=[ConnectionResetError("gone"), TimeoutError("slow")])

    assert loader.load()["a"].to_list() == [1]


def test_a_lasting_fault_ends_in_one_line_that_names_the_source() -> None:
    loader = Chunks(chunks_of([1]), failures=[ConnectionResetError("gone") for _ in range(9)])

    with pytest.raises(SourceError, match="some chunks: can't be read: gone"):
        loader.load()
    assert len(loader.failures) == 5


def test_what_is_not_transient_is_not_tried_again() -> None:
    loader = Chunks(chunks_of([1]), failures=[PermissionError(13, "denied") for _ in range(2)])

    with pytest.raises(SourceError, match="denied"):
        loader.load()
    assert len(loader.failures) == 1


def test_a_fault_after_the_first_chunk_is_told_and_not_tried_again() -> None:
    class Breaks(Chunks):
        def _read(
            self, columns: list[str], filters: Sequence[Filter], chunk_size: int | None
        ) -> Iterator[pd.DataFrame]:
            yield from super()._read(columns, filters, chunk_size)
            raise ConnectionResetError("gone")

    loader = Breaks(chunks_of([1]))

    with pytest.raises(SourceError, match="some chunks: can't be read: gone"):
        list(loader.iter_chunks())
    assert loader.read == 1


def test_a_limit_reads_no_more_than_it_needs() -> None:
    loader = Chunks(chunks_of([1, 2], [3, 4], [5, 6]))

    assert loader.load(limit=3)["a"].to_list() == [1, 2, 3]
    assert loader.read == 2


def test_a_limit_of_zero_reads_one_chunk_and_keeps_the_columns() -> None:
    loader = Chunks(chunks_of([1, 2], [3, 4]))

    loaded = loader.load(limit=0)

    assert loaded.empty
    assert loaded.dtypes.to_dict() == {"a": "int64"}
    assert loader.read == 1


def test_chunks_without_a_row_that_fulfils_the_filters_are_left_out() -> None:
    loader = Chunks(chunks_of([1, 2], [3, 4], [1, 5]))

    some = list(loader.iter_chunks(filters=[("a", "==", 1)]))
    none = list(loader.iter_chunks(filters=[("a", "==", 9)]))

    assert [chunk["a"].to_dict() for chunk in some] == [{0: 1}, {1: 1}]
    assert [len(chunk) for chunk in none] == [0]


def test_a_count_below_its_least_is_told() -> None:
    loader = Chunks(chunks_of([1]))

    with pytest.raises(SourceError, match="chunk_size is 0; give"):
        list(loader.iter_chunks(chunk_size=0))
    with pytest.raises(SourceError, match="limit is -1; give"):
        loader.load(limit=-1)


def test_a_column_asked_for_twice_is_told() -> None:
    with pytest.raises(ColumnError, match="column 'a' is asked for twice"):
        Chunks(chunks_of([1])).load(columns=["a", "a"])


def test_no_columns_are_as_many_rows() -> None:
    assert Chunks(chunks_of([1, 2])).load(columns=[]).shape == (2, 0)


def test_a_declared_column_that_is_not_there_is_told() -> None:
    schema = Schema.model_validate({"columns": {"aa": {"dtype": "int64"}}})

    with pytest.raises(ColumnError, match="'aa', which the schema declares; did you mean 'a'"):
        Chunks(chunks_of([1]), schema).load()


def test_declared_types_hold_for_all_chunks() -> None:
    schema = Schema.model_validate({"columns": {"a": {"dtype": "float64", "nullable": True}}})
    loader = Chunks(chunks_of([1, 2], [3, None]), schema)

    assert {str(chunk["a"].dtype) for chunk in loader.iter_chunks()} == {"float64"}


def test_undeclared_types_that_flip_between_chunks_are_refused() -> None:
    loader = Chunks(chunks_of([1, 2], [3, None]))

    with pytest.raises(SchemaError, match="'a' is int64 at first, but float64 from row 3 on"):
        list(loader.iter_chunks())


def test_rows_in_errors_count_from_one_through_all_chunks() -> None:
    schema = Schema.model_validate({"columns": {"a": {"dtype": "int64", "maximum": 3}}})

    with pytest.raises(SchemaError, match=r"\(row 4 holds 4\)"):
        list(Chunks(chunks_of([1, 2], [3, 4]), schema).iter_chunks())
    with pytest.raises(SchemaError, match=r"\(row 3 holds 'x'\)"):
        list(Chunks(chunks_of([1, 2], ["x", 4]), schema).iter_chunks())


def test_a_derived_time_loads_what_it_needs_and_no_more() -> None:
    schema = Schema.model_validate(
        {
            "columns": {
                "booked_at": {"dtype": "datetime"},
                "delay": {"dtype": "float64", "nullable": True},
                "other": {"dtype": "int64"},
            },
            "times": {
                "left_at": {"base": "booked_at", "plus": "delay"},
                "sure_at": {"base": "left_at", "margin": "1h"},
            },
        }
    )
    row = {"booked_at": "2013-01-01T00:00Z", "delay": 30.0, "other": "no number"}

    loaded = Chunks([pd.DataFrame([row])], schema).load(columns=["sure_at"])

    assert loaded.to_dict("list") == {"sure_at": [pd.Timestamp("2013-01-01T01:30Z")]}


def test_a_derived_time_out_of_reach_is_told() -> None:
    schema = Schema.model_validate(
        {
            "columns": {"booked_at": {"dtype": "datetime"}, "delay": {"dtype": "float64"}},
            "times": {"left_at": {"base": "booked_at", "plus": "delay"}},
        }
    )
    row = {"booked_at": "2013-01-01T00:00Z", "delay": 1e300}

    with pytest.raises(SchemaError, match=r"'left_at' is out of reach.*maximum of 'delay'"):
        Chunks([pd.DataFrame([row])], schema).load()


def test_a_schema_that_is_not_declared_is_inferred() -> None:
    assert Chunks(chunks_of([1.5])).schema().dtype("a") == "float64"


def test_the_representation_says_where() -> None:
    assert repr(Chunks(chunks_of([1]))) == "Chunks(some chunks)"
