from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import skops.io
from crepes import ConformalClassifier, ConformalRegressor
from hypothesis import given
from hypothesis import strategies as st
from mapie.classification import SplitConformalClassifier
from mapie.regression import SplitConformalRegressor
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression

from ropewalk.models.common import ConformalIntervals, ConformalSets
from ropewalk.models.errors import ModelError
from ropewalk.models.trusted_types import TRUSTED_TYPES_BY_FAMILY

RANDOM = np.random.default_rng(0)
ERRORS = RANDOM.normal(size=600) * np.repeat([1.0, 5.0, 20.0], 200)
CARRIERS = pd.DataFrame({"carrier": np.repeat(["AA", "UA", "WN"], 200)})
PREDICTED = RANDOM.normal(size=600)
CLASSES = np.array(["early", "late", "on time"])
PROBABILITIES = RANDOM.dirichlet([1.0, 2.0, 3.0], size=600)
ACTUAL = CLASSES[[RANDOM.choice(3, p=row) for row in PROBABILITIES]]


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.integers(1, 99),
)
def test_reaches_as_far_as_the_error_of_the_rank_asked_for(
    errors: list[float], percent: int
) -> None:
    intervals = ConformalIntervals().fit(errors, np.zeros(len(errors)))
    # In whole numbers: the k-th smallest, k = ceil((n + 1) * percent / 100).
    rank = -(-(len(errors) + 1) * percent // 100)

    if rank > len(errors):
        with pytest.raises(ModelError, match="rows to calibrate on"):
            intervals.interval([0.0], level=percent / 100)
        return
    low, high = intervals.interval([0.0], level=percent / 100)

    assert high[0] == sorted(map(abs, errors))[rank - 1]
    assert low[0] == -high[0]


def test_holds_a_new_row_as_often_as_asked() -> None:
    """The guarantee itself: 20,000 times nine errors, and a tenth from the same distribution."""
    random = np.random.default_rng(1)
    held = 0
    for errors in random.standard_cauchy((20_000, 10)):
        low, high = ConformalIntervals().fit(errors[:9], np.zeros(9)).interval([0.0], level=0.8)
        held += low[0] <= errors[9] <= high[0]

    assert held / 20_000 == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 20_000))


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [100, 101, 599])
def test_gives_what_crepes_and_mapie_give(level: float, n: int) -> None:
    errors = ERRORS[:n]

    low, high = ConformalIntervals().fit(errors, np.zeros(n)).interval(PREDICTED, level=level)

    # crepes takes int((1 - 0.9) * ...), a hair below the whole number: one rank too wide there.
    theirs = ConformalRegressor().fit(errors).predict_int(PREDICTED, confidence=level - 1e-9)
    np.testing.assert_array_equal(np.column_stack([low, high]), theirs)
    zero = DummyRegressor(strategy="constant", constant=0.0).fit([[0.0]], [0.0])
    mapie = SplitConformalRegressor(zero, confidence_level=level, prefit=True)
    mapie.conformalize(np.zeros((n, 1)), errors)
    _, theirs = mapie.predict_interval(np.zeros((1, 1)))
    assert high[0] - PREDICTED[0] == pytest.approx(theirs[0, 1, 0])


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_gives_each_group_what_crepes_gives_it(level: float) -> None:
    bins = CARRIERS["carrier"].to_numpy(dtype="U2")
    shuffled = np.random.default_rng(2).permutation(600)

    intervals = ConformalIntervals("carrier")
    intervals.fit(ERRORS[shuffled], np.zeros(600), CARRIERS.iloc[shuffled])
    low, high = intervals.interval(PREDICTED, CARRIERS, level)

    theirs = ConformalRegressor().fit(ERRORS, bins=bins)
    expected = theirs.predict_int(PREDICTED, bins=bins, confidence=level - 1e-9)
    np.testing.assert_array_equal(np.column_stack([low, high]), expected)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_sets_are_what_crepes_and_mapie_give(level: float) -> None:
    sets = ConformalSets().fit(ACTUAL, PROBABILITIES, CLASSES).sets(PROBABILITIES, level=level)

    own = PROBABILITIES[np.arange(600), np.searchsorted(CLASSES, ACTUAL)]
    theirs = ConformalClassifier().fit(1 - own)
    expected = theirs.predict_set(1 - PROBABILITIES, confidence=level + 1e-9, smoothing=False)
    np.testing.assert_array_equal(sets, expected.astype(bool))
    # For MAPIE a model that gives these probabilities: their logarithms are its decision.
    model = LogisticRegression().fit(np.eye(3), CLASSES)
    model.coef_, model.intercept_ = np.eye(3), np.zeros(3)
    mapie = SplitConformalClassifier(model, level, prefit=True, conformity_score="lac")
    mapie.conformalize(np.log(PROBABILITIES), ACTUAL)
    _, expected = mapie.predict_set(np.log(PROBABILITIES))
    assert (sets != expected[:, :, 0]).sum() <= 2  # The row at the limit itself is rounded.


