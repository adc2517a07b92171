#!/usr/bin/env python3
"""Divide tests evenly among machines by how long each took, and record how long that was.

The recorded times are in ``cicd/build/test_times.json``: seconds for each test file, and for each
room's ``tests/unit``, whose files share one process, the seconds until its first test starts. A
time that has not moved much stays as it is, so that a new recording is a small diff.

Examples
--------
After a run of all tests (a run of some of them updates those alone)::

    PANTS_CONFIG_FILES=pants.ci.toml ./pants test ::
    cicd/build/utils/shards.py record dist/test/reports
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[3]
TIMES = Path("cicd/build/test_times.json")


def parse_shard(text: str) -> tuple[int, int]:
    """Return ``(k, n)`` of ``"k/n"``, counted as Pants counts: ``0/3``, ``1/3`` and ``2/3``.

    Raises
    ------
    ValueError
        If it is no such pair.
    """
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text, re.ASCII)
    if match is None or not int(match[1]) < int(match[2]):
        raise ValueError(f"{text!r} is no shard; write k/n with k from 0 to n - 1, for example 0/3")
    return int(match[1]), int(match[2])


def process(path: str) -> str:
    """Return what the test file shares its process with: its room's unit tests, or nothing."""
    match = re.match(r".*?/tests/unit(?=/)", path)
    return match[0] if match else path


def longest_first(seconds: Mapping[str, float], n: int) -> list[list[str]]:
    """Divide names among ``n`` bins: the longest goes first, each to where least is."""
    loads = [0.0] * n
    bins: list[list[str]] = [[] for _ in range(n)]
    for name in sorted(seconds, key=lambda name: (-seconds[name], name)):
        least = min(range(n), key=lambda i: (loads[i], len(bins[i])))
        loads[least] += seconds[name]
        bins[least].append(name)
    return bins


def shard(tests: Sequence[str], k: int, n: int, times: Mapping[str, float]) -> list[str]:
    """Return the tests of shard ``k`` of ``n``, sorted.

    Unit tests of a room stay together, because each shard that has some of them pays for the
    room's start-up; only a room that takes longer than an even share of everything is divided. A
    test that was never timed counts as the median of those that were.

    Parameters
    ----------
    tests
        Addresses as Pants writes them. Each ends up in exactly one of the ``n`` shards.
    k, n
        As `parse_shard` gives them.
    times
        Seconds, as `read_times` gives them.

    Returns
    -------
    list of str
        The same for the same tests in any order.

    Examples
    --------
    >>> times = {"a.py": 3.0, "b.py": 2.0, "c.py": 1.0}
    >>> shard(["a.py", "b.py", "c.py"], 0, 2, times), shard(["a.py", "b.py", "c.py"], 1, 2, times)
    (['a.py'], ['b.py', 'c.py'])
    """
    known = [seconds for path, seconds in times.items() if path.endswith(".py")]
    median = statistics.median(known) if known else 1.0
    processes: dict[str, dict[str, float]] = {}
    for test in sorted(tests):
        path = re.split("[:@]", test)[0]
        processes.setdefault(process(path), {})[test] = times.get(path, median)
    starts = {name: 0.0 if name.endswith(".py") else times.get(name, 0.0) for name in processes}
    took = {name: starts[name] + sum(own.values()) for name, own in processes.items()}
    share = sum(took.values()) / n

    parts: dict[str, list[str]] = {}
    seconds: dict[str, float] = {}
    for name, own in processes.items():
        pieces = min(len(own), max(1, math.ceil(took[name] / share))) if share else 1
        for part in longest_first(own, pieces):
            parts[part[0]] = part
            seconds[part[0]] = starts[name] + sum(own[test] for test in part)
    return sorted(test for first in longest_first(seconds, n)[k] for test in parts[first])


def read_times(file: Path) -> dict[str, float]:
    """Return the recorded times.

    Raises
    ------
    ValueError
        If the file holds anything but seconds by path.
    """
    try:
        times = json.loads(file.read_text())
    except ValueError as error:
        raise ValueError(f"{file} is no JSON ({error}); record the times again") from None
    if not isinstance(times, dict) or not all(
        type(seconds) in (int, float) and 0 <= seconds < 1e6 for seconds in times.values()
    ):
        raise ValueError(f"{file} must hold seconds by path; record the times again")
    return times


def measure(reports: Iterable[Path], root: Path) -> dict[str, float]:
    """Return the seconds of the test files that JUnit reports tell of.

    Raises
    ------
    ValueError
        If a report is none.
    """
    times: dict[str, float] = {}
    for report in reports:
        try:
            # The reports are our own pytest's, made a moment ago: nobody else writes them.
            top = ElementTree.parse(report).getroot()  # noqa: S314  # nosec B314
            for suite in top.iter("testsuite"):
                add_suite(suite, root, times)
        except (ElementTree.ParseError, TypeError, ValueError) as error:
            raise ValueError(f"{report} is no complete test report: {error}") from None
    return times


def add_suite(suite: ElementTree.Element, root: Path, times: dict[str, float]) -> None:
    """Add the times of one process to ``times``."""
    files: dict[str, float] = {}
    for case in suite.iter("testcase"):
        parts = (case.get("classname") or "").split(".")
        while parts and not (root / f"{'/'.join(parts)}.py").is_file():
            parts.pop()  # a class within the file
        if parts:
            path = f"{'/'.join(parts)}.py"
            files[path] = files.get(path, 0.0) + float(case.get("time", "nan"))
    start = max(float(suite.get("time", "nan")) - math.fsum(files.values()), 0.0)
    for path, seconds in files.items():
        shared = process(path)
        if shared == path:
            times[path] = seconds + start / len(files)
        else:
            times[path] = seconds
            times[shared] = max(times.get(shared, 0.0), start)


def merged(before: Mapping[str, float], now: Mapping[str, float], root: Path) -> dict[str, float]:
    """Return the times to write: new ones where they moved, none of what is gone."""
    times = {path: seconds for path, seconds in before.items() if (root / path).exists()}
    for path, seconds in now.items():
        # From one run to the next a test's time moves by this much for no reason.
        if path not in times or abs(seconds - times[path]) > max(0.5, 0.25 * times[path]):
            times[path] = round(seconds, 1)
    return dict(sorted(times.items()))


def main(arguments: list[str] | None = None) -> int:
    """Record the times and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["record"])
    parser.add_argument("folder", type=Path, metavar="REPORT_DIR")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    file = options.root / TIMES
    try:
        now = measure(sorted(options.folder.rglob("*.xml")), options.root)
        if not now:
            raise ValueError(f"no test ran: {options.folder} holds no report of one")
        times = merged(read_times(file) if file.exists() else {}, now, options.root)
    except ValueError as error:
        print(f"shards: {error}", file=sys.stderr)
        return 2
    work = file.with_suffix(".new")
    work.write_text(json.dumps(times, indent=2) + "\n")
    os.replace(work, file)
    print(f"{len(now)} times read, {len(times)} in {TIMES}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
