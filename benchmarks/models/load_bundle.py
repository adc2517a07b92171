#!/usr/bin/env python3
"""Measure what verification adds to loading a model: in time, and in memory.

Beside it stand `skops.io.load` of the same file, which verifies nothing, and the plain SHA-256 of
all files, which has to be computed by whoever verifies them.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pandas as pd
import skops.io
from sklearn.base import BaseEstimator

from ropewalk.models import (
    TRUSTED_TYPES,
    HistogramBoostingRegressor,
    ModelStore,
    RandomForestAllFeaturesRegressor,
    load_bundle,
    save_bundle,
)

TIME_BOUND = 1.3
MEMORY_BOUND_MB = 64
TRUSTED = [*TRUSTED_TYPES, "numpy.dtype"]
COLUMNS = [f"x{number}" for number in range(10)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was measured; give 1 if something is slower or larger than it may be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=500, help="of the large bundle")
    parser.add_argument("--repeats", type=int, default=5, help="of each load")
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "BUNDLE"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.child:
        what, bundle = asked.child
        _DOES[what](Path(bundle))
        print(_peak_mb())
        return 0
    print(
        f"{platform.machine()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "skops"))
    )
    with TemporaryDirectory() as place:
        bundles = {
            "boosting, 300 trees": _save(Path(place) / "boosting", HistogramBoostingRegressor()),
            "forest, 50 MB": _save(Path(place) / "forest", _forest(50)),
            f"forest, {asked.megabytes} MB": _save(Path(place) / "large", _forest(asked.megabytes)),
        }
        times = [_time(name, bundle, asked.repeats) for name, bundle in bundles.items()]
        sizes = _measure_memory(list(bundles.values())[-1])
    return 0 if all([*times, *sizes]) else 1


def _forest(megabytes: int) -> RandomForestAllFeaturesRegressor:
    # A tree of 20,000 rows takes 1.14 MB: 72 bytes a node.
    trees = max(1, round(megabytes / 1.14))
    return RandomForestAllFeaturesRegressor(
        trees, max_features=1, min_samples_leaf=1, random_state=0
    )


def _save(folder: Path, model: BaseEstimator) -> Path:
    random = np.random.default_rng(0)
    rows = pd.DataFrame(random.normal(size=(20_000, len(COLUMNS))), columns=COLUMNS)
    model.fit(rows, rows["x0"] * rows["x1"] + random.normal(size=len(rows)))
    save_bundle(
        folder,
        pipeline=model,
        preparation=None,
        input_schema={"properties": {name: {"x-dtype": "float64"} for name in COLUMNS}},
        output_schema={"properties": {"y": {"type": "number"}}},
        prediction_time="at",
        metrics={},
        lineage={},
        card="# A model of noise",
        example=rows.head(5),
        trusted=TRUSTED,
    )
    return folder


def _load_bare(bundle: Path) -> object:
    return skops.io.load(bundle / "pipeline.skops", trusted=TRUSTED)


def _hash(bundle: Path) -> None:
    for path in bundle.iterdir():
        with open(path, "rb") as file:
            hashlib.file_digest(file, "sha256")


def _load_verified(bundle: Path) -> object:
    return load_bundle(bundle, trusted=TRUSTED)


def _publish_and_load(bundle: Path) -> object:
    with TemporaryDirectory() as place:
        store = ModelStore(f"file://{place}")
        store.publish(bundle, "noise", who="benchmark")
        return store.load("noise/1", trusted=TRUSTED)


_DOES: dict[str, Callable[[Path], object]] = {
    "bare": _load_bare,
    "verified": _load_verified,
    "store": _publish_and_load,
}


def _time(name: str, bundle: Path, repeats: int) -> bool:
    took: dict[str, list[float]] = {"load": [], "hash": [], "bundle": []}
    size = sum(path.stat().st_size for path in bundle.iterdir()) / 1e6
    # In turns, so that what else runs disturbs all alike; the best is what it disturbed least.
    for _ in range(repeats if size > 100 else 5 * repeats):
        for what, function in zip(took, (_load_bare, _hash, _load_verified), strict=True):
            start = perf_counter()
            function(bundle)
            took[what].append(perf_counter() - start)
    load, hashing, ours = (min(seconds) for seconds in took.values())
    ratio = ours / (load + hashing)
    print(
        f"{_verdict(ratio <= TIME_BOUND)} {name} ({size:.1f} MB): load_bundle {ours:.3f} s,"
        f" skops.io.load {load:.3f} s and sha256 {hashing:.3f} s: {ratio:.2f} times,"
        f" {TIME_BOUND} allowed"
    )
    return ratio <= TIME_BOUND


def _measure_memory(bundle: Path) -> list[bool]:
    peaks = {what: _child(what, bundle) for what in _DOES}
    fits = []
    for what, name in [("verified", "load_bundle"), ("store", "publish and load")]:
        more = peaks[what] - peaks["bare"]
        fits.append(more <= MEMORY_BOUND_MB)
        print(
            f"{_verdict(fits[-1])} {name}: peak {peaks[what]:.0f} MB, skops.io.load alone"
            f" {peaks['bare']:.0f} MB: {more:.0f} MB more, {MEMORY_BOUND_MB} allowed"
        )
    return fits


def _child(what: str, bundle: Path) -> float:
    command = [sys.executable, __file__, "--child", what, str(bundle)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _peak_mb() -> float:
    """Give the most memory that this process had at once, which `ru_maxrss` mixes with others'."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the peak of memory is in /proc alone: measure on Linux")


def _verdict(holds: bool) -> str:
    return "holds " if holds else "BROKEN"


if __name__ == "__main__":
    sys.exit(main())
