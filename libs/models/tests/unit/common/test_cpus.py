from __future__ import annotations

import os
import subprocess
import sys

import joblib
import pytest

from ropewalk.models.common.cpus import bounded_jobs


def test_none_is_one_and_minus_one_is_all() -> None:
    assert bounded_jobs(None) == bounded_jobs(1) == 1
    assert bounded_jobs(-1) == joblib.cpu_count()
    assert bounded_jobs(-1000) == 1


def test_a_surrounding_configuration_speaks_for_none() -> None:
    with joblib.parallel_config(n_jobs=joblib.cpu_count()):
        assert bounded_jobs(None) == joblib.cpu_count()


def test_refuses_none_at_all() -> None:
    with pytest.raises(ValueError, match="n_jobs == 0"):
        bounded_jobs(0)


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="only Linux binds a process to processors"
)
def test_a_process_bound_to_one_processor_gets_one_worker() -> None:
    program = (
        "import os; from ropewalk.models.common.cpus import bounded_jobs;"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "print(bounded_jobs(8), bounded_jobs(-1))"
    )

    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == ["1", "1"]


def test_a_quota_bounds_like_processors_do(monkeypatch: pytest.MonkeyPatch) -> None:
    # joblib reads this beside the cgroup's quota, which only root could set here.
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")

    assert bounded_jobs(8) == bounded_jobs(-1) == 1
