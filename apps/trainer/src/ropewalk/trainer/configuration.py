"""What to train on, and which candidates: one YAML file, read into frozen models."""

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from inspect import signature
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator
from sklearn.base import BaseEstimator, RegressorMixin

from ropewalk.data_loaders import did_you_mean, parse, read_yaml
from ropewalk.features import (
    BuildCategoricalFeatures,
    BuildDatetimeFeatures,
    BuildHistoryFeatures,
    BuildNumericFeatures,
    BuildTextFeatures,
    FeatureFlow,
)
from ropewalk.models import ModelError, find_model, model_paths
from ropewalk.trainer.errors import TrainerError

FLOWS: Mapping[str, type[FeatureFlow]] = {
    "categorical": BuildCategoricalFeatures,
    "datetime": BuildDatetimeFeatures,
    "numeric": BuildNumericFeatures,
    "text": BuildTextFeatures,
}

Parameters = dict[str, JsonValue]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FlowConfig(_Frozen):
    """A feature flow over some columns.

    Parameters
    ----------
    kind : str
        Which flow.
    columns : list of str
        Its input columns; ``*`` stands for any part of a name.
    parameters : mapping
        What its constructor takes; the rest keeps its default.
    """

    kind: Literal["categorical", "datetime", "numeric", "text"]
    columns: list[str] = Field(min_length=1)
    parameters: Parameters = {}

    @model_validator(mode="after")
    def _parameters_exist(self) -> Self:
        _refuse_unknown(self.parameters, signature(FLOWS[self.kind]).parameters, self.kind)
        return self

    def make(self) -> FeatureFlow:
        """Make the flow, not fitted."""
        return FLOWS[self.kind](**self.parameters)


def _regressors() -> list[str]:
    """Name what predicts numbers, of the packages that are installed here."""
    names = []
    for name in model_paths():
        with suppress(ModelError):  # Its package is missing.
            if issubclass(find_model(name), RegressorMixin):
                names.append(name)
    return names


def _list_regressors(schema: dict[str, Any]) -> None:
    schema["enum"] = _regressors()


class CandidateConfig(_Frozen):
    """A model that competes, and what it sees.

    Parameters
    ----------
    model : str
        Which estimator: a regressor of `ropewalk.models.model_paths`.
    flows : list of str
        The flows that make its matrix.
    columns : list of str
        The columns that it takes as they are, for a model that needs no flows. Without either, it
        sees the prediction time alone.
    parameters : mapping
        What its constructor takes; the rest keeps its default.
    description : str
        What it is there to show, for the report.
    """

    model: str = Field(json_schema_extra=_list_regressors)
    flows: list[str] = []
    columns: list[str] = []
    parameters: Parameters = {}
    description: str = ""

    @field_validator("model")
    @classmethod
    def _predicts_numbers(cls, name: str) -> str:
        if not issubclass(find_model(name), RegressorMixin):
            told = f"{name} predicts no number; {did_you_mean(name, _regressors())}"
            raise ValueError(told)  # noqa: TRY004 (what pydantic tells of)
        return name

    @model_validator(mode="after")
    def _parameters_exist(self) -> Self:
        if self.flows and self.columns:
            raise ValueError("a candidate has either flows or columns: give one of them")
        _refuse_unknown(self.parameters, signature(find_model(self.model)).parameters, self.model)
        return self

    @property
    def is_baseline(self) -> bool:
        """Whether it is one of those that a model has to beat."""
        return self.model == "naive"

    def make(self, seed: int) -> BaseEstimator:
        """Make the estimator, not fitted."""
        estimator = find_model(self.model)
        drawn = {"random_state": seed} if "random_state" in signature(estimator).parameters else {}
        return estimator(**(drawn | self.parameters))


class HistoryConfig(_Frozen):
    """What other rows had made known by each row's prediction time.

    Parameters
    ----------
    value : str
        The column that is looked back on; its own ``known_at`` says from when on.
    parameters : mapping
        What `ropewalk.features.BuildHistoryFeatures` takes besides the names of columns.
    """

    value: str
    parameters: Parameters = {}

    @model_validator(mode="after")
    def _parameters_exist(self) -> Self:
        _refuse_unknown(self.parameters, ("windows", "backlog"), "history")
        return self

    def make(self, known_at: str, moment: str) -> BuildHistoryFeatures:
        """Make the flow, not fitted."""
        # The flow checks them itself, value by value.
        windows: Any = self.parameters
        return BuildHistoryFeatures(self.value, known_at, moment, **windows)


