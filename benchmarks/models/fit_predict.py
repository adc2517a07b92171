#!/usr/bin/env python3
"""Measure what our estimators add to the library's own: fit and predict, same parameters and rows.

Each pair is checked to predict the same to the last digit, and timed in turns.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from statistics import median
from time import perf_counter
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import xgboost
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from threadpoolctl import threadpool_limits

from ropewalk.models import (
    HistogramBoostingClassifier,
    HistogramBoostingRegressor,
    LightgbmRegressor,
    RandomForestAllFeaturesClassifier,
    RandomForestAllFeaturesRegressor,
    XgboostRegressor,
)

BOUND = 1.05
Rows = npt.NDArray[np.float64]
Pair = tuple[BaseEstimator, BaseEstimator, bool]
_BOOSTING: dict[str, Any] = dict(learning_rate=0.05, max_iter=300, random_state=0)
_FOREST: dict[str, Any] = dict(
    min_samples_leaf=15, max_features=0.33, max_samples=0.5, n_jobs=1, random_state=0
)


def pairs() -> dict[str, Pair]:
    """Give ours, the library's own with the same parameters, and whether it predicts labels."""
    return {
        "random forest": (
            RandomForestAllFeaturesRegressor(30, **_FOREST),
            RandomForestRegressor(30, **_FOREST),
            False,
        ),
        "random forest, labels": (
            RandomForestAllFeaturesClassifier(30, **_FOREST),
            RandomForestClassifier(30, **_FOREST),
            True,
        ),
        "histogram boosting": (
            HistogramBoostingRegressor(**_BOOSTING),
            HistGradientBoostingRegressor(early_stopping=False, **_BOOSTING),
            False,
        ),
        "histogram boosting, labels": (
            HistogramBoostingClassifier(**_BOOSTING),
            HistGradientBoostingClassifier(early_stopping=False, **_BOOSTING),
            True,
        ),
        "LightGBM": (
            LightgbmRegressor(**_BOOSTING),
            lightgbm.LGBMRegressor(
                n_estimators=300,
                learning_rate=0.05,
                min_child_samples=20,
                deterministic=True,
                force_row_wise=True,
                n_jobs=1,
                verbosity=-1,
            ),
            False,
        ),
        "XGBoost": (
            XgboostRegressor(**_BOOSTING),
            xgboost.XGBRegressor(
                n_estimators=300,
                learning_rate=0.05,
                tree_method="hist",
                grow_policy="lossguide",
                max_leaves=31,
                max_depth=0,
                min_child_weight=20,
                reg_lambda=0.0,
                max_bin=255,
                n_jobs=1,
            ),
            False,
        ),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was measured; give 1 if one is slower than it may be, or predicts otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=22_000, help="to fit and to predict")
    parser.add_argument("--features", type=int, default=30, help="of each row")
    parser.add_argument("--repeats", type=int, default=7, help="of each pair")
    asked = parser.parse_args(arguments)
    packages = ("numpy", "scikit-learn", "lightgbm", "xgboost-cpu")
    print(
        f"{platform.machine()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
    )
    random = np.random.default_rng(0)
    X = random.normal(size=(asked.rows, asked.features))
    X[random.random(X.shape) < 0.1] = np.nan
    y = 10 * np.nan_to_num(X[:, 0]) * np.nan_to_num(X[:, 1]) + random.normal(size=len(X))
    # More threads than one would wait for each other, and for what else runs.
    with threadpool_limits(1):
        held = [
            _measure(name, pair, X, np.where(y > 0, "late", "early") if pair[2] else y, asked)
            for name, pair in pairs().items()
        ]
    return 0 if all(held) else 1


def _measure(
    name: str, pair: Pair, X: Rows, y: npt.NDArray[Any], asked: argparse.Namespace
) -> bool:
    ours, theirs, _ = pair
    # Also warms both up.
    say = [getattr(model.fit(X, y), "predict_proba", model.predict)(X) for model in (ours, theirs)]
    # XGBoost's own gives float32.
    if not np.array_equal(say[0], np.asarray(say[1], dtype=np.float64)):
        print(f"BROKEN {name}: does not predict what the library's own does")
        return False
    fits = _ratios(lambda model: model.fit(X, y), ours, theirs, asked.repeats)
    predicts = _ratios(lambda model: model.predict(X), ours, theirs, 3 * asked.repeats)
    held = True
    for what, (ratio, seconds, bare) in (("fit", fits), ("predict", predicts)):
        held = held and ratio <= BOUND
        print(
            f"{'holds ' if ratio <= BOUND else 'BROKEN'} {name}: {what} of {len(X):,} rows"
            f" {seconds:.3f} s, {type(theirs).__name__} {bare:.3f} s: {ratio:.3f} times,"
            f" {BOUND} allowed"
        )
    return held


def _ratios(
    run: Callable[[BaseEstimator], object],
    ours: BaseEstimator,
    theirs: BaseEstimator,
    repeats: int,
) -> tuple[float, float, float]:
    """Give the median ratio of pairs that ran one after the other, and both medians in seconds."""
    took = []
    for number in range(repeats):
        pair = {}
        # Each goes first as often as the other: what runs second finds warm caches.
        for model in (ours, theirs) if number % 2 else (theirs, ours):
            start = perf_counter()
            run(model)
            pair[model is ours] = perf_counter() - start
        took.append((pair[True], pair[False]))
    mine, bare = zip(*took, strict=True)
    return median(one / other for one, other in took), median(mine), median(bare)


if __name__ == "__main__":
    sys.exit(main())
