"""scikit-learn's own checks of an estimator."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from sklearn.utils.validation import validate_data

from ropewalk.features import (
    BuildCategoricalFeatures,
    BuildDatetimeFeatures,
    BuildHistoryFeatures,
    BuildNumericFeatures,
    BuildTextFeatures,
    FeatureFlow,
    Window,
)
from ropewalk.features.build_numeric_features.filter import Filter
from ropewalk.features.build_numeric_features.postfilter import Postfilter

# The checks that fit on random numbers without names, which are neither times nor text.
_ON_NUMBERS = (
    "check_fit_score_takes_y",
    "check_estimators_overwrite_params",
    "check_dont_overwrite_parameters",
    "check_estimators_fit_returns_self",
    "check_readonly_memmap_input",
    "check_n_features_in_after_fitting",
    "check_positive_only_tag_during_fit",
    "check_estimators_dtypes",
    "check_dtype_object",
    "check_pipeline_consistency",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_transformer_data_not_an_array",
    "check_transformer_general",
    "check_transformer_preserve_dtypes",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_fit2d_1sample",
    "check_fit2d_1feature",
    "check_dict_unchanged",
    "check_fit_idempotent",
    "check_fit_check_is_fitted",
    "check_n_features_in",
    "check_fit2d_predict1d",
)


class TimesFromNumbers(BuildDatetimeFeatures):
    """The same flow, reading numbers as days, so that the checks on numbers reach it."""

    def _read(self, X: object, reset: bool) -> pd.DataFrame:
        array = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=False)
        days = pd.DataFrame(array, columns=self._input_names())
        return pd.DataFrame({name: pd.to_datetime(days[name], unit="D") for name in days})


class TextFromNumbers(BuildTextFeatures):
    """The same flow, reading numbers as text, so that the checks on numbers reach it."""

    def _read(self, X: object, reset: bool) -> pd.DataFrame:
        array = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=False)
        return pd.DataFrame(array, columns=self._input_names()).map(str, na_action="ignore")


class HistoryFromNumbers(BuildHistoryFeatures):
    """The same flow, reading numbers as values and as days, so that the checks reach it."""

    def _read(self, X: object, reset: bool) -> pd.DataFrame:
        array = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=False)
        days = pd.to_datetime(pd.Series(array[:, 0]), unit="D")
        return pd.DataFrame({"value": array[:, -1], "known_at": days, "moment": days})


def _history(flow: type[BuildHistoryFeatures]) -> BuildHistoryFeatures:
    month: Window = {"by": [], "hours": 720}
    return flow("value", "known_at", "moment", windows=[month], backlog=[month])


def _expected_failures(estimator: BaseEstimator) -> dict[str, str]:
    if not isinstance(estimator, BuildHistoryFeatures):
        return {}
    return {"check_methods_subset_invariance": "a row alone has no other rows to look back on"}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        BuildNumericFeatures(),
        BuildNumericFeatures(impute=None, scale=True),
        Filter(),
        Postfilter(),
        BuildCategoricalFeatures(),
        BuildCategoricalFeatures(encoding="ordinal"),
        TimesFromNumbers(),
        TextFromNumbers(),
        _history(HistoryFromNumbers),
    ],
    expected_failed_checks=_expected_failures,
)
def test_scikit_learn_takes_it_for_an_estimator(
    estimator: BaseEstimator, check: Callable[[BaseEstimator], None]
) -> None:
    check(estimator)


@pytest.mark.parametrize(
    ("flow", "reason"),
    [
        (BuildDatetimeFeatures(), "takes times, not numbers: see TimesFromNumbers"),
        (BuildTextFeatures(), "takes text, not numbers: see TextFromNumbers"),
        (
            _history(BuildHistoryFeatures),
            "finds its columns by name, and arrays have none: see HistoryFromNumbers",
        ),
    ],
)
def test_all_that_fails_on_other_flows_is_that_they_take_no_numbers(
    flow: FeatureFlow, reason: str
) -> None:
    # In one test, because pytest writes out a trace for each expected failure, which takes seconds.
    results = check_estimator(
        flow,
        expected_failed_checks=dict.fromkeys(_ON_NUMBERS, reason),
        on_fail=None,
        on_skip=None,
    )

    names: dict[str, set[str]] = {}
    for result in results:
        names.setdefault(result["status"], set()).add(result["check_name"])
    assert names["xfail"] == set(_ON_NUMBERS)
    assert set(names) <= {"passed", "skipped", "xfail"}


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_transformer_get_feature_names_out,
        estimator_checks.check_transformer_get_feature_names_out_pandas,
        estimator_checks.check_get_feature_names_out_error,
        estimator_checks.check_set_output_transform,
    ],
)
@pytest.mark.parametrize(
    "flow",
    [
        BuildNumericFeatures(),
        Filter(),
        Postfilter(),
        BuildCategoricalFeatures(),
        BuildCategoricalFeatures(encoding="ordinal"),
        TimesFromNumbers(),
        TextFromNumbers(),
        _history(HistoryFromNumbers),
    ],
)
def test_scikit_learn_takes_its_names(
    flow: FeatureFlow, check: Callable[[str, FeatureFlow], None]
) -> None:
    check(type(flow).__name__, flow)
