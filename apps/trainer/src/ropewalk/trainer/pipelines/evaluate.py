"""Judge models on rows that are later than those they learnt from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ropewalk import features, models
from ropewalk.models import load_bundle, mae, rmse, skill
from ropewalk.trainer.assembly import assemble
from ropewalk.trainer.configuration import TrainerConfig
from ropewalk.trainer.data import Data, load_data
from ropewalk.trainer.errors import TrainerError
from ropewalk.trainer.progress import watched

TRUSTED_TYPES = (*features.TRUSTED_TYPES, *models.TRUSTED_TYPES)


@dataclass(frozen=True)
class Score:
    """How far off one model is on the test rows.

    Attributes
    ----------
    name : str
        The candidate.
    is_baseline : bool
        Whether it is one of those to beat.
    rmse, mae : float
        Errors, in the unit of the target.
    rmse_skill, mae_skill : float
        Percent of the best baseline's error that it does away with; 0 is no better.
    """

    name: str
    is_baseline: bool
    rmse: float
    mae: float
    rmse_skill: float
    mae_skill: float


def score(
    predictions: Mapping[str, NDArray[np.float64]],
    baselines: Mapping[str, NDArray[np.float64]],
    actual: pd.Series,
) -> list[Score]:
    """Measure predictions against what happened, and against the best baseline by each measure.

    Parameters
    ----------
    predictions, baselines : mapping of str to ndarray of float64 of shape (n_rows,)
        What models, and those to beat, said of the same rows.
    actual : Series of shape (n_rows,)
        What happened.

    Returns
    -------
    list of Score
        The baselines first.
    """
    said = {**baselines, **predictions}
    errors = {name: (rmse(actual, row), mae(actual, row)) for name, row in said.items()}
    bar_rmse = min(errors[name][0] for name in baselines)
    bar_mae = min(errors[name][1] for name in baselines)
    return [
        Score(
            name=name,
            is_baseline=name in baselines,
            rmse=errors[name][0],
            mae=errors[name][1],
            rmse_skill=skill(errors[name][0], bar_rmse),
            mae_skill=skill(errors[name][1], bar_mae),
        )
        for name in said
    ]


def fit(
    name: str,
    config: TrainerConfig,
    data: Data,
    on_step: Callable[[str], None] = lambda step: None,
) -> Pipeline:
    """Fit one candidate on the training rows, and tell how far that is.

    Raises
    ------
    TrainerError
        If it can't be made or fitted with its parameters and columns.
    """
    columns = data.columns[name]
    try:
        pipeline = assemble(config.candidates[name], config, columns)
        with watched(pipeline[-1], lambda share: on_step(f"fitting {name}, {share}")):
            return pipeline.fit(data.train[columns], data.train[config.target])
    except (TypeError, ValueError) as error:
        raise TrainerError(f"candidate '{name}': {error}") from error


def predict(name: str, pipeline: Pipeline, data: Data) -> NDArray[np.float64]:
    """Give a fitted candidate's predictions of the test rows.

    Raises
    ------
    TrainerError
        If it can't take one of them.
    """
    try:
        return np.asarray(pipeline.predict(data.test[data.columns[name]]), dtype=np.float64)
    except ValueError as error:
        raise TrainerError(f"candidate '{name}': {error}") from error


def evaluate(
    config: TrainerConfig, bundle_folder: Path, verifying_key: Path | None = None
) -> list[Score]:
    """Judge a bundle on the test rows, beside the baselines of the configuration.

    Parameters
    ----------
    config : TrainerConfig
        Names the source, the target and the split.
    bundle_folder : Path
        The bundle.
    verifying_key : Path, optional
        Public key, PEM: a bundle that it does not verify is refused.

    Returns
    -------
    list of Score
        The baselines first, the bundle last, under the name ``bundle``.

    Raises
    ------
    TrainerError
        If the bundle predicts something else, or at another time: then what it sees may be known
        too late, and its score would say nothing.
    """
    bundle = load_bundle(bundle_folder, trusted=TRUSTED_TYPES, verifying_key=verifying_key)
    for key, own, asked in (
        ("target", bundle.target, config.target),
        ("prediction_time", bundle.prediction_time, config.prediction_time),
    ):
        if own != asked:
            raise TrainerError(
                f"{key}: the bundle's is '{own}', not '{asked}'; judge it with --set {key}={own}, "
                "or name another --bundle"
            )
    data = load_data(config)
    baselines = {
        name: predict(name, fit(name, config, data), data)
        for name, candidate in config.candidates.items()
        if candidate.is_baseline
    }
    try:
        said = {"bundle": np.asarray(bundle.predict(data.test), dtype=np.float64)}
    except ValueError as error:
        raise TrainerError(f"bundle {bundle_folder}: {error}") from error
    return score(said, baselines, data.test[config.target])
