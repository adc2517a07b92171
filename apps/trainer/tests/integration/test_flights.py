"""The command line on the flights that ship, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ropewalk.data_loaders import Schema, read_source
from ropewalk.models import load_bundle, rmse
from ropewalk.trainer import run
from ropewalk.trainer.configuration import read_config
from ropewalk.trainer.data import load_data
from ropewalk.trainer.pipelines.evaluate import TRUSTED_TYPES

CONFIG = "apps/trainer/flights.yaml"
COMMAND = [sys.executable, "-c", f"from {run.__name__} import main; main()"]
# Under Pants, packages are on the path of this process alone.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
FEW = "{naive_mean: {model: naive}, olsr: {model: olsr, flows: [clock, weather, history]}}"


def train(output: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "train", "--config", CONFIG, "--output", str(output), *arguments]
    environment = {**ENVIRONMENT, **variables}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    done = train(tmp_path_factory.mktemp("trained") / "out", "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def errors(told: dict[str, object]) -> dict[str, float]:
    scores = told["scores"]
    assert isinstance(scores, list)
    return {score["name"]: score["rmse"] for score in scores}


def test_every_row_is_accounted_for(trained: dict[str, object]) -> None:
    assert trained["rows"] == {
        "read": 30134,
        "dropped": {"target 'arr_delay' is missing": 966},
        "train": 22483,
        "test": 6685,
    }


def test_the_report_tells_what_features_are_worth(trained: dict[str, object]) -> None:
    error = errors(trained)

    assert error["naive_mean"] == pytest.approx(37.52, abs=0.01)
    assert error["boosting_schedule"] > error["naive_mean"]
    assert error["boosting_weather"] < error["naive_mean"]
    assert error["forest_all_features"] < error["forest_no_features"] - 2
    assert error["boosting_all"] < 34


def test_nothing_is_so_good_that_it_must_have_seen_the_future(trained: dict[str, object]) -> None:
    assert min(errors(trained).values()) > 30


def test_the_bundle_predicts_the_rows_to_try_as_well_as_was_told(
    trained: dict[str, object],
) -> None:
    bundle = load_bundle(str(trained["bundle"]), trusted=TRUSTED_TYPES)
    to_try = read_source(str(trained["rows_to_try"]), Schema.from_json_schema(bundle.input_schema))
    flights = load_data(read_config(CONFIG)).test

    predicted = bundle.predict(to_try.load())

    error = rmse(flights[bundle.target], predicted)
    assert error == errors(trained)[str(trained["winner"])]


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]

    for folder, seed in zip(folders, ("1", "2"), strict=True):
        done = train(folder, "--set", f"candidates={FEW}", PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr

    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in folders
    )
    assert len(one) >= 10
    assert one == two


def test_what_is_known_too_late_is_refused_unless_the_prediction_is_made_later(
    tmp_path: Path,
) -> None:
    leak = ("--set", f"candidates={FEW}", "--set", "flows.weather.columns=[dep_delay]")

    refused = train(tmp_path / "out", *leak)
    later = train(tmp_path / "out", *leak, "--set", "prediction_time=departed_at", "--json")

    assert refused.returncode == 2
    assert refused.stderr.startswith("trainer: 'dep_delay' is known too late: at departed_at")
    assert refused.stderr.count("\n") == 1
    assert later.returncode == 0, later.stderr
    assert errors(json.loads(later.stdout))["olsr"] < 25


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [*COMMAND, "train", "--config", CONFIG, "--output", str(out)]

    with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(4)  # It is somewhere in the middle, wherever that is.
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)

    assert (process.returncode, told) == (130, "trainer: interrupted\n")
    assert not list(tmp_path.rglob("*"))


def test_nobody_reading_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        [*COMMAND, "schema"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        check=False,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (141, "")
