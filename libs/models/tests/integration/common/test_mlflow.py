"""A bundle that MLflow loads, in a process that knows nothing else of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from ropewalk.models import TRUSTED_TYPES, OlsrRegressor, save_bundle

if TYPE_CHECKING:  # What the other process imports; here it would only warn.
    import mlflow.pyfunc  # noqa: F401
    import model_signing  # noqa: F401

    import ropewalk.models.common.mlflow_flavour  # noqa: F401

ROWS = pd.DataFrame(
    {
        "sched_dep_time": pd.date_range("2013-10-01", periods=40, freq="h", tz="UTC").as_unit("us"),
        "seats": np.arange(40),
        "wind": np.where(np.arange(40) % 7, np.arange(40.0), np.nan),
        "origin": pd.Series(["JFK", "EWR"] * 20, dtype="str"),
        "is_holiday": [True, False] * 20,
    }
)
SCHEMA = {
    "properties": {
        "sched_dep_time": {"x-dtype": "datetime"},
        "seats": {"x-dtype": "int64"},
        "wind": {"x-dtype": "float64"},
        "origin": {"x-dtype": "string"},
        "is_holiday": {"x-dtype": "bool"},
    }
}
# Times without a zone, as MLflow wants them, and text as its JSON has it.
LOAD = """
    import json, sys
    import mlflow.pyfunc
    import pandas as pd

    model = mlflow.pyfunc.load_model(sys.argv[1])
    with open(sys.argv[2]) as file:
        rows = pd.DataFrame(json.load(file))
    rows["sched_dep_time"] = pd.to_datetime(rows["sched_dep_time"]).dt.tz_localize(None)
    rows["origin"] = rows["origin"].astype(object)
    print(json.dumps(model.predict(rows).tolist()))
"""


def _save(folder: Path, *more: object, **changes: object) -> list[float]:
    features = ColumnTransformer(
        [
            ("origin", OneHotEncoder(sparse_output=False), ["origin"]),
            ("n", "passthrough", ["seats"]),
        ]
    )
    pipeline = make_pipeline(features, *more, OlsrRegressor()).fit(ROWS, np.arange(40.0) ** 2)
    save_bundle(
        folder,
        pipeline=pipeline,
        preparation=None,
        input_schema=SCHEMA,
        output_schema={"properties": {"arr_delay": {"type": "number"}}},
        prediction_time="sched_dep_time",
        metrics={},
        lineage={},
        card="# Delays",
        example=ROWS.head(3),
        **{"trusted": TRUSTED_TYPES, **changes},  # type: ignore[arg-type]
    )
    predictions: list[float] = pipeline.predict(ROWS).tolist()
    return predictions


def _load(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    rows = folder.with_name("rows.json")
    ROWS.to_json(rows, orient="records", date_format="iso")
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LOAD), folder, rows],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


def test_mlflow_predicts_as_the_pipeline_does_with_only_the_bundle_given(tmp_path: Path) -> None:
    expected = _save(tmp_path / "bundle")

    loaded = _load(tmp_path / "bundle")

    assert loaded.returncode == 0, loaded.stderr
    np.testing.assert_allclose(json.loads(loaded.stdout), expected, rtol=1e-12)
    assert "WARNING" not in loaded.stderr


def test_mlflow_refuses_what_is_not_signed_by_the_key_in_the_environment(
    tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    expected = _save(tmp_path / "bundle")
    unsigned = _load(tmp_path / "bundle", ROPEWALK_VERIFYING_KEY=str(keys[1]))
    _save(tmp_path / "bundle", signing_key=keys[0])
    signed = _load(tmp_path / "bundle", ROPEWALK_VERIFYING_KEY=str(keys[1]))

    assert "BundleError" in unsigned.stderr
    assert "model.sig: missing" in unsigned.stderr
    assert len(json.loads(signed.stdout)) == len(expected)


def test_types_are_trusted_that_an_installed_package_registers_and_no_others(
    tmp_path: Path,
) -> None:
    _save(
        tmp_path / "bundle",
        SimpleImputer(),
        trusted=(*TRUSTED_TYPES, "numpy.dtype"),
    )
    before = _load(tmp_path / "bundle")
    site = tmp_path / "site"
    info = site / "their_flows-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-flows\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ropewalk.trusted_types]\nflows = their_flows:TYPES\n")
    (site / "their_flows.py").write_text('TYPES = ("numpy.dtype",)\n')
    after = _load(tmp_path / "bundle", PYTHONPATH=os.pathsep.join([str(site), *sys.path]))

    assert "not trusted: numpy.dtype" in before.stderr
    assert after.returncode == 0, after.stderr
