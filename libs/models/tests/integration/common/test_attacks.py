"""Files that someone crafted to run something, or to end the process that loads them."""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any
from zipfile import ZipFile

import model_signing  # noqa: F401 (what the extra brings)
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from ropewalk.models import (
    TRUSTED_TYPES,
    Bundle,
    BundleError,
    OlsrRegressor,
    load_bundle,
    save_bundle,
)
from ropewalk.models.common.json_text import write_json
from ropewalk.models.common.manifest import MANIFEST, Manifest
from ropewalk.models.common.signing import SIGNATURE
from ropewalk.models.common.skops_file import dump_estimator, load_estimator

ROWS = pd.DataFrame({"dep_hour": np.arange(24.0)})
SCHEMA = {"properties": {"dep_hour": {"x-dtype": "float64"}}}


def _save(folder: Path, shift: float = 0.0, **changes: object) -> Path:
    arguments: dict[str, Any] = {
        "pipeline": OlsrRegressor().fit(ROWS, ROWS["dep_hour"] + shift),
        "preparation": None,
        "input_schema": SCHEMA,
        "output_schema": {"properties": {"arr_delay": {"type": "number"}}},
        "prediction_time": "sched_dep_time",
        "metrics": {"shift": shift},
        "lineage": {},
        "card": "# Delays",
        "example": ROWS.head(3),
        "trusted": TRUSTED_TYPES,
        **changes,
    }
    save_bundle(folder, **arguments)
    return folder


def _describe_again(folder: Path) -> None:
    """Make the manifest fit the files, as someone does who may write all of a bundle."""
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).write_bytes(Manifest.describe(folder, "sched_dep_time").write())


