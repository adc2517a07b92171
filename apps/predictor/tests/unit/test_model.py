from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from ropewalk.models import Bundle, BundleError
from ropewalk.predictor.errors import NoBundleError, PredictorError
from ropewalk.predictor.model import ask, identify, load_model


def with_line(bundle: Bundle, slope: float) -> Bundle:
    """Give the bundle a model that multiplies the distance."""
    model = LinearRegression().fit(pd.DataFrame({"distance": [0.0, 1.0]}), [0.0, 1.0])
    model.coef_ = np.array([slope])
    schema = {"properties": {"distance": {"x-dtype": "float64"}}}
    return replace(bundle, pipeline=model, preparation=None, input_schema=schema)


def test_a_missing_bundle_is_told_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoBundleError, match=r"no bundle there; make one: \./pants run apps/tr"):
        load_model(tmp_path / "bundle")


def test_what_is_no_bundle_is_an_error_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json"):
        load_model(tmp_path)


def test_a_row_with_no_finite_answer_is_named(bundle: Bundle) -> None:
    rows = pd.DataFrame({"distance": [1.0, 1e300]}, index=[7, 8])

    with np.errstate(over="ignore"), pytest.raises(PredictorError, match="row 8: the model has no"):
        ask(with_line(bundle, 1e300), rows)


def test_a_value_that_the_model_refuses_is_no_crash(bundle: Bundle) -> None:
    rows = pd.DataFrame({"distance": [1.0, float("nan")]})

    with pytest.raises(PredictorError, match="the model can't use these rows: Input X contains"):
        ask(with_line(bundle, 1.0), rows)


def test_models_differ_in_their_digest(
    bundle: Bundle, workplace: Path, other_workplace: Path
) -> None:
    one, other = identify(bundle), identify(load_model(other_workplace / "bundle"))

    assert one == identify(load_model(workplace / "bundle"))
    assert one["digest"] != other["digest"]
    assert (one["target"], one["unit"]) == ("arr_delay", "minutes")