class IntervalsConfig(_Frozen):
    """How the winner learns how far off it is.

    The training rows are parted by time; what models of the earlier parts say of the next one is
    what intervals are made of.

    Parameters
    ----------
    folds : int
        How many parts are predicted.
    group : list of str
        Columns whose values have intervals of their own; the winner has to see them.
    level : float
        How often the interval shall hold what happens, where the report tells how often it did.
    """

    folds: int = Field(default=3, ge=1, le=20)
    group: list[str] = []
    level: float = Field(default=0.9, gt=0, lt=1)


class TrainerConfig(_Frozen):
    """One training run.

    Parameters
    ----------
    name : str
        What is predicted from, for people and for the folder of the results.
    source : str
        The source of all rows, as `ropewalk.data_loaders.read_source` takes it; counts from the
        folder of the configuration file.
    target : str
        The column to predict.
    prediction_time : str
        The time column at which a prediction is asked for: what is known later is refused.
    test_from : str
        The first moment of the rows that models are judged on; they learn from those before.
    choose_by : {"rmse", "mae"}
        The score that decides.
    seed : int
        For everything that is drawn.
    history : HistoryConfig, optional
        Adds columns named ``history_...``, made on all rows.
    intervals : IntervalsConfig
        How far to trust a prediction.
    flows : mapping of str to FlowConfig
        Named flows.
    candidates : mapping of str to CandidateConfig
        Named models. At least one is ``naive``: every score is quoted against it.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    source: str
    target: str
    prediction_time: str
    test_from: str
    choose_by: Literal["rmse", "mae"] = "rmse"
    seed: int = Field(default=0, ge=0)
    history: HistoryConfig | None = None
    intervals: IntervalsConfig = IntervalsConfig()
    flows: dict[str, FlowConfig] = {}
    candidates: dict[str, CandidateConfig] = Field(min_length=1)

    @field_validator("test_from", mode="before")
    @classmethod
    def _yaml_reads_dates(cls, given: object) -> object:
        return given if isinstance(given, str) else str(given)

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name, candidate in self.candidates.items():
            for flow in candidate.flows:
                if flow not in self.flows:
                    raise ValueError(
                        f"candidate '{name}' wants a flow '{flow}', and there is none; "
                        f"{did_you_mean(flow, self.flows)}"
                    )
        if not any(candidate.is_baseline for candidate in self.candidates.values()):
            raise ValueError(
                "no candidate is of model naive: add one, so that the others have a bar to clear"
            )
        return self


def read_config(path: str | Path, overrides: Mapping[str, str] | None = None) -> TrainerConfig:
    """Read a configuration file.

    Parameters
    ----------
    path : str or Path
        A YAML file.
    overrides : mapping of str to str, optional
        Values that replace those of the file, by dotted key; a value is read as YAML.

    Returns
    -------
    TrainerConfig
        The configuration, its source as a path from here.

    Raises
    ------
    ConfigurationError
        If the file is missing or not a configuration: the key that is wrong, and what to write.
    TrainerError
        If an override names no key or is no YAML.
    """
    path = Path(path)
    given: dict[str, Any] = read_yaml(path)
    for key, value in (overrides or {}).items():
        *folders, last = key.split(".")
        place = given
        for part in folders:
            inner = place.setdefault(part, {})  # a section that the file leaves to its defaults
            if not isinstance(inner, dict):
                raise TrainerError(f"--set {key}: '{part}' has no keys of its own; it is {inner!r}")
            place = inner
        try:
            place[last] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError) as error:  # a ValueError is a day such as 2013-02-30
            raise TrainerError(f"--set {key}: '{value}' is no YAML value") from error
    config = parse(TrainerConfig, given, str(path))
    if "://" in config.source:
        return config
    source = os.path.normpath(path.parent / config.source)
    return config.model_copy(update={"source": source})


def _refuse_unknown(parameters: Parameters, allowed: Collection[str], kind: str) -> None:
    for name in parameters:
        if name not in allowed:
            raise ValueError(f"{kind} has no parameter '{name}'; {did_you_mean(name, allowed)}")
