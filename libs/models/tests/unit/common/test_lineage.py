from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ropewalk.models import describe_environment
from ropewalk.models.common import lineage as module

KMeans(2, n_init=1).fit(np.eye(3))  # So that every library that computes with threads is loaded.


def _described(**places: str) -> dict[str, Any]:
    code = "import json, ropewalk.models as m; print(json.dumps(m.describe_environment()))"
    paths = [*places.values(), *(os.path.abspath(place) for place in sys.path)]
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "random"},
    )
    described: dict[str, Any] = json.loads(run.stdout)
    return described


def test_says_what_it_runs_on_and_nothing_of_where_that_is() -> None:
    told = describe_environment()

    assert told["python"] == platform.python_version()
    assert platform.machine() in str(told["platform"])
    written = json.dumps(told, allow_nan=False)
    for place in (sys.prefix, os.getcwd(), platform.node(), platform.release()):
        assert place not in written


def test_is_the_same_in_another_process() -> None:
    one, two = _described(), _described()

    assert one == two
    assert one["packages"]["count"] > 10


def test_another_package_makes_a_difference_however_its_name_is_written(tmp_path: Path) -> None:
    places, told = [tmp_path / "one", tmp_path / "two", tmp_path / "three"], []
    for place, name, version in zip(
        places, ["Their.Flows", "their_flows", "their_flows"], ["1.0", "1.0", "1.1"], strict=True
    ):
        info = place / f"their_flows-{version}.dist-info"
        info.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata)
        told.append(_described(more=str(place))["packages"])

    assert told[0] == told[1]
    assert told[0]["sha256"] != told[2]["sha256"]
    assert told[0]["count"] == _described()["packages"]["count"] + 1


def test_says_how_many_threads_there_are() -> None:
    counts = []
    for limit in (1, 2):
        with threadpool_limits(limit):
            threads: Any = describe_environment()["threads"]
            counts.append({library["threads"] for library in threads})

    assert counts[0] == {1}
    assert {library["for"] for library in threads} == {"blas", "openmp"}


def test_names_the_processor_where_the_system_has_no_file_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def model() -> object:
        cpu: Any = describe_environment()["cpu"]
        return cpu["model"]

    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: A fast one: 3 GHz\n")
    monkeypatch.setattr(module, "_CPU_INFO", tmp_path / "cpuinfo")
    assert model() == "A fast one: 3 GHz"
    for content in ("processor: 0\n", None):
        (tmp_path / "cpuinfo").write_text(content) if content else (tmp_path / "cpuinfo").unlink()
        assert model() == (platform.processor() or platform.machine())
