"""A signature belongs to a version, and is no part of what the version is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import model_signing  # noqa: F401 (bundles are signed with it)
import pandas as pd
import pytest

from ropewalk.models import TRUSTED_TYPES, BundleError, ModelStore, OlsrRegressor, save_bundle


def save(place: Path, key: Path | None = None) -> Path:
    hours = pd.DataFrame({"hour": [6.0, 12.0, 18.0]})
    save_bundle(
        place,
        pipeline=OlsrRegressor().fit(hours, [0.0, 10.0, 20.0]),
        preparation=None,
        input_schema={"properties": {"hour": {"x-dtype": "float64"}}},
        output_schema={"properties": {"delay": {"type": "number"}}},
        prediction_time="asked_at",
        metrics={},
        lineage={},
        card="# Delays",
        example=hours,
        trusted=TRUSTED_TYPES,
        signing_key=key,
    )
    return place


def test_signing_a_bundle_that_is_there_signs_its_version(
    tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    private, public = keys
    store = ModelStore(tmp_path / "store")
    plain = store.publish(save(tmp_path / "plain"), "delays", who="ann")
    with pytest.raises(BundleError, match=r"model\.sig: missing"):
        store.load("delays/1", trusted=TRUSTED_TYPES, verifying_key=public)

    signed = store.publish(
        save(tmp_path / "signed", private), "delays", who="ann", verifying_key=public
    )

    assert signed == plain
    store.load("delays/1", trusted=TRUSTED_TYPES, verifying_key=public)
    store.fetch(signed, tmp_path / "back", public)
    assert (tmp_path / "back" / "model.sig").exists()


def test_a_signature_that_nobody_verified_does_not_replace_one(
    tmp_path: Path, keys: tuple[Path, Path], make_keys: Callable[[], tuple[Path, Path]]
) -> None:
    private, public = keys
    store = ModelStore(tmp_path / "store")
    store.publish(save(tmp_path / "ours", private), "delays", who="ann", verifying_key=public)
    other, _ = make_keys()

    store.publish(save(tmp_path / "theirs", other), "delays", who="eve")

    store.load("delays/1", trusted=TRUSTED_TYPES, verifying_key=public)
