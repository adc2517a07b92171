from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ropewalk.data_loaders import DataLoader, DataLoaderError
from ropewalk.models import Bundle
from ropewalk.predictor.errors import PredictorError
from ropewalk.predictor.source import files_of, read_rows

HISTORY = "history_delay_mean_carrier_6h"


def read(source: Path, bundle: Bundle, *keep: str) -> pd.DataFrame:
    return pd.concat(read_rows(source, bundle, keep), ignore_index=True)


@pytest.mark.parametrize("source", ["ready.csv", "ready.parquet", "raw.yaml"])
def test_each_kind_of_source_gives_the_same_rows(
    workplace: Path, bundle: Bundle, ready: pd.DataFrame, source: str
) -> None:
    rows = read(workplace / source, bundle, "flight")

    expected = ready[[*bundle.columns, "flight"]]
    pd.testing.assert_frame_equal(rows, expected, check_exact=True)
    assert rows["flight"][7] == "0007"


def test_a_file_is_read_in_chunks(
    workplace: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = DataLoader.iter_chunks

    def small(self: DataLoader, columns: list[str]) -> Iterator[pd.DataFrame]:
        return whole(self, chunk_size=100, columns=columns)

    monkeypatch.setattr(DataLoader, "iter_chunks", small)

    chunks = list(read_rows(workplace / "ready.csv", bundle))

    assert [len(chunk) for chunk in chunks] == [100, 100, 100]
    assert list(chunks[2].index) == list(range(200, 300))


def test_a_column_asked_for_twice_is_read_once(workplace: Path, bundle: Bundle) -> None:
    rows = read(workplace / "ready.csv", bundle, "flight", "wind", "flight")

    assert list(rows.columns) == [*bundle.columns, "flight"]


@pytest.mark.parametrize("source", ["ready.csv", "raw.yaml"])
def test_a_column_to_keep_that_is_not_there_is_told_with_the_nearest(
    workplace: Path, bundle: Bundle, source: str
) -> None:
    with pytest.raises(PredictorError, match=r"--keep fligt: .* did you mean 'flight'"):
        read(workplace / source, bundle, "fligt")


def test_raw_rows_in_a_bare_file_are_told_the_way_to_their_history(
    workplace: Path, bundle: Bundle
) -> None:
    with pytest.raises(PredictorError, match=f"no column '{HISTORY}'.* in a .yaml source"):
        read(workplace / "raw.csv", bundle)


def test_a_model_without_history_points_to_none(
    workplace: Path, tmp_path: Path, bundle: Bundle, ready: pd.DataFrame
) -> None:
    source = tmp_path / "rows.csv"
    ready.drop(columns="wind").to_csv(source, index=False)

    with pytest.raises(DataLoaderError, match="no column 'wind'") as raised:
        read(source, replace(bundle, preparation=None))

    assert "raw" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ("leaves_at,distance\n", "no column 'carrier'"),
        ("{header}\n", "has a header and no rows"),
        ("{header}\n2013-03-01T00:00Z,far,AA,1,True,2\n", "'distance' is declared int64"),
        ("{header}\n2013-03-01T00:00Z,-5,AA,1,True,2\n", "'distance' is declared from 0"),
        ("{header}\n2013-03-01T00:00Z,5,ZZ,1,True,2\n", "'carrier' is declared as one of"),
        ("{header}\nsoon,5,AA,1,True,2\n", "'leaves_at' is declared datetime"),
    ],
)
def test_bad_rows_are_told_with_column_and_rule(
    tmp_path: Path, bundle: Bundle, content: str, told: str
) -> None:
    source = tmp_path / "rows.csv"
    source.write_text(content.format(header=",".join(bundle.columns)))

    with pytest.raises((DataLoaderError, PredictorError), match=told):
        read(source, bundle)


@pytest.mark.parametrize("name", ["no.csv", "no.parquet", "no.yaml", "no.txt"])
def test_a_source_that_is_not_there_is_told(tmp_path: Path, bundle: Bundle, name: str) -> None:
    with pytest.raises(DataLoaderError, match=rf"{name}: (no such file|a source ends in)"):
        read(tmp_path / name, bundle)


def test_a_described_source_is_held_against_the_models_schema(
    workplace: Path, tmp_path: Path, bundle: Bundle
) -> None:
    described = (workplace / "raw.yaml").read_text().replace(", categories: [AA, B6, UA]", "")
    (tmp_path / "raw.yaml").write_text(described)
    raw = (workplace / "raw.csv").read_text()
    (tmp_path / "raw.csv").write_text(raw.replace(",UA,", ",XX,"))

    with pytest.raises(DataLoaderError, match=r"raw\.yaml: column 'carrier' is declared as one"):
        read(tmp_path / "raw.yaml", bundle)


def test_a_described_source_that_lacks_a_column_is_named(
    workplace: Path, tmp_path: Path, bundle: Bundle
) -> None:
    described = (workplace / "raw.yaml").read_text()
    (tmp_path / "raw.yaml").write_text(
        "".join(line for line in described.splitlines(True) if " wind:" not in line)
    )
    (tmp_path / "raw.csv").write_text((workplace / "raw.csv").read_text())

    with pytest.raises(PredictorError, match=r"raw\.yaml: column 'wind' is missing"):
        read(tmp_path / "raw.yaml", bundle)


def test_every_file_that_a_source_file_names_is_found(tmp_path: Path) -> None:
    source = tmp_path / "joined.yaml"
    source.write_text(
        "kind: join\n"
        "left: {kind: csv, path: left.csv}\n"
        "joins: [{keys: [a], right: {kind: parquet, path: ../right.parquet}}]\n"
    )

    found = files_of(source)

    assert found == [source, tmp_path / "left.csv", tmp_path / "../right.parquet"]
