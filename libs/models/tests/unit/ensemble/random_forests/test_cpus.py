from __future__ import annotations

import os

import pytest

from ropewalk.models.ensemble.random_forests.cpus import bounded_jobs


@pytest.mark.parametrize("wish", [None, -1, -2, 1])
def test_keeps_what_needs_no_bound(wish: int | None) -> None:
    assert bounded_jobs(wish) == wish


def test_a_process_pinned_to_one_processor_gets_one_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)

    assert bounded_jobs(8) == 1


def test_elsewhere_the_machine_is_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    assert bounded_jobs(8) == 2
