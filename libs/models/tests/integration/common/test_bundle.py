"""Bundles that go from one process to another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from ropewalk.models import TRUSTED_TYPES, bundle_digest, load_bundle

PATHS = [os.path.abspath(place) for place in sys.path]
FAMILIES = (
    "NaiveRegressor('median', group='origin')",
    "OlsrRegressor()",
    "RandomForestNoFeaturesRegressor(10, random_state=0)",
    "RandomForestAllFeaturesRegressor(10, random_state=0, n_jobs=2)",
    "HistogramBoostingRegressor(max_iter=20, random_state=0)",
)
# Steps as feature flows have them: by name, fitted on numbers, categories and text.
MAKE = """
    import sys
    import numpy as np
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from ropewalk.models import *

    random = np.random.default_rng(0)
    n = 400
    rows = pd.DataFrame({
        "dep_hour": random.integers(5, 24, n).astype("float64"),
        "wind": np.where(random.random(n) < 0.1, np.nan, random.gamma(2.0, 5.0, n)),
        "origin": pd.Series(random.choice(["EWR", "JFK", "LGA"], n), dtype="str"),
        "airline": pd.Series(random.choice(["Delta Air", "United Air"], n), dtype="str"),
        "sched_dep_time": pd.date_range("2013-10-01", periods=n, freq="h", tz="UTC").as_unit("us"),
    })
    delay = rows["dep_hour"] + (rows["origin"] == "JFK") * 10 + random.normal(size=n)
    model = eval(sys.argv[2])
    if "Naive" in sys.argv[2]:
        pipeline = model
    elif "NoFeatures" in sys.argv[2]:
        columns = ["dep_hour", "wind", "origin", "airline"]
        pipeline = make_pipeline(ColumnTransformer(
            [("raw", "passthrough", columns)], verbose_feature_names_out=False
        ).set_output(transform="pandas"), model)
    else:
        pipeline = make_pipeline(ColumnTransformer([
            ("numbers", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
             ["dep_hour", "wind"]),
            ("levels", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["origin"]),
            ("words", CountVectorizer(), "airline"),
        ], sparse_threshold=0.0), model)
    pipeline.fit(rows, delay)
    dtypes = ["float64", "float64", "string", "string", "datetime"]
    save_bundle(
        sys.argv[1],
        pipeline=pipeline,
        preparation=None,
        input_schema={"properties": {c: {"x-dtype": d} for c, d in zip(rows, dtypes)}},
        output_schema={"properties": {"arr_delay": {"type": "number", "x-unit": "minutes"}}},
        prediction_time="sched_dep_time",
        metrics={"rmse": 31.95},
        lineage={"rows": n, "environment": describe_environment()},
        card="# Delays",
        profile=reference_profile(rows, pipeline.predict(rows)),
        calibration=ConformalIntervals("origin", 20).fit(delay, pipeline.predict(rows), rows),
        example=rows.tail(50),
        trusted=(*TRUSTED_TYPES, "numpy.dtype"),
    )
    np.save(sys.argv[3], pipeline.predict(rows.tail(50)))
"""


def _make(folder: Path, family: str, seed: str) -> Path:
    predictions = folder.with_suffix(".npy")
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MAKE), folder, family, predictions],
        check=True,
        # Another order of sets, and other addresses.
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(PATHS)},
        cwd=folder.parent,
    )
    return predictions


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.partition("(")[0])
def test_a_model_is_the_same_in_another_process_whoever_fitted_it(
    tmp_path: Path, family: str
) -> None:
    predictions = _make(tmp_path / "one", family, seed="1")
    (tmp_path / "elsewhere").mkdir()
    _make(tmp_path / "elsewhere" / "two", family, seed="2")

    bundle = load_bundle(tmp_path / "one", trusted=(*TRUSTED_TYPES, "numpy.dtype"))

    np.testing.assert_array_equal(bundle.predict(bundle.example), np.load(predictions))
    recorded = json.loads((tmp_path / "one" / "example.json").read_text())["predictions"]
    assert recorded == np.load(predictions).tolist()
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "elsewhere/two")
    )
    assert one == two
    assert bundle_digest(tmp_path / "one") == bundle_digest(tmp_path / "elsewhere" / "two")
