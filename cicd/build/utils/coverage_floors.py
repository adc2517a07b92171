#!/usr/bin/env python3
"""Hold each room to its floor of branch coverage; a floor only rises.

Examples
--------
After ``./pants --pants-config-files=pants.ci.toml test ::``, is every room above its floor, and
is no floor lower than where this branch left main?::

    cicd/build/utils/coverage_floors.py check --since main

Write the measured coverage as new floors, where it is higher::

    cicd/build/utils/coverage_floors.py raise
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FLOORS = Path("cicd/build/coverage_floors.toml")
REPORT = Path("dist/coverage/python/coverage.json")


def read_floors(text: str) -> dict[str, int]:
    """Return each room's floor in percent."""
    floors: dict[str, int] = tomllib.loads(text).get("floors", {})
    for room, floor in floors.items():
        if type(floor) is not int or not 0 <= floor <= 100:
            raise ValueError(f"the floor of {room} is {floor!r}; write a whole number of percent")
    return floors


def measure(report: str) -> dict[str, float]:
    """Return the coverage of each room, lines and branches together, as coverage.py counts it."""
    document = json.loads(report)
    if not document["meta"]["branch_coverage"]:
        raise ValueError("the report has no branches; set branch = True in .coveragerc")
    covered: dict[str, int] = {}
    total: dict[str, int] = {}
    for path, file in document["files"].items():
        room = path.split("/src/")[0]
        summary = file["summary"]
        hits = summary["covered_lines"] + summary["covered_branches"]
        covered[room] = covered.get(room, 0) + hits
        total[room] = total.get(room, 0) + summary["num_statements"] + summary["num_branches"]
    return {room: 100 * covered[room] / (total[room] or 1) for room in total}


def too_low(floors: dict[str, int], measured: dict[str, float]) -> list[str]:
    """Return a line for each room that is below its floor, has none, or was not measured."""
    problems = []
    for room, floor in floors.items():
        if room not in measured:
            problems.append(f"{room} was not measured; run all tests, or take its floor out")
        elif measured[room] < floor:
            problems.append(f"{room} is at {measured[room]:.2f} %, below its floor of {floor} %")
    for room in sorted(measured.keys() - floors.keys()):
        problems.append(f"{room} has no floor in {FLOORS}")
    return problems


def sunk(floors: dict[str, int], before: dict[str, int], rooms: set[str]) -> list[str]:
    """Return a line for each floor that is lower than it was, or gone while its room is not."""
    problems = []
    for room, floor in before.items():
        now = floors.get(room)
        if now is None and room in rooms:
            problems.append(f"{room} had a floor of {floor} %, now it has none")
        elif now is not None and now < floor:
            problems.append(f"the floor of {room} sank from {floor} to {now} %; it only rises")
    return problems


def floors_at(reference: str, folder: Path) -> dict[str, int]:
    """Return the floors at the merge base with a branch or commit; none if there was no file."""

    def git(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", "-C", folder, *command], capture_output=True, text=True)

    base = git("merge-base", reference, "HEAD")
    if base.returncode:
        why = base.stderr.strip().splitlines() or ["no common commit; fetch the whole history"]
        raise ValueError(f"no merge base with {reference}: {why[0]}")
    text = git("show", f"{base.stdout.strip()}:./{FLOORS}")
    return read_floors(text.stdout) if text.returncode == 0 else {}


def raised(text: str, measured: dict[str, float]) -> str:
    """Return the text of the floors file with every floor as high as it may be."""

    def replace(match: re.Match[str]) -> str:
        room, floor = match["room"], int(match["floor"])
        return f'"{room}" = {max(floor, math.floor(measured.get(room, 0)))}'

    return re.sub(r'^"(?P<room>[^"]+)" = (?P<floor>\d+)', replace, text, flags=re.MULTILINE)


def main(arguments: list[str] | None = None) -> int:
    """Check or raise the floors and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["check", "raise"])
    parser.add_argument("--since", metavar="REF", help="also compare with where REF was left")
    parser.add_argument("--folder", type=Path, default=ROOT, help=argparse.SUPPRESS)
    parser.add_argument("--report", type=Path, default=REPORT, help=f"default: {REPORT}")
    options = parser.parse_args(arguments)
    file = options.folder / FLOORS
    try:
        text = file.read_text()
        floors = read_floors(text)
        measured = measure((options.folder / options.report).read_text())
        before = floors_at(options.since, options.folder) if options.since else {}
    except FileNotFoundError as error:
        how = "./pants --pants-config-files=pants.ci.toml test ::"
        print(f"coverage_floors: {error.filename} is missing; {how}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"coverage_floors: {error}", file=sys.stderr)
        return 2
    if options.what == "raise":
        text = raised(text, measured)
        floors = read_floors(text)
        file.write_text(text)
    print(f"{'room':24}{'floor':>7}{'measured':>10}")
    for room in sorted(floors.keys() | measured.keys()):
        print(f"{room:24}{floors.get(room, '-'):>7}{measured.get(room, math.nan):>10.2f}")
    rooms = {room for room in before if (options.folder / room).is_dir()}
    problems = too_low(floors, measured) + sunk(floors, before, rooms)
    for problem in problems:
        print(f"coverage_floors: {problem}", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
