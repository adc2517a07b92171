"""A small data set with a pattern, a source file and a configuration of it."""

import json
from pathlib import Path

import model_signing  # noqa: F401 (bundles are signed with it)
import numpy as np
import OpenSSL  # noqa: F401 (model_signing needs it, and it brings cryptography)
import pandas as pd
import pytest
import yaml
from cryptography.hazmat.primitives import serialization  # pants: no-infer-dep
from cryptography.hazmat.primitives.asymmetric import ec  # pants: no-infer-dep

SCHEMA = {
    "columns": {
        "asked_at": {"dtype": "datetime", "known_at": "always"},
        "kind": {"dtype": "string", "known_at": "always"},
        "size": {"dtype": "float64", "nullable": True, "known_at": "always"},
        "late": {"dtype": "float64", "nullable": True, "known_at": "done_at"},
        "undeclared": {"dtype": "float64"},
        "outcome": {"dtype": "float64", "nullable": True, "known_at": "done_at"},
    },
    "times": {"done_at": {"base": "asked_at", "plus": "late", "known_at": "done_at"}},
}


@pytest.fixture
def rows() -> pd.DataFrame:
    """Make 400 rows, one an hour; the outcome follows size and kind, and 4 have none."""
    generator = np.random.default_rng(0)
    size = generator.normal(size=400)
    kind = generator.choice(["a", "b"], size=400)
    late = 10 + generator.random(400)
    frame = pd.DataFrame(
        {
            "asked_at": pd.date_range("2024-01-01", periods=400, freq="h", tz="UTC"),
            "kind": kind,
            "size": size,
            "late": late,
            "undeclared": size,
            "outcome": 5 * size + 10 * (kind == "a") + late + generator.normal(size=400),
        }
    )
    frame.loc[:3, "outcome"] = np.nan
    return frame


@pytest.fixture
def given() -> dict[str, object]:
    """Give the configuration, as YAML holds it."""
    return {
        "name": "made",
        "source": "made.yaml",
        "target": "outcome",
        "prediction_time": "asked_at",
        "test_from": "2024-01-12",
        "history": {
            "value": "late",
            "parameters": {"windows": [{"by": ["kind"], "hours": 24}]},
        },
        "flows": {
            "kinds": {"kind": "categorical", "columns": ["kind"]},
            "sizes": {"kind": "numeric", "columns": ["size"]},
            "history": {"kind": "numeric", "columns": ["history_*"]},
        },
        "candidates": {
            "mean": {"model": "naive", "description": "The mean."},
            "median": {"model": "naive", "parameters": {"strategy": "median"}},
            "line": {"model": "olsr", "flows": ["kinds", "sizes", "history"]},
            "raw": {
                "model": "random_forest_no_features",
                "columns": ["kind", "size"],
                "parameters": {"n_estimators": 5},
            },
        },
    }


@pytest.fixture
def config_path(tmp_path: Path, rows: pd.DataFrame, given: dict[str, object]) -> Path:
    """Write all of it into a folder, and give the configuration's path."""
    rows.to_csv(tmp_path / "made.csv", index=False)
    source = {"kind": "csv", "path": "made.csv", "schema": SCHEMA}
    (tmp_path / "made.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(source))))
    path = tmp_path / "trainer.yaml"
    path.write_text(yaml.safe_dump(given, sort_keys=False))
    return path


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """Make a private key that others can't read, and the public one that belongs to it."""
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public
