"""Flows and an estimator into one scikit-learn pipeline."""

from collections.abc import Collection
from fnmatch import fnmatchcase

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from ropewalk.data_loaders import did_you_mean
from ropewalk.trainer.configuration import CandidateConfig, TrainerConfig
from ropewalk.trainer.errors import TrainerError


def match_columns(patterns: Collection[str], available: Collection[str], where: str) -> list[str]:
    """Give the columns that names and patterns stand for, each once, in the order given.

    Parameters
    ----------
    patterns : collection of str
        Names of columns; ``*`` stands for any part of a name.
    available : collection of str
        The columns there are.
    where : str
        Who asks, the first words of an error.

    Raises
    ------
    TrainerError
        If one of them stands for nothing.

    Examples
    --------
    >>> match_columns(["history_*", "dest"], ["dest", "history_a", "history_b"], "flow 'x'")
    ['history_a', 'history_b', 'dest']
    """
    columns: dict[str, None] = {}
    for pattern in patterns:
        matched = [name for name in available if fnmatchcase(name, pattern)]
        if not matched:
            raise TrainerError(
                f"{where}: there is no column '{pattern}'; {did_you_mean(pattern, list(available))}"
            )
        columns |= dict.fromkeys(matched)
    return list(columns)


def input_columns(
    name: str, candidate: CandidateConfig, config: TrainerConfig, available: Collection[str]
) -> list[str]:
    """Give the columns that a candidate sees, in the order of the source."""
    if not candidate.flows:
        patterns = candidate.columns or [config.prediction_time]
        return match_columns(patterns, available, f"candidate '{name}'")
    seen = {
        column
        for flow in candidate.flows
        for column in match_columns(config.flows[flow].columns, available, f"flow '{flow}'")
    }
    return [column for column in available if column in seen]


def assemble(candidate: CandidateConfig, config: TrainerConfig, columns: list[str]) -> Pipeline:
    """Make a candidate's pipeline, not fitted, from its input columns to predictions."""
    model = ("model", candidate.make(config.seed))
    if not candidate.flows:
        return Pipeline([model])
    flows = [
        (
            flow,
            config.flows[flow].make(),
            match_columns(config.flows[flow].columns, columns, f"flow '{flow}'"),
        )
        for flow in candidate.flows
    ]
    return Pipeline([("features", ColumnTransformer(flows)), model])
