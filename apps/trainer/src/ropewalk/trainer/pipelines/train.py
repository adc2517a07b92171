"""Train every candidate, choose one, and leave a bundle, a report and rows to try it on."""

from collections.abc import Callable
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ropewalk.models import (
    ConformalIntervals,
    ModelStore,
    Version,
    compile_row,
    is_exact,
    reference_profile,
    save_bundle,
)
from ropewalk.trainer.configuration import TrainerConfig
from ropewalk.trainer.data import Data, load_data
from ropewalk.trainer.files import replace_file
from ropewalk.trainer.lineage import describe_run
from ropewalk.trainer.pipelines.calibrate import Coverage, calibrate, coverage
from ropewalk.trainer.pipelines.evaluate import TRUSTED_TYPES, Score, fit, predict, score
from ropewalk.trainer.report import render_card, render_report

EXAMPLE_ROWS = 5
# The alias of the newest model that asks to be let in.
CANDIDATE = "candidate"


@dataclass(frozen=True)
class Training:
    """What came out of a training run.

    Attributes
    ----------
    config : TrainerConfig
        What was asked for.
    data : Data
        The rows.
    pipelines : dict of str to Pipeline
        Each candidate, fitted.
    predictions : dict of str to ndarray of float64 of shape (n_test,)
        What each said of the test rows.
    scores : list of Score
        How far off each was, the baselines first.
    winner : Score
        The candidate with the smallest error; of equal ones the first.
    intervals : ConformalIntervals
        How far to trust the winner.
    coverage : Coverage
        How its intervals did on the test rows.
    """

    config: TrainerConfig
    data: Data
    pipelines: dict[str, Pipeline]
    predictions: dict[str, NDArray[np.float64]]
    scores: list[Score]
    winner: Score
    intervals: ConformalIntervals
    coverage: Coverage


@dataclass(frozen=True)
class Results:
    """Where a training run left what it made."""

    bundle: Path
    report: Path
    rows_to_try: Path


def train(config: TrainerConfig, on_step: Callable[[str], None] = lambda step: None) -> Training:
    """Load the rows, fit every candidate on the earlier and judge it on the later ones.

    Parameters
    ----------
    config : TrainerConfig
        What to train on, and which candidates.
    on_step : callable, optional
        Told what starts now, for a person who waits.

    Returns
    -------
    Training
        All candidates with their scores; nothing is written yet.
    """
    on_step("loading")
    data = load_data(config)
    pipelines, predictions = {}, {}
    for name in config.candidates:
        on_step(f"fitting {name}")
        pipelines[name] = fit(name, config, data, on_step)
        predictions[name] = predict(name, pipelines[name], data)
    baselines = {
        name: predictions[name] for name, one in config.candidates.items() if one.is_baseline
    }
    scores = score(predictions, baselines, data.test[config.target])
    winner = min(scores, key=lambda one: getattr(one, config.choose_by))
    on_step(f"calibrating {winner.name}")
    intervals = calibrate(winner.name, config, data)
    held = coverage(winner.name, intervals, predictions[winner.name], config, data)
    return Training(config, data, pipelines, predictions, scores, winner, intervals, held)


def save(training: Training, folder: Path, signing_key: Path | None = None) -> Results:
    """Write the winner's bundle, the report, and test rows to try the predictor on.

    Each of them appears whole or not at all. With a private key the bundle is signed.
    """
    config, data, winner = training.config, training.data, training.winner
    columns, pipeline = data.columns[winner.name], training.pipelines[winner.name]
    folder.mkdir(parents=True, exist_ok=True)
    results = Results(folder / "bundle", folder / "report.html", folder / "predict_me.csv")
    learnt = data.train[columns]
    alone = compile_row(pipeline)
    looks_back = not set(columns).isdisjoint(data.made)
    unit = data.schema.columns[config.target].unit
    target = {"type": "number", **({"x-unit": unit} if unit else {})}
    save_bundle(
        results.bundle,
        pipeline=pipeline,
        preparation=data.history if looks_back else None,
        input_schema=data.schema.select(columns).to_json_schema(),
        output_schema={
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {config.target: target},
            "required": [config.target],
        },
        prediction_time=config.prediction_time,
        metrics={
            "winner": winner.name,
            "chosen_by": config.choose_by,
            "scores": [vars(one) for one in training.scores],
            "coverage": vars(training.coverage),
        },
        lineage={"rows": data.counts, "source": data.lineage, **describe_run(config)},
        card=render_card(training),
        example=data.test[columns].head(EXAMPLE_ROWS),
        trusted=TRUSTED_TYPES,
        calibration=training.intervals,
        signing_key=signing_key,
        profile=reference_profile(learnt, pipeline.predict(learnt)),
        single_row_exact=None if alone is None else is_exact(alone, pipeline, learnt),
    )
    replace_file(results.rows_to_try, data.test[columns].to_csv(index=False, lineterminator="\n"))
    replace_file(results.report, render_report(training))
    return results


def publish(training: Training, results: Results, store: str) -> Version:
    """Put the bundle into a store, and let the alias of candidates stand for it.

    Raises
    ------
    StoreError
        If the store can't be written, or somebody else moved the alias meanwhile.
    """
    shop, model, who = ModelStore(store), training.config.name, getuser()
    version = shop.publish(results.bundle, model, who=who)
    measure = training.config.choose_by
    why = f"trained: {measure.upper()} {getattr(training.winner, measure):.2f}"
    shop.promote(model, version.number, CANDIDATE, why=why, who=who)
    return version
