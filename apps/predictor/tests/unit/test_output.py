from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ropewalk.predictor.errors import PredictorError
from ropewalk.predictor.output import check_output, write_table


def chunks(n_rows: int = 6) -> Iterator[pd.DataFrame]:
    random = np.random.default_rng(0)
    for first in range(0, n_rows, 2):
        ids = pd.array([f"0{first}", None], dtype="str")
        yield pd.DataFrame({"id": ids, "prediction": random.normal(size=2) * 1e-7})


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".CSV"])
def test_what_was_written_is_read_back_bit_for_bit(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"

    rows = write_table(path, chunks())

    expected = pd.concat(chunks(), ignore_index=True)
    read = (
        pd.read_csv(path, dtype={"id": "str"})
        if suffix.lower() == ".csv"
        else pd.read_parquet(path)
    )
    assert rows == 6
    pd.testing.assert_frame_equal(read, expected, check_exact=True)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_was_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old\n" * 100)
    (tmp_path / "old.csv").hardlink_to(path)

    write_table(path, chunks())

    # Whoever has it open goes on reading the old one.
    assert (tmp_path / "old.csv").read_text() == "old\n" * 100
    assert path.read_text().splitlines()[0] == '"id","prediction"'
    assert len(path.read_text().splitlines()) == 7


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, PredictorError("bad row")])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_stops_in_the_middle_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, suffix: str, interruption: type[BaseException] | BaseException
) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_text("old")

    def stopped() -> Iterator[pd.DataFrame]:
        yield from chunks(2)
        assert len(list(tmp_path.iterdir())) == 2
        raise interruption

    with pytest.raises((KeyboardInterrupt, PredictorError)):
        write_table(path, stopped())

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_full_disk_is_told_in_one_line(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"out{suffix}"
    opened = pa.OSFile

    def open_full(place: str, mode: str) -> pa.NativeFile:
        opened(place, mode).close()
        return opened("/dev/full", mode)

    monkeypatch.setattr(pa, "OSFile", open_full)

    with pytest.raises(PredictorError, match=r"out\.\w+: can't be written: No space left"):
        write_table(path, (pd.DataFrame({"prediction": np.zeros(100_000)}) for _ in range(3)))

    assert not list(tmp_path.iterdir())


def test_a_place_that_may_not_be_written_to_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file" / "out.csv"
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(PredictorError, match=r"out\.csv: can't be written: Not a directory"):
        write_table(path, chunks())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("out.xlsx", r"no predictions can be written as '\.xlsx'; end it in \.csv or \.parquet"),
        ("out", r"no predictions can be written as ''; end it in \.csv or \.parquet"),
        ("nowhere/out.csv", "there is no folder .*nowhere; make it first"),
        ("folder.csv", "is a folder; give the name of a file"),
    ],
)
def test_a_wrong_place_is_refused_before_any_work(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "folder.csv").mkdir()

    with pytest.raises(PredictorError, match=told):
        check_output(tmp_path / name)
