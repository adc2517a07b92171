"""The tests that every loader passes."""

import json
import operator
from abc import ABC, abstractmethod

import pandas as pd

from ropewalk.data_loaders.data_loader import DataLoader
from ropewalk.data_loaders.errors import ColumnError

# Written again on purpose: a test that asked the loaders' own table would agree with any.
_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class LoaderContract(ABC):
    """Inherit this in a test class of your own loader, and pytest runs all of it.

    Examples
    --------
    A test of a loader then reads::

        class TestMyLoader(LoaderContract):
            def make_loader(self): return MyLoader(...)
            def expected(self): return pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    """

    @abstractmethod
    def make_loader(self) -> DataLoader:
        """Make the loader, over a source of at least three rows and two columns."""

    @abstractmethod
    def expected(self) -> pd.DataFrame:
        """Give the frame that it must load."""

    def test_loads_what_the_source_holds(self) -> None:
        """Values, types, order of rows and columns."""
        pd.testing.assert_frame_equal(self.make_loader().load(), self.expected())

    def test_chunks_are_the_whole_in_pieces(self) -> None:
        """The same rows and types, whatever the chunk size."""
        chunks = list(self.make_loader().iter_chunks(chunk_size=2))

        assert max(map(len, chunks)) <= 2
        pd.testing.assert_frame_equal(pd.concat(chunks), self.expected())

    def test_selects_columns_in_the_order_asked_for(self) -> None:
        """Columns come as asked."""
        names = list(self.expected().columns[::-1][:2])

        loaded = self.make_loader().load(columns=names)

        pd.testing.assert_frame_equal(loaded, self.expected()[names])

    def test_filters_rows_by_a_column_that_is_not_asked_for(self) -> None:
        """A filter's column need not be loaded."""
        expected = self.expected()
        by, other = expected.columns[:2]
        value = expected[by].iloc[1]

        loaded = self.make_loader().load(columns=[other], filters=[(by, "==", value)])

        kept = expected.loc[expected[by] == value, [other]].reset_index(drop=True)
        pd.testing.assert_frame_equal(loaded, kept)

    def test_a_filter_means_the_same_in_every_source(self) -> None:
        """Whatever is compared with what, and a missing value fulfils nothing."""
        loader, expected = self.make_loader(), self.expected()
        for name, column in expected.items():
            for value in column.dropna().unique()[:2]:
                for comparison, compare in _COMPARISONS.items():
                    loaded = loader.load(filters=[(str(name), comparison, value)])

                    kept = expected[compare(column, value) & column.notna()]
                    pd.testing.assert_frame_equal(loaded, kept.reset_index(drop=True))

    def test_a_limit_counts_after_the_filters(self) -> None:
        """The first rows that fulfil the filter."""
        expected = self.expected()
        by = expected.columns[0]
        value = expected[by].iloc[2]

        loaded = self.make_loader().load(filters=[(by, "==", value)], limit=1)

        kept = expected[expected[by] == value].head(1).reset_index(drop=True)
        pd.testing.assert_frame_equal(loaded, kept)

    def test_no_row_left_keeps_columns_and_types(self) -> None:
        """An empty result has the columns and types of a full one."""
        expected = self.expected()
        by = expected.columns[0]

        loaded = self.make_loader().load(filters=[(by, "in", [])])

        pd.testing.assert_frame_equal(loaded, expected.head(0))

    def test_an_unknown_column_is_told(self) -> None:
        """The error names what was asked for."""
        told = "nothing"
        try:
            self.make_loader().load(columns=["no_such_column"])
        except ColumnError as error:
            told = str(error)
        assert "no_such_column" in told

    def test_the_schema_names_all_columns(self) -> None:
        """Declared or inferred."""
        assert self.make_loader().schema().column_names == list(self.expected().columns)

    def test_lineage_is_json_and_repeatable(self) -> None:
        """What is told of the source can be stored, and does not change while it does not."""
        first, second = self.make_loader().lineage(), self.make_loader().lineage()

        assert json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)
        assert first["kind"]
