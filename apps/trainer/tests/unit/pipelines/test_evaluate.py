from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ropewalk.models import BundleError
from ropewalk.trainer.configuration import read_config
from ropewalk.trainer.data import load_data
from ropewalk.trainer.errors import TrainerError
from ropewalk.trainer.pipelines.evaluate import evaluate, fit, score
from ropewalk.trainer.pipelines.train import save, train

RAW = """
mean: {model: naive}
raw: {model: random_forest_no_features, columns: [size], parameters: {n_estimators: 5}}
"""


def test_skill_is_quoted_against_the_best_baseline_of_each_measure() -> None:
    actual = pd.Series([0.0, 0.0, 0.0, 8.0])
    baselines = {"mean": np.full(4, 2.0), "median": np.zeros(4)}
    predictions = {"model": np.array([0.0, 0.0, 0.0, 6.0])}

    mean, median, model = score(predictions, baselines, actual)

    assert (mean.name, mean.is_baseline, model.is_baseline) == ("mean", True, False)
    assert mean.rmse == pytest.approx(np.sqrt(12))
    assert mean.rmse_skill == 0.0
    assert median.mae == 2.0
    assert median.mae_skill == 0.0
    assert (model.rmse, model.mae) == (1.0, 0.5)
    assert model.mae_skill == 75.0


def test_a_bundle_is_judged_as_when_it_was_made(config_path: Path) -> None:
    config = read_config(config_path)
    training = train(config)
    results = save(training, config_path.parent / "out")

    scores = evaluate(config, results.bundle)

    assert [one.name for one in scores] == ["mean", "median", "bundle"]
    assert scores[-1].rmse == training.winner.rmse
    assert scores[-1].rmse_skill == training.winner.rmse_skill


def test_no_bundle_is_told(config_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere"):
        evaluate(read_config(config_path), config_path.parent / "nowhere")


def test_a_parameter_of_a_wrong_type_names_its_candidate(config_path: Path) -> None:
    config = read_config(config_path, {"candidates.raw.parameters": "{n_estimators: many}"})
    data = load_data(config)

    with pytest.raises(TrainerError, match=r"candidate 'raw': .*n_estimators.*'many'"):
        fit("raw", config, data)


def test_a_test_row_that_a_model_can_not_take_names_the_candidate(
    config_path: Path, rows: pd.DataFrame
) -> None:
    rows.loc[390, "size"] = np.inf
    rows.to_csv(config_path.parent / "made.csv", index=False)

    with pytest.raises(TrainerError, match=r"candidate 'raw': .*infinity"):
        train(read_config(config_path))


def test_a_bundle_that_can_not_take_a_test_row_is_told(
    config_path: Path, rows: pd.DataFrame
) -> None:
    config = read_config(config_path, {"candidates": RAW})
    results = save(train(config), config_path.parent / "out")
    rows.loc[390, "size"] = np.inf
    rows.to_csv(config_path.parent / "made.csv", index=False)

    with pytest.raises(TrainerError, match=r"bundle .*out/bundle: .*infinity"):
        evaluate(config, results.bundle)


@pytest.mark.parametrize(
    ("key", "other"), [("target", "undeclared"), ("prediction_time", "asked_at")]
)
def test_a_bundle_for_something_else_is_not_judged(config_path: Path, key: str, other: str) -> None:
    later = {"prediction_time": "done_at", "flows.sizes.columns": "[size, late]"}
    results = save(train(read_config(config_path, later)), config_path.parent / "out")

    with pytest.raises(TrainerError, match=f"{key}: the bundle's is '.*', not '{other}'; "):
        evaluate(read_config(config_path, later | {key: other}), results.bundle)