def test_sets_by_group_hold_the_class_in_each() -> None:
    sets = ConformalSets("carrier").fit(ACTUAL, PROBABILITIES, CLASSES, CARRIERS)

    chosen = sets.sets(PROBABILITIES, CARRIERS, level=0.8)

    holds = chosen[np.arange(600), np.searchsorted(CLASSES, ACTUAL)]
    # On the rows calibrated on, the share is the rank itself: 161 of 200.
    assert holds.reshape(3, 200).sum(axis=1).tolist() == [161, 161, 161]


def test_a_group_unseen_or_small_gets_the_overall() -> None:
    rows = CARRIERS.assign(carrier=["rare"] * 99 + ["large"] * 501)
    new = pd.DataFrame({"carrier": ["rare", "large", "unseen", None]})

    _, high = (
        ConformalIntervals("carrier").fit(ERRORS, np.zeros(600), rows).interval([0.0] * 4, new)
    )

    overall = ConformalIntervals().fit(ERRORS, np.zeros(600)).interval([0.0])[1][0]
    large = ConformalIntervals().fit(ERRORS[99:], np.zeros(501)).interval([0.0])[1][0]
    assert overall != large
    assert high.tolist() == [overall, large, overall, overall]


def test_a_group_of_as_many_rows_as_asked_for_has_its_own() -> None:
    rows = CARRIERS.assign(carrier=["just"] * 100 + ["others"] * 500)

    intervals = ConformalIntervals("carrier", min_rows=100).fit(ERRORS, np.zeros(600), rows)

    alone = ConformalIntervals().fit(ERRORS[:100], np.zeros(100)).interval([0.0])[1]
    just = pd.DataFrame({"carrier": ["just"]})
    assert intervals.interval([0.0], just)[1].tolist() == alone.tolist()


def test_a_level_too_high_for_a_group_is_no_narrower_than_its_worst_row() -> None:
    """A hundred rows of error 100 can't tell 0.992, and of all rows they are half a percent."""
    rows = pd.DataFrame({"carrier": ["wild"] * 100 + ["calm"] * 20_000})
    errors = [100.0] * 100 + [1.0] * 20_000
    intervals = ConformalIntervals("carrier").fit(errors, np.zeros(20_100), rows)
    new = pd.DataFrame({"carrier": ["wild", "unseen"]})

    assert intervals.interval([0.0, 0.0], new, level=0.992)[1].tolist() == [100.0, 1.0]


def test_a_missing_value_is_a_group() -> None:
    rows = pd.DataFrame({"carrier": [None] * 300 + ["missing"] * 300})

    intervals = ConformalIntervals("carrier").fit([1.0] * 300 + [9.0] * 300, [0.0] * 600, rows)

    assert intervals.interval([0.0, 0.0], rows.iloc[[0, -1]])[1].tolist() == [1.0, 9.0]


