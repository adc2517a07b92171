"""A join keeps every left row once, whatever the right side holds."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ropewalk.data_loaders import (
    ColumnError,
    CsvDataLoader,
    Join,
    JoinDataLoader,
    Schema,
    SourceError,
)


def csv(folder: Path, name: str, content: str, schema: object = None) -> CsvDataLoader:
    path = folder / f"{name}.csv"
    path.write_text(content)
    return CsvDataLoader(str(path), Schema.model_validate(schema) if schema else None)


def joined(folder: Path, left: str, right: str, keys: dict[str, str]) -> JoinDataLoader:
    return JoinDataLoader(csv(folder, "left", left), [Join(csv(folder, "right", right), keys)])


TEXT_KEY = {"dtype": "string", "nullable": True}
KEYS = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), min_size=1, max_size=9)


# No deadline: a busy machine is no fault.
@settings(deadline=None, max_examples=40)
@given(left=KEYS, right=st.sets(st.sampled_from(["a", "b", "c", "e"]), min_size=1))
def test_every_left_row_is_there_once_in_its_place(left: list[str], right: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = "".join(f"{key},{row}\n" for row, key in enumerate(left))
        known = "".join(f"{key},{key}{key}\n" for key in sorted(right))
        row = {"dtype": "int64"}
        loader = JoinDataLoader(
            csv(Path(folder), "left", f"k,row\n{rows}", {"columns": {"k": TEXT_KEY, "row": row}}),
            [Join(csv(Path(folder), "right", f"k,v\n{known},none\n"), {"k": "k"})],
        )
        loaded = loader.load()

    assert loaded["row"].to_list() == list(range(len(left)))
    found = [value if isinstance(value, str) else None for value in loaded["v"]]
    assert found == [2 * key if key in right else None for key in left]


def test_a_row_without_a_key_finds_nothing(tmp_path: Path) -> None:
    loaded = joined(tmp_path, "k,x\na,1\n,2\n", "k,v\na,5\n,9\n", {"k": "k"}).load()

    assert loaded["v"].to_list() == pytest.approx([5, float("nan")], nan_ok=True)


def test_types_are_the_same_whether_or_not_all_rows_are_found(tmp_path: Path) -> None:
    right = "k,number,text,flag\n1,1,x,true\n2,2,y,false\n"
    some = joined(tmp_path, "k\n1\n3\n", right, {"k": "k"})
    chunks = list(some.iter_chunks(1))

    whole = joined(tmp_path, "k\n1\n2\n", right, {"k": "k"}).load()

    for frame in chunks:
        pd.testing.assert_series_equal(frame.dtypes, whole.dtypes)
    assert whole["flag"].to_list() == [1.0, 0.0]


def test_a_join_may_look_up_what_an_earlier_one_brought(tmp_path: Path) -> None:
    flights = csv(tmp_path, "flights", "plane\np1\np2\n")
    planes = csv(tmp_path, "planes", "plane,maker\np1,m1\n")
    makers = csv(tmp_path, "makers", "maker,country\nm1,NO\n")
    loader = JoinDataLoader(
        flights, [Join(planes, {"plane": "plane"}), Join(makers, {"maker": "maker"}, "made_")]
    )

    assert loader.load(columns=["made_country"]).fillna("-").to_dict("list") == {
        "made_country": ["NO", "-"]
    }


def test_a_source_of_which_nothing_is_asked_for_is_not_read(tmp_path: Path) -> None:
    left = csv(tmp_path, "left", "k\n1\n", {"columns": {"k": {"dtype": "int64"}}})
    missing = Schema.model_validate({"columns": {"k": {"dtype": "int64"}, "v": {"dtype": "int64"}}})
    loader = JoinDataLoader(left, [Join(CsvDataLoader("missing.csv", missing), {"k": "k"})])

    assert loader.load(columns=["k"])["k"].to_list() == [1]
    with pytest.raises(SourceError, match=r"missing\.csv: no such file"):
        loader.load()


def test_filters_reach_both_sides(tmp_path: Path) -> None:
    loader = joined(tmp_path, "k,x\n1,2\n2,4\n3,4\n", "k,v\n1,a\n3,a\n", {"k": "k"})

    loaded = loader.load(columns=["k"], filters=[("v", "==", "a"), ("x", ">", 3)])

    assert loaded["k"].to_list() == [3]


def test_a_join_that_would_repeat_rows_is_refused(tmp_path: Path) -> None:
    loader = joined(tmp_path, "k\n1\n", "k,v\n1,a\n1,b\n", {"k": "k"})

    with pytest.raises(SourceError, match=r"right\.csv: 1 rows repeat a key .*\(first: k=1\)"):
        loader.load()


def test_keys_of_two_kinds_are_told(tmp_path: Path) -> None:
    loader = joined(tmp_path, "k\n1\n", "kk,v\nx,a\n", {"k": "kk"})

    with pytest.raises(ColumnError, match=r"k \(int64\) by k \(str\); declare the same dtypes"):
        loader.load()


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"kk": "k"}, "join key 'kk' is no column of .*left.csv; did you mean 'k'"),
        ({"k": "kk"}, "join key 'kk' is no column of .*right.csv; did you mean 'k'"),
        ({"x": "k"}, "column 'x' of .*right.csv is there already: give the join a prefix"),
        ({}, r"needs one or more keys, .*; given \{\}"),
        ({"k": "k", "x": "k"}, "each with a right column of its own"),
    ],
)
def test_wrong_keys_are_told(keys: dict[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=told):
        joined(tmp_path, "k,x\n1,2\n", "k,x\n1,2\n", keys)


def test_known_at_follows_its_columns_new_name(tmp_path: Path) -> None:
    time = {"dtype": "datetime", "known_at": "always"}
    value = {"dtype": "float64", "known_at": "at"}
    left = csv(tmp_path, "left", "at\n", {"columns": {"at": time}})
    right = csv(
        tmp_path,
        "right",
        "at,v\n",
        {
            "columns": {"at": time, "v": value},
            "times": {"later": {"base": "at", "margin": "1h", "known_at": "later"}},
        },
    )

    by_time = JoinDataLoader(left, [Join(right, {"at": "at"}, "r_")]).schema()

    assert by_time.known_at("r_v") == "at"
    assert by_time.known_at("r_later") == "r_later"


def test_lineage_tells_of_all_sources(tmp_path: Path) -> None:
    loader = joined(tmp_path, "k\n1\n", "k,v\n1,a\n", {"k": "k"})

    lineage = loader.lineage()

    assert "left.csv" in str(lineage["left"])
    assert "right.csv" in str(lineage["joins"])
    assert "left.csv joined with" in repr(loader)
    with pytest.raises(ColumnError, match=r"left\.csv joined with .*right\.csv: no column 'w'"):
        loader.load(columns=["w"])