class Exploit:
    """What a pickle runs when it is loaded."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.place),)


@pytest.mark.parametrize("name", ["pipeline.skops", "example.json", "MLmodel"])
def test_a_renamed_pickle_runs_nothing(tmp_path: Path, name: str) -> None:
    folder = _save(tmp_path / "bundle")
    (folder / name).write_bytes(pickle.dumps(Exploit(tmp_path / "made")))
    _describe_again(folder)

    with pytest.raises(BundleError, match=rf"bundle: {name}: (skops can't read it|no JSON)"):
        load_bundle(folder, trusted=TRUSTED_TYPES)

    assert not (tmp_path / "made").exists()
    pickle.loads((folder / name).read_bytes())
    assert (tmp_path / "made").exists()  # So the attack is a real one.


@pytest.mark.parametrize("function", ["os.system", "builtins.eval", "subprocess.run"])
def test_a_function_that_runs_what_it_is_given_is_not_trusted(
    tmp_path: Path, function: str
) -> None:
    folder = _save(tmp_path / "bundle")
    module, name = function.split(".")
    dump_estimator(tmp_path / "x.skops", FunctionTransformer(getattr(import_module(module), name)))
    (tmp_path / "x.skops").rename(folder / "pipeline.skops")
    _describe_again(folder)

    with pytest.raises(
        BundleError, match=rf"pipeline\.skops: holds types .* not trusted: .*\.{name}"
    ):
        load_bundle(folder, trusted=TRUSTED_TYPES)


def test_a_lambda_is_neither_saved_nor_loaded(tmp_path: Path) -> None:
    folder = _save(tmp_path / "bundle")
    path = folder / "pipeline.skops"
    model = make_pipeline(FunctionTransformer(lambda rows: rows), OlsrRegressor())
    with pytest.raises(BundleError, match=r"(can't write|can't read|not trusted)"):
        _save(tmp_path / "other", pipeline=model.fit(ROWS, ROWS["dep_hour"]))
    path.unlink()
    dump_estimator(path, FunctionTransformer(np.sort))
    content = path.read_bytes()
    with ZipFile(path, "w") as target, ZipFile(io.BytesIO(content)) as source:
        schema = source.read("schema.json").replace(b'"sort"', b'"<lambda>"')
        assert b"<lambda>" in schema
        target.writestr("schema.json", schema)
    _describe_again(folder)

    with pytest.raises(BundleError, match=r"pipeline\.skops: (holds types|skops can't read it)"):
        load_bundle(folder, trusted=TRUSTED_TYPES)


def test_a_manifest_with_the_hash_of_another_file_is_refused(tmp_path: Path) -> None:
    folder = _save(tmp_path / "bundle")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["card.md"] = manifest["files"]["metrics.json"]
    (folder / MANIFEST).write_bytes(write_json("x", manifest))

    with pytest.raises(BundleError, match=r"bundle: card\.md: \d+ bytes, \d+ in manifest\.json"):
        load_bundle(folder, trusted=TRUSTED_TYPES)


Keys = tuple[Path, Path]


def test_a_signature_by_another_key_is_refused(
    tmp_path: Path, keys: Keys, make_keys: Callable[[], Keys]
) -> None:
    folder = _save(tmp_path / "bundle", signing_key=make_keys()[0])

    with pytest.raises(BundleError, match=r"bundle: model\.sig: is no signature by the key"):
        load_bundle(folder, trusted=TRUSTED_TYPES, verifying_key=keys[1])


@pytest.mark.parametrize("kept", [(MANIFEST,), (SIGNATURE,), (MANIFEST, SIGNATURE)])
def test_an_older_model_under_a_newer_manifest_is_refused(
    tmp_path: Path, keys: Keys, kept: tuple[str, ...]
) -> None:
    older = _save(tmp_path / "older", shift=9.0, signing_key=keys[0])
    newer = _save(tmp_path / "newer", signing_key=keys[0])
    for name in kept:
        (older / name).write_bytes((newer / name).read_bytes())

    with pytest.raises(BundleError, match=r"older: .*: is not what was signed: don't use"):
        load_bundle(older, trusted=TRUSTED_TYPES, verifying_key=keys[1])
    if MANIFEST in kept:
        with pytest.raises(BundleError, match=r"in manifest\.json"):
            load_bundle(older, trusted=TRUSTED_TYPES)


def test_whichever_of_two_that_change_places_is_loaded_it_is_the_one_verified(
    tmp_path: Path, keys: Keys
) -> None:
    digests = {}
    for name, shift in [("one", 0.0), ("two", 500.0)]:
        folder = _save(tmp_path / name, shift, signing_key=keys[0])
        digests[load_bundle(folder, trusted=TRUSTED_TYPES).manifest.digest] = shift
    place, other, away = tmp_path / "one", tmp_path / "two", tmp_path / "away"
    stopped = Event()

    def swap() -> None:
        """Swap both folders, and two of their models, as fast as it goes."""
        while not stopped.is_set():
            place.rename(away)
            other.rename(place)
            away.rename(other)
            (place / "pipeline.skops").rename(away)
            (other / "pipeline.skops").rename(place / "pipeline.skops")
            away.rename(other / "pipeline.skops")

    loaded: list[Bundle] = []
    refused = 0
    swapping = Thread(target=swap)
    swapping.start()
    try:
        until = monotonic() + 60
        while (len(loaded) < 20 or not refused) and monotonic() < until:
            try:
                loaded.append(load_bundle(place, trusted=TRUSTED_TYPES, verifying_key=keys[1]))
            except BundleError:
                refused += 1
    finally:
        stopped.set()
        swapping.join()

    assert loaded
    assert refused
    for bundle in loaded:
        shift = digests[bundle.manifest.digest]
        expected = (ROWS["dep_hour"] + shift).tolist()
        assert bundle.predict(ROWS).tolist() == pytest.approx(expected, abs=1e-9)


LOAD = """
    import resource, sys
    import numpy as np
    import skops.io

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    model = skops.io.load(sys.argv[1], trusted=skops.io.get_untrusted_types(file=sys.argv[1]))
    print(model.predict(np.zeros((1, 3))))
"""


@pytest.mark.parametrize("kind", [RandomForestRegressor, HistGradientBoostingRegressor])
def test_a_tree_that_would_end_the_process_is_refused(tmp_path: Path, kind: type) -> None:
    path = tmp_path / "pipeline.skops"
    rows = np.random.default_rng(0).normal(size=(200, 3))
    model = kind().fit(rows, rows[:, 0])
    if kind is RandomForestRegressor:
        for tree in (estimator.tree_ for estimator in model.estimators_):
            state = tree.__getstate__()
            state["nodes"] = state["nodes"].copy()
            state["nodes"]["feature"] = 2**40
            tree.__setstate__(state)
    else:
        for (tree,) in model._predictors:
            tree.nodes["feature_idx"] = 2**40
    dump_estimator(path, model)

    bare = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LOAD), path],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert bare.returncode == -signal.SIGSEGV, bare.stderr  # So the attack is a real one.
    with pytest.raises(BundleError, match=r"^pipeline\.skops: holds a tree that asks for a column"):
        load_estimator(path, (*TRUSTED_TYPES, "sklearn._loss.link.Interval"))
