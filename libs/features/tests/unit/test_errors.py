import pytest

from ropewalk.features import FeatureColumnError, FeatureError, FeatureRowsError
from ropewalk.features.errors import did_you_mean


@pytest.mark.parametrize("kind", [FeatureColumnError, FeatureRowsError])
def test_one_root_catches_all(kind: type[FeatureError]) -> None:
    assert issubclass(kind, FeatureError)
    # scikit-learn and its users expect bad input to be a ValueError.
    assert issubclass(kind, ValueError)


def test_nearest_name_else_the_first_twenty() -> None:
    assert did_you_mean("orign", ["dest", "origin"]) == "did you mean 'origin'?"
    assert did_you_mean("?", []) == "there are: none"
    assert did_you_mean("?", [f"c{n}" for n in range(30)]).endswith("c19, ...")
