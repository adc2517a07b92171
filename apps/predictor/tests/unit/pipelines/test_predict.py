from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ropewalk.data_loaders import DataLoaderError
from ropewalk.models import Bundle, BundleError
from ropewalk.predictor.errors import PredictorError
from ropewalk.predictor.model import identify
from ropewalk.predictor.pipelines.predict import predict


@pytest.mark.parametrize("source", ["ready.csv", "ready.parquet", "raw.yaml"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_every_row_has_its_prediction_in_its_place(
    workplace: Path,
    tmp_path: Path,
    bundle: Bundle,
    ready: pd.DataFrame,
    source: str,
    suffix: str,
) -> None:
    output = tmp_path / f"out{suffix}"

    summary = predict(workplace / source, workplace / "bundle", output, ["flight", "distance"])

    read = (
        pd.read_csv(output, dtype={"flight": "str"})
        if suffix == ".csv"
        else pd.read_parquet(output)
    )
    assert list(read.columns) == ["flight", "distance", "prediction"]
    assert read["flight"].tolist() == ready["flight"].tolist()
    assert read["distance"].tolist() == ready["distance"].tolist()
    np.testing.assert_array_equal(read["prediction"], bundle.predict(ready))
    assert (summary.rows, summary.output) == (300, str(output))
    assert summary.model == identify(bundle)


def test_without_columns_to_keep_there_are_predictions_alone(
    workplace: Path, tmp_path: Path
) -> None:
    predict(workplace / "ready.csv", workplace / "bundle", tmp_path / "out.csv")

    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0] == '"prediction"'
    assert len(lines) == len((workplace / "ready.csv").read_text().splitlines())


def test_the_same_rows_give_the_same_bytes(workplace: Path, tmp_path: Path) -> None:
    for name in ("one.parquet", "two.parquet"):
        predict(workplace / "ready.csv", workplace / "bundle", tmp_path / name)

    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_the_source_is_never_written_over(workplace: Path, tmp_path: Path) -> None:
    for name in ("ready.csv", "raw.csv", "raw.yaml"):
        (tmp_path / name).write_bytes((workplace / name).read_bytes())
    (tmp_path / "link.csv").symlink_to(tmp_path / "ready.csv")

    for source, output in [
        ("ready.csv", "ready.csv"),
        ("ready.csv", "link.csv"),
        ("raw.yaml", "raw.csv"),
    ]:
        with pytest.raises(PredictorError, match="the source is read from it; choose another"):
            predict(tmp_path / source, workplace / "bundle", tmp_path / output)

    for name in ("ready.csv", "raw.csv"):
        assert (tmp_path / name).read_bytes() == (workplace / name).read_bytes()


@pytest.mark.parametrize(
    ("source", "keep", "error"),
    [
        ("no.csv", [], DataLoaderError),
        ("no.yaml", [], DataLoaderError),
        ("raw.csv", [], PredictorError),
        ("ready.csv", ["prediction"], PredictorError),
        ("ready.csv", ["no_such_column"], PredictorError),
    ],
)
def test_nothing_is_written_for_what_cant_be_predicted(
    workplace: Path, tmp_path: Path, source: str, keep: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        predict(workplace / source, workplace / "bundle", tmp_path / "out.csv", keep)

    assert not list(tmp_path.iterdir())


def test_nothing_is_written_when_a_late_row_is_bad(workplace: Path, tmp_path: Path) -> None:
    lines = (workplace / "ready.csv").read_text().splitlines()
    source = tmp_path / "rows.csv"
    source.write_text("\n".join([*lines, lines[-1].replace("2013-", "sometime-")]))
    (tmp_path / "out.csv").write_text("yesterday's")

    with pytest.raises(DataLoaderError, match="row 301 holds 'sometime-"):
        predict(source, workplace / "bundle", tmp_path / "out.csv")

    assert (tmp_path / "out.csv").read_text() == "yesterday's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "rows.csv"]


def test_a_bundle_with_one_byte_changed_predicts_nothing(workplace: Path, tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    for file in (workplace / "bundle").iterdir():
        (tmp_path / "bundle" / file.name).write_bytes(file.read_bytes())
    content = bytearray((tmp_path / "bundle" / "pipeline.skops").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "bundle" / "pipeline.skops").write_bytes(content)

    with pytest.raises(BundleError, match=r"pipeline\.skops: its sha256 is not the one"):
        predict(workplace / "ready.csv", tmp_path / "bundle", tmp_path / "out.csv")

    assert not (tmp_path / "out.csv").exists()
