"""The names of models, for configurations: from a name to an estimator, imported when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType

from sklearn.base import BaseEstimator

from ropewalk.models.common.names import hint
from ropewalk.models.errors import ModelInputError, reason

_GROUP = "ropewalk.models"
_BOOSTING = "ropewalk.models.ensemble.boosting"
_FORESTS = "ropewalk.models.ensemble.random_forests"
_REGRESSION = "ropewalk.models.regression"

_OURS = MappingProxyType(
    {
        "elastic_net": f"{_REGRESSION}:ElasticNetRegressor",
        "histogram_boosting": f"{_BOOSTING}:HistogramBoostingRegressor",
        "histogram_boosting_classifier": f"{_BOOSTING}:HistogramBoostingClassifier",
        "lightgbm": f"{_BOOSTING}.lightgbm_boosting:LightgbmRegressor",
        "lightgbm_classifier": f"{_BOOSTING}.lightgbm_boosting:LightgbmClassifier",
        "logistic_classifier": f"{_REGRESSION}:LogisticClassifier",
        "naive": "ropewalk.models.rule_based:NaiveRegressor",
        "naive_classifier": "ropewalk.models.rule_based:NaiveClassifier",
        "olsr": f"{_REGRESSION}:OlsrRegressor",
        "quantile": f"{_REGRESSION}:QuantileRegressor",
        "random_forest_all_features": f"{_FORESTS}:RandomForestAllFeaturesRegressor",
        "random_forest_all_features_classifier": f"{_FORESTS}:RandomForestAllFeaturesClassifier",
        "random_forest_no_features": f"{_FORESTS}:RandomForestNoFeaturesRegressor",
        "random_forest_no_features_classifier": f"{_FORESTS}:RandomForestNoFeaturesClassifier",
        "ridge": f"{_REGRESSION}:RidgeRegressor",
        "xgboost": f"{_BOOSTING}.xgboost_boosting:XgboostRegressor",
        "xgboost_classifier": f"{_BOOSTING}.xgboost_boosting:XgboostClassifier",
    }
)


def model_paths() -> Mapping[str, str]:
    """Give the name of each model, and where its class is; nothing is imported.

    A package adds models by entry points of the group ``ropewalk.models``, in its
    `pyproject.toml`::

        [project.entry-points."ropewalk.models"]
        midpoint = "my_package.midpoint:MidpointRegressor"

    Returns
    -------
    mapping of str to str
        Names, sorted, and ``module:class``. Read-only.

    Raises
    ------
    ModelInputError
        A ValueError: if two packages give a model the same name.

    References
    ----------
    .. [1] Python Packaging Authority, "Entry points specification":
       https://packaging.python.org/specifications/entry-points

    Examples
    --------
    >>> model_paths()["naive"]
    'ropewalk.models.rule_based:NaiveRegressor'
    """
    paths = dict(_OURS)
    for found in entry_points(group=_GROUP):
        if paths.setdefault(found.name, found.value) != found.value:
            raise ModelInputError(
                f"two models are named {found.name!r}: {paths[found.name]} and {found.value};"
                f" uninstall the package of one, or rename its entry point of {_GROUP}"
            )
    return MappingProxyType(dict(sorted(paths.items())))


def find_model(name: str) -> type[BaseEstimator]:
    """Give the estimator that a name stands for.

    Parameters
    ----------
    name : str
        One of `model_paths`.

    Returns
    -------
    type
        The estimator's class.

    Raises
    ------
    ModelInputError
        A ValueError: if no model has the name, its package is not installed, or what the name
        stands for is no estimator.

    Examples
    --------
    >>> find_model("naive")(strategy="median")
    NaiveRegressor(strategy='median')
    """
    paths = model_paths()
    if name not in paths:
        raise ModelInputError(f"there is no model {name!r}: {hint(name, paths)}")
    module, _, attribute = paths[name].partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ModelInputError(f"the model {name!r} can't be imported: {reason(error)}") from error
    if not (isinstance(found, type) and issubclass(found, BaseEstimator)):
        raise ModelInputError(
            f"the model {name!r} is {paths[name]}, which is no class of an estimator:"
            f" mend the entry point of {_GROUP}"
        )
    return found
