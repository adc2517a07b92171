from __future__ import annotations

import pandas as pd
import pytest

from ropewalk.models.common.text import as_text


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series(["a", None], dtype="str"), ["a", None]),
        (pd.Series(["a", None], dtype="object"), ["a", None]),
        (pd.Series(["a", None], dtype="category"), ["a", None]),
        (pd.Series([1, None], dtype="Int64"), ["1.0", None]),
        (pd.Series([1.0, None]), ["1.0", None]),
        (pd.Series([1, None], dtype="category"), ["1.0", None]),
        (pd.Series([True, None], dtype="boolean"), ["1.0", None]),
        (pd.Series([None, None], dtype="object"), [None, None]),
        (pd.Series([], dtype="str"), []),
    ],
)
def test_writes_the_same_whatever_the_dtype(column: pd.Series, expected: list[str | None]) -> None:
    column.index = pd.Index([7] * len(column))  # Positions count, whatever the index says.

    written = as_text(column)

    assert [None if pd.isna(value) else value for value in written] == expected
    assert written.dtype == object
    assert list(written.index) == list(range(len(column)))
