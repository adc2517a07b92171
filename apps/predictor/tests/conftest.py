"""A small model of its own kind: how late flights arrive, with what earlier ones made known."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from ropewalk import features, models
from ropewalk.data_loaders import Column, Schema
from ropewalk.features import (
    BuildCategoricalFeatures,
    BuildDatetimeFeatures,
    BuildHistoryFeatures,
    BuildNumericFeatures,
)
from ropewalk.models import Bundle, HistogramBoostingRegressor, load_bundle, save_bundle

HISTORY = "history_delay_mean_carrier_6h"
SOURCE = """
kind: csv
path: raw.csv
schema:
  columns:
    flight: {dtype: string, known_at: always}
    leaves_at: {dtype: datetime, known_at: always}
    distance: {dtype: int64, known_at: always, minimum: 0}
    carrier: {dtype: string, known_at: always, nullable: true, categories: [AA, B6, UA]}
    wind: {dtype: float64, known_at: always, nullable: true}
    night: {dtype: bool, known_at: always}
    delay: {dtype: float64, nullable: true, known_at: left_at}
  times:
    left_at: {base: leaves_at, plus: delay, known_at: left_at}
"""
TRUSTED = (*features.TRUSTED_TYPES, *models.TRUSTED_TYPES)


def make_raw(n_rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    wind = random.gamma(2.0, 5.0, n_rows)
    wind[random.random(n_rows) < 0.1] = np.nan
    carrier = random.choice(["AA", "B6", "UA"], n_rows).astype(object)
    carrier[random.random(n_rows) < 0.1] = None
    hours = np.arange(n_rows)
    delay = random.gamma(2.0, 10.0, n_rows)
    delay[random.random(n_rows) < 0.05] = np.nan
    leaves_at = pd.Timestamp("2013-03-01", tz="UTC") + pd.to_timedelta(hours, unit="h")
    return pd.DataFrame(
        {
            "flight": [f"{number:04d}" for number in range(n_rows)],
            "leaves_at": pd.Series(leaves_at).astype("datetime64[us, UTC]"),
            "distance": random.integers(80, 3000, n_rows),
            "carrier": pd.array(carrier, dtype="str"),
            "wind": wind,
            "night": hours % 24 < 6,
            "delay": delay,
        }
    )


def make_workplace(folder: Path, seed: int) -> Path:
    """Fill a folder with all that a user has.

    That is `raw.csv`, which `raw.yaml` describes; `ready.csv` and `ready.parquet` with the model's
    input columns, the flights' numbers and what happened; and `bundle`.
    """
    raw = make_raw(300, seed)
    raw.to_csv(folder / "raw.csv", index=False)
    (folder / "raw.yaml").write_text(SOURCE)
    rows = raw.assign(left_at=raw["leaves_at"] + pd.to_timedelta(raw["delay"], unit="min"))
    history = BuildHistoryFeatures(
        value="delay",
        known_at="left_at",
        moment="leaves_at",
        windows=[{"by": ["carrier"], "hours": 6}],
    )
    made = history.set_output(transform="pandas").fit_transform(rows)[[HISTORY]]
    ready = pd.concat([raw.drop(columns="delay"), made], axis=1)
    target = ready[HISTORY].fillna(15) + ready["wind"].fillna(9) * 2 + ready["distance"] / 100
    ready["arr_delay"] = target

    flows = [
        ("numbers", BuildNumericFeatures(), ["distance", "wind", HISTORY]),
        ("names", BuildCategoricalFeatures(), ["carrier"]),
        ("times", BuildDatetimeFeatures(), ["leaves_at"]),
    ]
    steps = [
        ("features", ColumnTransformer(flows)),
        ("model", HistogramBoostingRegressor(max_iter=20)),
    ]
    schema = Schema.model_validate(
        {
            "columns": {
                "leaves_at": {"dtype": "datetime", "known_at": "always"},
                "distance": {"dtype": "int64", "known_at": "always", "minimum": 0},
                "carrier": {
                    "dtype": "string",
                    "known_at": "always",
                    "nullable": True,
                    "categories": ["AA", "B6", "UA"],
                },
                "wind": {"dtype": "float64", "known_at": "always", "nullable": True},
                "night": {"dtype": "bool", "known_at": "always"},
                HISTORY: Column(dtype="float64", nullable=True),
            }
        }
    )
    columns = schema.column_names
    output: Mapping[str, object] = {
        "type": "object",
        "properties": {"arr_delay": {"type": "number", "x-unit": "minutes"}},
    }
    save_bundle(
        folder / "bundle",
        pipeline=Pipeline(steps).fit(ready[columns], target),
        preparation=history,
        input_schema=schema.to_json_schema(),
        output_schema=output,
        prediction_time="leaves_at",
        metrics={},
        lineage={},
        card="# A model\n",
        example=ready[columns].tail(3),
        trusted=TRUSTED,
    )
    ready.to_csv(folder / "ready.csv", index=False)
    ready.to_parquet(folder / "ready.parquet")
    return folder


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a workplace for all tests to read, and none to write to."""
    return make_workplace(tmp_path_factory.mktemp("workplace"), seed=0)


@pytest.fixture(scope="session")
def other_workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give one with another model."""
    return make_workplace(tmp_path_factory.mktemp("other"), seed=1)


@pytest.fixture(scope="session")
def bundle(workplace: Path) -> Bundle:
    """Give the model of the workplace."""
    return load_bundle(workplace / "bundle", trusted=TRUSTED)


@pytest.fixture(scope="session")
def ready(workplace: Path) -> pd.DataFrame:
    """Give what is in `ready.csv`."""
    return pd.read_parquet(workplace / "ready.parquet")


@pytest.fixture(scope="session")
def predictor() -> tuple[list[str], dict[str, str]]:
    """Give what starts the command line in a process of its own: a command and its environment."""
    code = "from ropewalk.predictor.run import main; main()"
    path = os.pathsep.join(os.path.abspath(place) for place in sys.path)
    return [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": path}
