#!/usr/bin/env python3
"""Count the tests of a run from their JUnit reports; Pants prints no total.

The last line is always ``N passed, N failed``; an error counts as a failure. Skipped tests come
before it with their reasons. Exit code 1 when a test failed, or when there is nothing to count:
a run without tests proves nothing.

Examples
--------
::

    cicd/build/utils/count_tests.py dist/test/reports
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree


@dataclass
class Count:
    """What a run's reports say together."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def count(reports: Iterable[Path]) -> Count:
    """Add up all reports.

    Raises
    ------
    ValueError
        If a report is no XML: its test process died while writing it.
    """
    total = Count()
    for report in reports:
        try:
            # The reports are our own pytest's, made a moment ago: nobody else writes them.
            root = ElementTree.parse(report).getroot()  # noqa: S314  # nosec B314
        except ElementTree.ParseError as error:
            raise ValueError(f"{report} is no complete test report: {error}") from None
        for case in root.iter("testcase"):
            name = f"{case.get('classname')}::{case.get('name')}"
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                total.failed.append(name)
            elif skipped is not None:
                total.skipped[skipped.get("message") or "no reason given"] += 1
            else:
                total.passed += 1
    return total


def main(arguments: list[str] | None = None) -> int:
    """Print the count and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="REPORT_DIR")
    folder = parser.parse_args(arguments).folder
    problem = ""
    total = Count()
    try:
        total = count(sorted(folder.rglob("*.xml")))
        if not total.passed and not total.failed:
            problem = f"no test ran: {folder} holds no report of one"
    except ValueError as error:
        problem = str(error)
    for name in total.failed:
        print(f"failed: {name}")
    if total.skipped:
        reasons = "; ".join(f"{number} x {reason}" for reason, number in total.skipped.items())
        print(f"{sum(total.skipped.values())} skipped: {reasons}")
    if problem:
        print(f"count_tests: {problem}", file=sys.stderr, flush=True)
    print(f"{total.passed} passed, {len(total.failed)} failed")
    return int(bool(problem or total.failed))


if __name__ == "__main__":
    sys.exit(main())
