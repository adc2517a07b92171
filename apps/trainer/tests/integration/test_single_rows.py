"""What the trainer fits on the flights that ship answers a row alone as it does in a frame."""

import pytest

from ropewalk.models import compile_row, is_exact
from ropewalk.trainer.configuration import read_config
from ropewalk.trainer.data import Data, load_data
from ropewalk.trainer.pipelines.evaluate import fit

CONFIG = read_config("apps/trainer/flights.yaml")


@pytest.fixture(scope="module")
def data() -> Data:
    return load_data(CONFIG)


@pytest.mark.parametrize("name", CONFIG.candidates)
def test_every_candidate_is_exact(name: str, data: Data) -> None:
    pipeline = fit(name, CONFIG, data)
    columns = data.columns[name]

    predict = compile_row(pipeline)

    assert predict is not None
    assert is_exact(predict, pipeline, data.train[columns])
    assert is_exact(predict, pipeline, data.test[columns])
