from __future__ import annotations

from pathlib import Path

import model_signing  # noqa: F401 (what the extra brings)
import numpy as np
import pandas as pd
import pytest

from ropewalk.models import BundleError, ModelInputError, OlsrRegressor, save_bundle
from ropewalk.models.common.mlflow_flavour import _load_pyfunc
from ropewalk.models.trusted_types import TRUSTED_TYPES

ROWS = pd.DataFrame({"seats": np.arange(9), "wind": np.arange(9.0) ** 2})


@pytest.fixture
def folder(tmp_path: Path, keys: tuple[Path, Path]) -> Path:
    save_bundle(
        tmp_path / "bundle",
        pipeline=OlsrRegressor().fit(ROWS, ROWS["seats"] * 2.0),
        preparation=None,
        input_schema={
            "properties": {"seats": {"x-dtype": "int64"}, "wind": {"x-dtype": "float64"}}
        },
        output_schema={"properties": {"arr_delay": {"type": "number"}}},
        prediction_time="at",
        metrics={},
        lineage={},
        card="# Delays",
        example=ROWS.head(2),
        trusted=TRUSTED_TYPES,
        signing_key=keys[0],
    )
    return tmp_path / "bundle"


def test_takes_what_mlflow_hands_on(folder: Path) -> None:
    model = _load_pyfunc(str(folder))

    found = model.predict(ROWS.astype(object).assign(more="left out"), params=None)

    assert found.tolist() == pytest.approx((ROWS["seats"] * 2.0).tolist(), abs=1e-9)
    with pytest.raises(ModelInputError, match="column 'wind' holds a value that is no float64"):
        model.predict(ROWS.assign(wind="strong"))
    with pytest.raises(BundleError, match="column 'wind' is missing"):
        model.predict(ROWS[["seats"]])


def test_takes_the_key_from_the_environment(
    folder: Path, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROPEWALK_VERIFYING_KEY", str(keys[1]))
    _load_pyfunc(str(folder))
    (folder / "model.sig").unlink()

    with pytest.raises(BundleError, match=r"model\.sig: missing"):
        _load_pyfunc(str(folder))

    monkeypatch.setenv("ROPEWALK_VERIFYING_KEY", "")
    _load_pyfunc(str(folder))
