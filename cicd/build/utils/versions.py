#!/usr/bin/env python3
"""Check that each change says what it means for the versions of the wheels that it reaches.

A change that reaches the content of a wheel needs a change fragment in that room's ``changes/``.
What broke since the last release needs one that is ``breaking``, what is new at least one that is
``added``; and the tests of its contracts that the last release had must still pass. Bumps of the
libs that a wheel asks for need no fragment: the release finds them (docs/adr/0007).

Exit code 1 when a rule is broken, 2 on wrong usage.

Examples
--------
Of the branch that is checked out, with what is in no commit yet::

    cicd/build/utils/versions.py check --since origin/main

Where there is no git, as in the test image, with what another machine wrote::

    cicd/build/affected --since origin/main --json > affected.json
    cicd/build/utils/versions.py released released/ --affected affected.json
    cicd/build/utils/versions.py check --affected affected.json --released released/
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils.built_wheels import build, clone, content
from cicd.build.utils.contract_tests import broken_promises
from cicd.build.utils.release_tags import extract, git, heading, last_releases
from cicd.build.utils.rooms import (
    ALLOWED,
    BUMPS,
    KINDS,
    ReleaseError,
    Room,
    numbers,
    read_rooms,
)

ROOT = Path(__file__).resolve().parents[3]
REACHED = "reached.json"


class Affected(TypedDict):
    """What is read of the output of ``cicd/build/affected --json``."""

    since: str
    changed: list[str]
    wheels: list[str]
    everything: bool


@dataclass(frozen=True)
class Problem:
    """A broken rule, at the file where a person would look first."""

    rule: str
    path: str
    message: str


def read_affected(text: str, origin: str) -> Affected:
    """Return the affected set; a text that is none is a wrong usage."""
    try:
        affected: Affected = json.loads(text)
        [*affected["changed"], *affected["wheels"], affected["since"], affected["everything"]]
    except (ValueError, KeyError, TypeError):
        raise ReleaseError(
            f"{origin} is no output of `cicd/build/affected --since REF --json`; make it again"
        ) from None
    return affected


def ask_affected(since: str) -> Affected:
    """Return what the working tree affects."""
    program = ROOT / "cicd/build/affected"
    result = subprocess.run(
        [program, "--since", since, "--json"], stdout=subprocess.PIPE, text=True
    )
    if result.returncode:
        raise ReleaseError("what the change affects can't be told; see the line above")
    return read_affected(result.stdout, "its output")


def touched(affected: Affected, folder: str) -> list[str]:
    """Return the changed files of a room that its wheel is made of."""
    return [
        path
        for path in affected["changed"]
        if path == f"{folder}/README.md"
        or (path.startswith(f"{folder}/src/") and not path.endswith("/BUILD"))
    ]


def is_open(affected: Affected) -> bool:
    """Tell whether wheels may be affected whose content is what it was.

    What reaches everything is one of Pants' settings or the like, and may change no wheel. A bump
    of a version changes those that name it, and is the release's own.
    """
    return affected["everything"] or any(
        path.endswith(("/VERSION", "/setuptools.lock")) for path in affected["changed"]
    )


def reached(affected: Affected, root: Path) -> Iterator[str]:
    """Yield the rooms whose wheels have another content than where the branch began.

    Where the affected set can't tell, the wheels of both are built and compared.
    """
    folders = [address.split(":")[0] for address in affected["wheels"]]
    doubtful = [f for f in folders if is_open(affected) and not touched(affected, f)]
    yield from (folder for folder in folders if folder not in doubtful)
    if not doubtful:
        return
    try:
        base = git(root, "merge-base", affected["since"], "HEAD").strip()
    except ReleaseError:  # of a branch that began nowhere, all is new
        yield from doubtful
        return
    with tempfile.TemporaryDirectory(prefix="wheels-") as temporary:
        work = Path(temporary)
        clone(root, base, work / "repo")
        were = [folder for folder in doubtful if (work / "repo" / folder / "VERSION").exists()]
        built = (build(work / "repo", were), build(root, doubtful))
        for folder in doubtful:
            name = f"ropewalk_{folder.split('/')[1]}-*.whl"
            before, now = ([content(wheel) for wheel in wheels.glob(name)] for wheels in built)
            if before != now:
                yield folder


def missing_fragments(
    affected: Affected, rooms: dict[str, Room], reach: list[str]
) -> list[Problem]:
    """Return a problem for each wheel that the change reaches without saying so."""
    problems = []
    for room in (rooms[folder] for folder in reach if folder in rooms):
        if any(fragment.path in affected["changed"] for fragment in room.fragments):
            continue
        where = next(iter(touched(affected, room.folder)), f"{room.folder}/BUILD")
        problems.append(
            Problem(
                "fragment",
                where,
                f"{where} changes the wheel {room.distribution}, and no fragment says what that "
                f"means for its users; add {room.folder}/changes/+{ALLOWED}",
            )
        )
    return problems


def declared(room: Room, last: str) -> int | None:
    """Return the number of the version that moves: by fragments, or by a release in progress."""
    moved = [place for place in range(3) if numbers(room.version)[place] != numbers(last)[place]]
    return min((place for place in (room.bump, *moved[:1]) if place is not None), default=None)


def api_problems(root: Path, room: Room, last: str, released: Path) -> list[Problem]:
    """Return a problem for each change of the public API that the fragments don't allow."""
    command = [Path(__file__).with_name("api.py"), released / "src", root / room.folder / "src"]
    result = subprocess.run([sys.executable, *command, "--json"], stdout=subprocess.PIPE, text=True)
    if result.returncode:
        raise ReleaseError(f"the API of {room.folder} can't be compared; see the line above")
    allowed = declared(room, last)
    problems = []
    for change in json.loads(result.stdout):
        needed = KINDS["breaking" if change["kind"] == "break" else "added"]
        if allowed is not None and allowed <= needed:
            continue
        undo = "keep it as it was, or add" if change["kind"] == "break" else "add"
        kind = "breaking" if change["kind"] == "break" else "added"
        problems.append(
            Problem(
                "api",
                f"{room.folder}/VERSION",
                f"{change['object']} ({room.distribution} {last}): {change['what']}; that is "
                f"{BUMPS[needed]}: {undo} {room.folder}/changes/+NAME.{kind}.md",
            )
        )
    return problems


