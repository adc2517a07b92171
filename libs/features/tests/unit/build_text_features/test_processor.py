from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ropewalk.features import BuildTextFeatures, FeatureColumnError, FeatureError

NAMES = ["Delta Air Lines Inc.", "ExpressJet Airlines Inc.", None, "--"]


def _built(values: list[Any], **parameters: Any) -> NDArray[np.float64]:
    built: NDArray[np.float64] = BuildTextFeatures(**parameters).fit_transform(
        pd.DataFrame({"name": values})
    )
    return built


def test_each_text_has_length_one_and_missing_is_zeros() -> None:
    built = _built(NAMES)

    assert built.shape == (4, 16)
    np.testing.assert_allclose(np.linalg.norm(built, axis=1), [1, 1, 0, 0])


def test_without_norm_tokens_are_counted() -> None:
    once, twice = np.abs(_built(["delta", "delta Delta"], norm=None))

    np.testing.assert_array_equal(twice, 2 * once)
    assert once.sum() == 1


def test_each_column_has_its_own_features() -> None:
    frame = pd.DataFrame({"airline": NAMES, "model": NAMES[::-1]})
    flow = BuildTextFeatures(n_features=4).fit(frame)
    built = flow.transform(frame)

    np.testing.assert_array_equal(built[:, :4], built[::-1, 4:])
    assert list(flow.get_feature_names_out())[3:5] == ["airline_hash_3", "model_hash_0"]
    assert flow.account_[0]["reason"] == "3 texts hashed into 4 columns; 1 missing"


def test_characters_bring_near_words_together() -> None:
    near, far = (
        (lambda built: built[0] @ built[1])(_built(pair, kind="characters", n_features=512))
        for pair in (["A320-232", "A320-214"], ["A320-232", "EMB-145LR"])
    )

    assert near > far


def test_the_numbers_are_the_same_in_every_process_and_on_every_machine() -> None:
    # Written down from another process; Python's own hash differs from one to the next.
    np.testing.assert_array_equal(
        _built(["ExpressJet Airlines Inc.", "Straße 航空"], n_features=8, norm=None),
        [[0, 1, 0, 0, 0, 2, 0, 0], [0, 0, 0, 1, 1, 0, 0, 0]],
    )


def test_texts_never_seen_are_no_special_case() -> None:
    flow = BuildTextFeatures().fit(pd.DataFrame({"name": ["a"]}))

    np.testing.assert_array_equal(flow.transform(pd.DataFrame({"name": NAMES})), _built(NAMES))


@pytest.mark.parametrize("dtype", [object, "str", "category", "float64"])
def test_a_row_with_nothing_in_it_needs_no_type(dtype: str) -> None:
    assert not _built([pd.NA])[0].any()
    frame = pd.DataFrame({"name": pd.Series([None], dtype=dtype)})
    assert not BuildTextFeatures().fit_transform(frame).any()


def test_categories_of_text_are_text() -> None:
    frame = pd.DataFrame({"name": pd.Categorical(NAMES)})

    np.testing.assert_array_equal(BuildTextFeatures().fit_transform(frame), _built(NAMES))


@pytest.mark.parametrize("values", [[1.0], ["a", 1], [["a"]], [pd.Timestamp(0)]])
def test_what_is_no_text_is_refused_by_name(values: list[Any]) -> None:
    with pytest.raises(FeatureColumnError, match="column 'name' is of type"):
        _built(values)


@pytest.mark.parametrize(
    "parameters", [{"n_features": 0}, {"norm": "l3"}, {"kind": "letters"}, {"size": 0}]
)
def test_parameters_of_no_use_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(FeatureError, match=f"{next(iter(parameters))}="):
        _built(["a"], **parameters)