@given(st.integers(1, 998), st.integers(1, 998))
def test_a_higher_level_is_never_narrower(one: int, other: int) -> None:
    """Not even where it is too high for a group's own rows."""
    intervals = ConformalIntervals("carrier")
    rows = pd.concat([CARRIERS, CARRIERS], ignore_index=True)
    intervals.fit(np.concatenate([ERRORS, ERRORS]), np.zeros(1200), rows)
    new = pd.DataFrame({"carrier": ["AA", "UA", "WN", "B6"]})

    narrow, wide = (
        intervals.interval(np.zeros(4), new, level / 1000)[1] for level in sorted((one, other))
    )

    assert (narrow <= wide).all()


def test_comes_back_from_a_file_the_same_with_two_types_trusted() -> None:
    trusted = list(TRUSTED_TYPES_BY_FAMILY["calibration"])
    intervals = ConformalIntervals("carrier").fit(ERRORS, PREDICTED, CARRIERS)
    sets = ConformalSets("carrier").fit(ACTUAL, PROBABILITIES, CLASSES, CARRIERS)

    back = [skops.io.loads(skops.io.dumps(one), trusted=trusted) for one in (intervals, sets)]

    np.testing.assert_array_equal(
        back[0].interval(PREDICTED, CARRIERS), intervals.interval(PREDICTED, CARRIERS)
    )
    np.testing.assert_array_equal(
        back[1].sets(PROBABILITIES, CARRIERS), sets.sets(PROBABILITIES, CARRIERS)
    )


def test_sets_take_classes_of_any_kind() -> None:
    for classes in (np.array([False, True]), np.array([3, 7]), np.array(["no", "yes"])):
        actual = classes[np.arange(40) % 2]
        sets = ConformalSets().fit(actual, np.tile([[0.6, 0.4]], (40, 1)), classes)

        assert sets.sets([[0.6, 0.4], [0.3, 0.7]]).tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: ConformalIntervals().fit([], []), "actual has no rows"),
        (lambda: ConformalIntervals().fit([1.0], [1.0, 2.0]), "actual has 1 rows, predicted 2"),
        (lambda: ConformalIntervals().fit([np.nan], [1.0]), "actual has 1 values missing"),
        (lambda: ConformalIntervals("carrier").fit([1.0], [1.0]), "rows are NoneType"),
        (lambda: ConformalIntervals("carier").fit(ERRORS, ERRORS, CARRIERS), "mean 'carrier'"),
        (lambda: ConformalIntervals("carrier").fit([1.0], [1.0], CARRIERS), "1 rows, X 600"),
        (lambda: _nine().interval([0.0], level=0.95), "takes 19 rows to calibrate on, and there"),
        (lambda: _nine().interval([0.0], level=1.0), "level is 1.0: give a share"),
        (lambda: _nine().interval([0.0], level=0.0), "level is 0.0: give a share"),
        (lambda: _nine().interval([0.0], level=np.nan), "level is nan: give a share"),
        (lambda: _nine().interval([np.nan]), "predicted has 1 values missing"),
        (lambda: ConformalSets().fit(["no"], [[0.5, 0.5]], ["a", "b"]), "actual has 'no'"),
        (lambda: ConformalSets().fit(["a"], [[0.5, 0.6, 0.1]], ["a", "b"]), r"shape \(1, 3\)"),
        (lambda: ConformalSets().fit(["a", "b"], [[0.5, 0.5]], ["a", "b"]), "actual has 2 rows"),
        (lambda: ConformalSets().fit(["a"], [[1.5, 0.5]], ["a", "b"]), "beyond 0 and 1"),
        (lambda: ConformalSets().fit(["a"], [[np.nan, 0.5]], ["a", "b"]), "beyond 0 and 1"),
        (lambda: ConformalSets().fit([], np.empty((0, 2)), ["a", "b"]), r"shape \(0, 2\)"),
    ],
)
def test_refuses_in_one_line(act: Callable[[], object], says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        act()

    assert "\n" not in str(caught.value)


def _nine() -> ConformalIntervals:
    return ConformalIntervals().fit(np.arange(9.0), np.zeros(9))
