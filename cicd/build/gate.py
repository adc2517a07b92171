#!/usr/bin/env python3
"""Look at a branch and say whether what it affects is fit to be merged.

``prepare`` writes down, with git and Pants, what there is to look at; ``look`` does one half of
the checks, that of the test image or that of this machine; ``verdict`` adds all of it up. A check
is a function that ends as *ok*, *failed*, *could not look*, *not configured* or *nothing to do*,
and only the first is green. build.sh calls the three in this order.

Examples
--------
::

    cicd/build/gate.py prepare --since origin/develop
    cicd/build/gate.py look image --place machine
    cicd/build/gate.py look machine
    cicd/build/gate.py verdict

One check alone, after ``prepare``::

    cicd/build/gate.py look image --place machine --only types --only lint
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cicd.build.checks import in_image, on_machine
from cicd.build.checks.change import Change, CouldNotLookError
from cicd.build.checks.outcomes import Outcome, State, load, save, write
from cicd.build.checks.reports import publish, table, verdict

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Check:
    """A check: its name, in which half it is done, and the function that does it."""

    name: str
    half: str
    look: Callable[[Change], Outcome]


CHECKS = (
    Check("unit tests", "image", in_image.unit_tests),
    Check("types", "image", in_image.types),
    Check("lint", "image", in_image.lint),
    Check("format", "image", in_image.formats),
    Check("security", "image", in_image.security),
    Check("secrets", "image", in_image.secrets),
    Check("licences", "image", in_image.licences),
    Check("versions", "image", in_image.versions),
    Check("changed lines", "machine", on_machine.changed_lines),
    Check("advisories", "machine", on_machine.advisories),
    Check("targets", "machine", on_machine.targets),
    Check("walls", "machine", on_machine.walls),
    Check("owners", "machine", on_machine.owners),
    Check("locks", "machine", on_machine.locks),
    Check("other formats", "machine", on_machine.other_formats),
    Check("tests of cicd", "machine", on_machine.tests_of_cicd),
    Check("sonar", "machine", on_machine.sonar),
    Check("snyk", "machine", on_machine.snyk),
)


def look(check: Check, change: Change, place: str) -> Outcome:
    """Do one check; whatever keeps it from looking is its outcome."""
    start = time.monotonic()
    try:
        outcome = check.look(change)
    except subprocess.TimeoutExpired as error:
        outcome = Outcome(State.BLIND, f"{Path(error.cmd[0]).name} took over {error.timeout} s")
    except (CouldNotLookError, OSError) as error:
        outcome = Outcome(State.BLIND, str(error))
    except (ValueError, KeyError, TypeError, IndexError, StopIteration) as error:
        outcome = Outcome(State.BLIND, f"its tool's answer makes no sense: {error!r}")
    return replace(outcome, place=place, seconds=round(time.monotonic() - start, 2))


def kept(check: Check, folder: Path) -> Path:
    """Return where the outcome of a check is kept."""
    return folder / "made" / "results" / f"{check.name.replace(' ', '-')}.json"


def output(*command: str | Path, **settings: str) -> str:
    """Return what a program prints, or end with the line in which it says why it can't."""
    told = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True
    )
    if told.returncode:
        lines = (told.stderr or told.stdout).strip().splitlines() or ["it did not say why"]
        # Pants names its error somewhere in the middle.
        why = next((line for line in lines if re.match(r"\w+(Error|Exception): ", line)), lines[-1])
        print(f"gate.py: {command[0]} failed: {why}", file=sys.stderr)
        sys.exit(2)
    return told.stdout


def all_of_it() -> dict[str, Any]:
    """Return the affected set for one who asks for everything."""
    by_type: dict[str, list[str]] = {}
    for target in json.loads(output("./pants", "peek", "::")):
        by_type.setdefault(target["target_type"], []).append(target["address"])
    code = [
        a
        for kind in ("python_source", "python_test", "python_test_utils")
        for a in by_type.get(kind, [])
    ]
    return {
        "since": "",
        "changed": [],
        "targets": ["::"],
        "tests": by_type.get("python_test", []),
        "checks": {"lint": code, "types": code},
        "wheels": by_type.get("python_distribution", []),
        "images": by_type.get("docker_image", []),
        "owners": [],
        "everything": True,
        "reasons": [{"path": "", "why": "everything was asked for"}],
    }


def files_of(addresses: list[str]) -> list[str]:
    """Return the Python files of targets; an address does not always name its file."""
    if not addresses:
        return []
    listed = output("./pants", "filedeps", *addresses).split("\n")
    return sorted(path for path in listed if path.endswith(".py"))


