from pathlib import Path

import pytest
from pydantic import ValidationError
from sklearn.base import is_regressor

from ropewalk.data_loaders import ConfigurationError, parse
from ropewalk.models import HistogramBoostingRegressor, OlsrRegressor, find_model, model_paths
from ropewalk.trainer.configuration import (
    FLOWS,
    CandidateConfig,
    FlowConfig,
    TrainerConfig,
    read_config,
)
from ropewalk.trainer.errors import TrainerError


def test_a_file_becomes_a_frozen_configuration(config_path: Path) -> None:
    config = read_config(config_path)

    assert config.source == str(config_path.parent / "made.yaml")
    assert config.candidates["mean"].is_baseline
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 1


def test_a_url_is_no_path_of_the_folder(config_path: Path) -> None:
    config = read_config(config_path, {"source": "memory://made.csv"})

    assert config.source == "memory://made.csv"


def test_values_are_replaced_by_their_dotted_key(config_path: Path) -> None:
    config = read_config(
        config_path, {"seed": "7", "candidates.line.flows": "[sizes]", "test_from": "2024-01-10"}
    )

    assert config.seed == 7
    assert config.candidates["line"].flows == ["sizes"]
    assert config.test_from == "2024-01-10"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("name.x", "1", "--set name.x: 'name' has no keys of its own; it is 'made'"),
        ("seed", "[", "no YAML value"),
        ("test_from", "2013-02-30", "--set test_from: '2013-02-30' is no YAML value"),
    ],
)
def test_an_override_of_no_use_is_refused(
    config_path: Path, key: str, value: str, told: str
) -> None:
    with pytest.raises(TrainerError, match=told):
        read_config(config_path, {key: value})


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("sed", "1", "unknown key 'sed': did you mean 'seed'"),
        ("flow.sizes.kind", "text", "unknown key 'flow': did you mean 'flows'"),
        ("choose_by", "r2", "choose_by"),
        ("name", "../up", "name"),
        ("candidates.line.flows", "[size]", "flow 'size', and there is none; did you mean 'sizes'"),
        ("candidates.line.columns", "[size]", "either flows or columns"),
        ("candidates.line.parameters", "{fit: 1}", "olsr has no parameter 'fit'"),
        ("flows.sizes.parameters", "{quantile: 1}", "did you mean 'quantiles'"),
        ("history.parameters", "{window: []}", "did you mean 'windows'"),
        ("candidates", "{line: {model: olsr, flows: [sizes]}}", "no candidate is of model naive"),
        ("candidates.line.model", "tree", "candidates.line.model': there is no model 'tree'"),
        ("candidates.line.model", "nave", "did you mean 'naive'"),
        (
            "candidates.line.model",
            "histogram_boosting_classifier",
            "predicts no number; did you mean 'histogram_boosting'",
        ),
    ],
)
def test_a_wrong_value_is_refused_by_name(
    config_path: Path, key: str, value: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        read_config(config_path, {key: value})

    assert "\n" not in str(caught.value)


def test_every_kind_has_its_class() -> None:
    flow_kinds = FlowConfig.model_json_schema()["properties"]["kind"]["enum"]

    assert sorted(FLOWS) == sorted(flow_kinds)


def test_the_schema_lists_the_regressors() -> None:
    models = CandidateConfig.model_json_schema()["properties"]["model"]["enum"]

    assert {"naive", "olsr", "histogram_boosting", "random_forest_no_features"} <= set(models)
    assert all(is_regressor(find_model(name)()) for name in models)
    for name in set(model_paths()) - set(models):
        with pytest.raises(ValidationError, match=f"{name} predicts no number|is not installed"):
            CandidateConfig(model=name)


def test_the_seed_reaches_what_draws_and_nothing_else() -> None:
    drawing = CandidateConfig(model="histogram_boosting", parameters={"max_iter": 3}).make(seed=5)
    own = CandidateConfig(model="histogram_boosting", parameters={"random_state": 6}).make(seed=5)
    line = CandidateConfig(model="olsr").make(seed=5)

    assert isinstance(drawing, HistogramBoostingRegressor)
    assert (drawing.random_state, drawing.max_iter, own.random_state) == (5, 3, 6)
    assert isinstance(line, OlsrRegressor)


def test_the_configuration_survives_json(config_path: Path) -> None:
    config = read_config(config_path)

    assert parse(TrainerConfig, config.model_dump(mode="json"), "json") == config
