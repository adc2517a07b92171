from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ropewalk.models import HistogramBoostingRegressor, OlsrRegressor, compile_row, is_exact

Form = Callable[[Mapping[str, Any]], list[float]]

ROWS = 60
RANDOM = np.random.default_rng(0)
FLIGHTS = pd.DataFrame(
    {
        "wind": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.normal(size=ROWS).round(1)),
        "seats": 2 * RANDOM.integers(0, 150, ROWS),
        "origin": pd.Series(RANDOM.choice(["JFK", "LGA"], ROWS), dtype="str"),
        "carrier": pd.Categorical(RANDOM.choice(["AA", "UA"], ROWS)),
        "late": RANDOM.random(ROWS) < 0.5,
        "at": pd.Timestamp("2013-01-01 05:00Z")
        + pd.to_timedelta(RANDOM.integers(0, 999, ROWS), "h"),
    }
)
DELAY = FLIGHTS["wind"].fillna(4).to_numpy() * 10 + FLIGHTS["seats"].to_numpy() / 100


class Numbers(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers and booleans, missing ones as NaN."""

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        self.names_ = list(X.columns)
        return self

    def transform(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        return X.astype("float64").to_numpy()

    def compile_row(self) -> Form | None:
        return lambda row: [
            math.nan if row[name] is None else float(row[name]) for name in self.names_
        ]


class Length(Numbers):
    """Length of texts, -1 where they are missing."""

    def transform(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        lengths = [X[name].map(len, na_action="ignore") for name in self.names_]
        return np.column_stack([length.astype("float64").fillna(-1.0) for length in lengths])

    def compile_row(self) -> Form | None:
        return lambda row: [
            -1.0 if row[name] is None else float(len(row[name])) for name in self.names_
        ]


class Year(Numbers):
    """The year of times, in UTC."""

    def transform(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        return np.column_stack([X[name].dt.year.astype("float64") for name in self.names_])

    def compile_row(self) -> Form | None:
        return lambda row: [
            math.nan if row[name] is None else float(row[name].year) for name in self.names_
        ]


class OnlyFrames(Numbers):
    """A transformer that knows no single rows."""

    def compile_row(self) -> Form | None:
        return None


def model(**given: Any) -> Pipeline:
    parts = {
        "numbers": Numbers(),
        "texts": Length(),
        "times": Year(),
        "estimator": HistogramBoostingRegressor(max_iter=10, min_samples_leaf=3),
        "transformer_weights": None,
        "remainder": "drop",
        "texts_of": ["origin", "carrier"],
        **given,
    }
    flows = ColumnTransformer(
        [
            ("texts", parts["texts"], parts["texts_of"]),
            ("times", parts["times"], ["at"]),
            ("numbers", parts["numbers"], ["wind", "seats", "late"]),
        ],
        transformer_weights=parts["transformer_weights"],
        remainder=parts["remainder"],
    )
    made = Pipeline([("features", flows), ("model", parts["estimator"])])
    made.fit(FLIGHTS, DELAY)
    return made


PIPELINE = model()
ROW: dict[str, object] = {
    "wind": 3.0,
    "seats": 20,
    "origin": "JFK",
    "carrier": "AA",
    "late": True,
    "at": datetime(2013, 1, 1),
}


def exact(compiled: Callable[[Mapping[str, Any]], float]) -> bool:
    return is_exact(compiled, PIPELINE, FLIGHTS)


def test_a_pipeline_is_put_together_from_the_forms_of_its_parts() -> None:
    predict = compile_row(PIPELINE)
    assert predict is not None

    frame = pd.DataFrame([ROW])

    assert type(predict(ROW)) is float
    assert predict({**ROW, "more": 1}) == pytest.approx(PIPELINE.predict(frame)[0], abs=1e-9)
    assert exact(predict)


@pytest.mark.parametrize(
    "one",
    [
        OlsrRegressor(),
        Pipeline([("model", OlsrRegressor())]),
        Pipeline([("numbers", Numbers()), ("model", OlsrRegressor())]),
    ],
)
def test_an_estimator_may_stand_alone_or_behind_one_transformer(one: BaseEstimator) -> None:
    rows = FLIGHTS[["seats", "late"]]
    one.fit(rows, DELAY)
    predict = compile_row(one)
    assert predict is not None

    assert predict({"late": True, "seats": 7}) == pytest.approx(
        one.predict(pd.DataFrame({"seats": [7], "late": [True]}))[0], abs=1e-9
    )
    assert is_exact(predict, one, rows)
    with pytest.raises(KeyError, match="seats"):
        predict({"late": True})


@pytest.mark.parametrize(
    "given",
    [
        {"texts": OnlyFrames(), "texts_of": ["seats"]},
        {"texts": StandardScaler(), "texts_of": ["seats"]},
        {"texts": "passthrough", "texts_of": ["seats"]},
        {"transformer_weights": {"texts": 2.0}},
        {"estimator": HistGradientBoostingRegressor()},
    ],
)
def test_a_part_without_a_form_leaves_the_whole_without_one(given: dict[str, Any]) -> None:
    assert compile_row(model(**given)) is None


def test_a_remainder_is_a_part_like_others() -> None:
    made = model(texts_of=["origin"], remainder=Length())
    predict = compile_row(made)
    assert predict is not None

    assert is_exact(predict, made, FLIGHTS)


def test_several_steps_or_columns_without_names_have_none() -> None:
    rows = FLIGHTS[["seats", "late"]]
    steps = [("one", Numbers()), ("two", Numbers()), ("model", OlsrRegressor())]

    assert compile_row(Pipeline([steps[0], steps[2]]).fit(rows, DELAY)) is not None
    assert compile_row(OlsrRegressor().fit(rows.to_numpy(), DELAY)) is None
    assert compile_row(Pipeline(steps)) is None


def test_one_wrong_answer_among_the_rows_is_found() -> None:
    predict = compile_row(PIPELINE)
    assert predict is not None
    last = FLIGHTS["seats"].iloc[-1]

    assert not exact(lambda row: predict(row) + 1e-6 * (row["seats"] == last))
    assert not exact(lambda row: math.nan)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda row: row["origin"] is None,
        lambda row: row["carrier"] is None,
        lambda row: row["at"] is None,
        lambda row: row["origin"] == "never seen",
        lambda row: row["carrier"] == "",
        lambda row: row["wind"] is row["at"] is None,
        lambda row: row["seats"] == 101,
        lambda row: row["wind"] is not None and row["wind"] > 1e8,
        lambda row: row["at"] is not None and row["at"].year == 2000,
    ],
)
def test_one_wrong_answer_among_what_rows_may_hold_is_found(
    wrong: Callable[[Mapping[str, Any]], bool],
) -> None:
    predict = compile_row(PIPELINE)
    assert predict is not None

    assert not exact(lambda row: predict(row) + 1e-6 if wrong(row) else predict(row))


def test_what_the_model_refuses_has_to_be_refused_and_nothing_else() -> None:
    rows = FLIGHTS[["seats", "wind"]].fillna(0.0)
    strict = Pipeline([("numbers", Numbers()), ("model", OlsrRegressor())]).fit(rows, DELAY)
    predict = compile_row(strict)
    assert predict is not None

    def lenient(row: Mapping[str, Any]) -> float:
        return 0.0 if None in row.values() else predict(row)

    def fastidious(row: Mapping[str, Any]) -> float:
        return predict({name: value for name, value in row.items() if value != 101})

    assert is_exact(predict, strict, rows)
    assert not is_exact(lenient, strict, rows)
    assert not is_exact(fastidious, strict, rows)


def test_the_rows_that_are_made_are_always_the_same() -> None:
    predict = compile_row(PIPELINE)
    assert predict is not None
    seen: list[list[str]] = [[], []]

    for rows in seen:
        assert exact(lambda row, rows=rows: rows.append(repr(row)) or predict(row))  # type: ignore[misc]

    assert seen[0] == seen[1]
    assert len(seen[0]) > len(FLIGHTS) + 100