def git_lists(*arguments: str) -> list[str]:
    """Return what git tracks or would track, and what is still there of it."""
    listed = output(
        "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *arguments
    )
    return sorted({path for path in listed.split("\0") if (ROOT / path).is_file()})


def diff(base: str) -> str:
    """Return the changed lines of Python since a commit, new files included."""
    with tempfile.TemporaryDirectory() as folder:
        # In a copy of the index, a file that git does not track yet is a new one.
        index = Path(folder, "index")
        shutil.copy(ROOT / output("git", "rev-parse", "--git-path", "index").strip(), index)
        settings = {"GIT_INDEX_FILE": str(index)}
        output("git", "add", "--intent-to-add", "--all", **settings)
        return output("git", "diff", "--no-color", "--no-ext-diff", base, "--", "*.py", **settings)


def prepare(folder: Path, since: str | None) -> None:
    """Write down what there is to look at."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "made").mkdir(parents=True)
    if since is None:
        affected = all_of_it()
    else:
        affected = json.loads(output("cicd/build/affected", "--since", since, "--json"))
        # A shallow clone may hold no commit where the branch began: then everything is affected,
        # and the check of the changed lines can't look.
        common = ("git", "merge-base", since, "HEAD")
        began = subprocess.run(common, cwd=ROOT, capture_output=True, text=True)
        if began.returncode == 0:
            write(folder / "changes.diff", diff(began.stdout.strip()))
    write(folder / "affected.json", json.dumps(affected, indent=1))
    changed = affected["changed"]
    lint, types = affected["checks"]["lint"], affected["checks"]["types"]
    files = {
        "lint": files_of(lint),
        "types": files_of(types),
        "present": git_lists() if affected["everything"] else git_lists("--", *changed),
    }
    write(folder / "files.json", json.dumps(files, indent=1))
    released = folder / "released"
    command = ("cicd/build/utils/versions.py", "released", released)
    said = () if since is None else ("--affected", folder / "affected.json")
    # If it fails, the check of versions has nothing to compare with, and says so.
    if subprocess.run([sys.executable, *command, *said], cwd=ROOT).returncode == 0 and not said:
        write(released / "reached.json", "[]")  # compared with nothing, no wheel is changed
    rooms = sorted({"/".join(path.split("/")[:2]) for path in files["lint"]})
    what = "everything" if affected["everything"] else ", ".join(rooms) or "no code"
    print(f"gate.py: affected: {what}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Do one of the three steps and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = parser.add_subparsers(dest="step", required=True)
    one = steps.add_parser("prepare", help="write down what there is to look at")
    of = one.add_mutually_exclusive_group(required=True)
    of.add_argument("--since", metavar="REF", help="what the branch changed since it left REF")
    of.add_argument("--all", action="store_true", help="everything")
    two = steps.add_parser("look", help="do one half of the checks")
    two.add_argument("half", choices=("image", "machine"))
    two.add_argument("--place", choices=("image", "machine"), help="where we are; default: HALF")
    two.add_argument("--only", action="append", choices=[each.name for each in CHECKS])
    three = steps.add_parser("verdict", help="add up what the checks found")
    for step in (one, two, three):
        step.add_argument("--folder", type=Path, default=ROOT / "dist/gate", help=argparse.SUPPRESS)
        step.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.step == "prepare":
        prepare(options.folder, options.since)
        return 0
    try:
        change = Change.read(options.root, options.folder)
    except (OSError, ValueError, KeyError, TypeError):
        print(f"gate.py: {options.folder} is not prepared; see prepare --help", file=sys.stderr)
        return 2
    if options.step == "look":
        for check in CHECKS:
            if check.half == options.half and (options.only is None or check.name in options.only):
                outcome = look(check, change, options.place or options.half)
                save(outcome, kept(check, options.folder))
                print(f"{outcome.state}: {check.name}: {outcome.said}", flush=True)
        return 0
    outcomes = {check.name: load(kept(check, options.folder)) for check in CHECKS}
    left_out = any(
        outcomes[each.name].place == "machine" for each in CHECKS if each.half == "image"
    )
    how = f"compared with {change.since}" if change.since else "everything, compared with nothing"
    if left_out:
        how += "; the test image was left out, its checks ran on this machine"
    publish(outcomes, how, options.folder)
    print(f"{table(outcomes)}\n{how}\n{verdict(outcomes)}")
    return int(any(outcome.closes for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