def contract_problems(root: Path, room: Room, last: str, released: Path) -> list[Problem]:
    """Return a problem if a promise of the last release is not kept."""
    if declared(room, last) == KINDS["breaking"]:
        return []
    failed = broken_promises(root, room.folder, released)
    if not failed:
        return []
    more = f" and {len(failed) - 1} more" if failed[1:] else ""
    line = (
        f"{room.distribution} {last} promised what fails now: {failed[0]}{more}; keep it, or add "
        f"{room.folder}/changes/+NAME.breaking.md"
    )
    return [Problem("contract", f"{room.folder}/VERSION", line)]


def check(root: Path, affected: Affected, folder: Path) -> tuple[list[Problem], list[str]]:
    """Return the broken rules, and a line for each thing that could not be compared.

    Parameters
    ----------
    root
        The repository as it is now.
    affected
        What the change affects.
    folder
        What :func:`write_released` wrote.
    """
    rooms, faults = read_rooms(root)
    problems = [Problem("room", line.split(maxsplit=1)[0], line) for line in faults]
    told = folder / REACHED
    if told.exists():
        reach = json.loads(told.read_text())
    elif is_open(affected):
        raise ReleaseError(
            f"{told} is missing, and only where git is can be told which wheels this change "
            "reaches; write it there: versions.py released FOLDER --affected FILE"
        )
    else:
        reach = [address.split(":")[0] for address in affected["wheels"]]
    problems += missing_fragments(affected, rooms, reach)
    notes = []
    for room in rooms.values():
        released = folder / room.name
        if not (released / "VERSION").exists():
            notes.append(f"{room.distribution} has no release yet: nothing to compare with")
            continue
        last = (released / "VERSION").read_text().strip()
        changelog = (root / room.folder / "CHANGELOG.md").read_text()
        if room.version != last and heading(room.version) not in changelog:
            line = (
                f"{room.folder}/VERSION says {room.version}, but the last release is {last}; "
                f"write {last} again: the release moves it, as the fragments say"
            )
            problems.append(Problem("version", f"{room.folder}/VERSION", line))
            continue
        # An app's users see its command line, not its modules.
        if room.folder.startswith("libs/") and f"{room.folder}:wheel" in affected["wheels"]:
            problems += api_problems(root, room, last, released)
            problems += contract_problems(root, room, last, released)
    return problems, notes


def write_released(root: Path, folder: Path, affected: Affected | None) -> list[str]:
    """Write each room as its last release had it, and which wheels a change reaches."""
    rooms, _ = read_rooms(root)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ReleaseError(f"{folder} is not empty; give a new folder")
    lines = []
    for name, version in last_releases(root, rooms.values()).items():
        extract(root, rooms[name].tag(version), name, folder / rooms[name].name)
        lines.append(f"{rooms[name].distribution} {version}")
    if affected is not None:
        (folder / REACHED).write_text(json.dumps(sorted(reached(affected, root))))
    return lines


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    checks = commands.add_parser("check", help="check the rules")
    checks.add_argument("--since", metavar="REF", help="what the branch is compared with")
    checks.add_argument("--affected", type=Path, metavar="FILE", help="what affected --json wrote")
    checks.add_argument("--released", type=Path, metavar="FOLDER", help="what `released` wrote")
    checks.add_argument("--json", action="store_true", help="print problems and notes as JSON")
    writes = commands.add_parser("released", help="write the last releases into a folder")
    writes.add_argument("folder", type=Path)
    writes.add_argument(
        "--affected", type=Path, metavar="FILE", help="write, too, which wheels this change reaches"
    )
    for command in (checks, writes):
        command.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """Do what the options say and return the exit code."""
    if options.command == "check":
        here, elsewhere = options.since, (options.affected, options.released)
        if any(elsewhere) if here else not all(elsewhere):
            raise ReleaseError("check takes --since REF, or both --affected and --released")
    file = options.affected
    affected = read_affected(file.read_text(), str(file)) if file else None
    if options.command == "released":
        for line in write_released(options.root, options.folder, affected):
            print(line)
        return 0
    if affected is not None:
        problems, notes = check(options.root, affected, options.released)
    else:
        affected = ask_affected(options.since)
        with tempfile.TemporaryDirectory(prefix="released-") as temporary:
            write_released(options.root, Path(temporary), affected)
            problems, notes = check(options.root, affected, Path(temporary))
    if options.json:
        print(json.dumps({"problems": [asdict(p) for p in problems], "notes": notes}, indent=2))
    else:
        for note in notes:
            print(note)
        for problem in problems:
            print(f"versions: {problem.message}", file=sys.stderr)
        if not problems:
            print("each change says what it means for the versions")
    return int(bool(problems))


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return the exit code."""
    options = parse(arguments)
    try:
        return run(options)
    except (ReleaseError, OSError, UnicodeDecodeError) as error:
        print(f"versions: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
