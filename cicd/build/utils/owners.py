#!/usr/bin/env python3
"""Write CODEOWNERS from the team that each BUILD file names.

A folder belongs to the team of its BUILD file: ``team="modelling"`` of a room, or the tag
``team:platform``. A BUILD file without a team takes that of the next one above, as Pants does with
``__defaults__``. The BUILD file at the root speaks for the files beside it alone, so that a new
folder without an owner is found.

Examples
--------
::

    cicd/build/utils/owners.py
    cicd/build/utils/owners.py --check
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parents[3]
HEADER = "# Made from the teams in BUILD files by cicd/build/utils/owners.py: change them there.\n"
# Pants does not look into folders whose name starts with a dot.
HIDDEN = {PurePath(".ci"): "platform", PurePath(".github"): "platform"}


def team(build_file: str, path: PurePath) -> str | None:
    """Return the one team that a BUILD file names, if any."""
    found = set()
    for node in ast.walk(ast.parse(build_file)):
        if isinstance(node, ast.keyword) and node.arg == "team":
            found.add(ast.literal_eval(node.value))
        elif isinstance(node, ast.Constant) and str(node.value).startswith("team:"):
            found.add(str(node.value).removeprefix("team:"))
    if len(found) > 1:
        raise ValueError(f"{path} names {' and '.join(sorted(found))}: a folder has one team")
    return found.pop() if found else None


def folders(root: Path, files: list[PurePath]) -> dict[PurePath, str]:
    """Return each folder that has a team, a parent before its children."""
    owned: dict[PurePath, str] = {}
    for folder in sorted(path.parent for path in files if path.name == "BUILD"):
        build = folder / "BUILD"
        inherited = next((owned[above] for above in folder.parents if above in owned), None)
        own = team((root / build).read_text(), build) or inherited
        if own is None:
            raise ValueError(f"{build} names no team, nor does one above; add a tag team:<name>")
        owned[folder] = own
    owned |= {folder: name for folder, name in HIDDEN.items() if (root / folder).is_dir()}
    return dict(sorted(owned.items()))


def enclosing(path: PurePath, owned: dict[PurePath, str]) -> str | None:
    """Return the team of the nearest folder above, below the root, that has one."""
    above = (folder for folder in path.parents if folder != PurePath())
    return next((owned[folder] for folder in above if folder in owned), None)


def owner(path: PurePath, owned: dict[PurePath, str]) -> str | None:
    """Return the team of a file."""
    return owned.get(PurePath()) if path.parent == PurePath() else enclosing(path, owned)


def render(owned: dict[PurePath, str]) -> str:
    """Return the text of CODEOWNERS, where the last line that matches wins."""
    lines = []
    for folder, name in owned.items():
        if folder == PurePath():
            lines.append(f"/* @ropewalk/{name}\n")
        elif enclosing(folder, owned) != name:
            lines.append(f"/{folder.as_posix()}/ @ropewalk/{name}\n")
    return HEADER + "".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write or check CODEOWNERS and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail when stale")
    parser.add_argument("--folder", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    root = options.folder
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        print(f"owners: {listed.stderr.strip()}", file=sys.stderr)
        return 2
    names = sorted(filter(None, listed.stdout.split("\0")))
    files = [PurePath(name) for name in names if (root / name).exists()]
    try:
        owned = folders(root, files)
    except ValueError as error:
        print(f"owners: {error}", file=sys.stderr)
        return 1
    problems = [
        f"{path} has no owner; add a BUILD file with a tag team:<name> to its folder"
        for path in files
        if owner(path, owned) is None
    ]
    target = root / "CODEOWNERS"
    text = render(owned)
    if not options.check:
        target.write_text(text)
    elif not target.exists() or target.read_text() != text:
        problems.append("CODEOWNERS is stale; run cicd/build/utils/owners.py")
    for problem in problems:
        print(f"owners: {problem}", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
