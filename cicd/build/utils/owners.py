#!/usr/bin/env python3
"""Write CODEOWNERS from the teams in BUILD files, or tell who must approve a change.

A folder belongs to the team of its BUILD file: ``team="modelling"`` of a room, or the tag
``team:platform``. A BUILD file without a team takes that of the next one above, as Pants does with
``__defaults__``. The BUILD file at the root speaks for the files beside it alone, so that a new
folder without an owner is found. ``--check`` also holds each room's README to its team.

``--since`` tells who must approve what changed since the branch left REF, and why: the team of
each path, as it is now and as it was there, and the teams whose code imports a lib when its public
API breaks (see api.py). With ``--json`` it prints an object: ``since``, and ``approvals``, a list
of ``team``, ``paths`` (of that team, changed) and ``reasons`` (sentences), sorted by team.

The exit code is 1 when a check found something, 2 when there is no answer.

Examples
--------
::

    cicd/build/owners
    cicd/build/owners --check
    cicd/build/owners --since origin/develop
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils.changes import UsageError, changed_paths, git, merge_base

ROOT = Path(__file__).resolve().parents[3]
HEADER = "# Made from the teams in BUILD files by cicd/build/utils/owners.py: change them there.\n"
# Pants does not look into folders whose name starts with a dot.
HIDDEN = {PurePath(".ci"): "platform", PurePath(".github"): "platform"}
# The head of the table in a room's README.
TABLE = ["team", "support", "stability"]
NO_OWNER = "{} has no owner; add a BUILD file with a tag team:<name> to its folder"
# Of a long list, a person reads so many.
SHOWN = 5

Owned: TypeAlias = dict[PurePath, str]


@dataclass
class Approval:
    """A team that must approve a change: which of its paths changed, and why it is asked."""

    team: str
    paths: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def because(self, reason: str) -> None:
        """Take one more reason, once."""
        if reason not in self.reasons:
            self.reasons.append(reason)


def team(build_file: str, path: PurePath) -> str | None:
    """Return the one team that a BUILD file names, if any."""
    try:
        nodes = ast.walk(ast.parse(build_file))
    except SyntaxError as error:
        raise ValueError(f"{path}:{error.lineno} can't be read: {error.msg}") from None
    found = set()
    for node in nodes:
        if isinstance(node, ast.keyword) and node.arg == "team":
            found.add(ast.literal_eval(node.value))
        elif isinstance(node, ast.Constant) and str(node.value).startswith("team:"):
            found.add(str(node.value).removeprefix("team:"))
    if len(found) > 1:
        raise ValueError(f"{path} names {' and '.join(sorted(found))}: a folder has one team")
    return found.pop() if found else None


def folders(root: Path, files: list[PurePath]) -> Owned:
    """Return each folder that has a team, a parent before its children."""
    owned: Owned = {}
    for folder in sorted(path.parent for path in files if path.name == "BUILD"):
        build = folder / "BUILD"
        inherited = next((owned[above] for above in folder.parents if above in owned), None)
        own = team((root / build).read_text(), build) or inherited
        if own is None:
            raise ValueError(f"{build} names no team, nor does one above; add a tag team:<name>")
        owned[folder] = own
    above = {folder for path in files for folder in path.parents}
    owned |= {folder: name for folder, name in HIDDEN.items() if folder in above}
    return dict(sorted(owned.items()))


def enclosing(path: PurePath, owned: Owned) -> str | None:
    """Return the team of the nearest folder above, below the root, that has one."""
    above = (folder for folder in path.parents if folder != PurePath())
    return next((owned[folder] for folder in above if folder in owned), None)


def owner(path: PurePath, owned: Owned) -> str | None:
    """Return the team of a file."""
    return owned.get(PurePath()) if path.parent == PurePath() else enclosing(path, owned)


def render(owned: Owned) -> str:
    """Return the text of CODEOWNERS, where the last line that matches wins."""
    lines = []
    for folder, name in owned.items():
        if folder == PurePath():
            lines.append(f"/* @ropewalk/{name}\n")
        elif enclosing(folder, owned) != name:
            lines.append(f"/{folder.as_posix()}/ @ropewalk/{name}\n")
    return HEADER + "".join(lines)


def readme_problems(root: Path, owned: Owned) -> Iterator[str]:
    """Yield what is wrong with the table of team, support and stability in a room's README."""
    for folder, name in owned.items():
        build = root / folder / "BUILD"
        if not build.is_file() or not re.search(r"^(lib|app)\(", build.read_text(), re.MULTILINE):
            continue
        readme = root / folder / "README.md"
        lines = readme.read_text().splitlines() if readme.is_file() else []
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        row = rows[rows.index(TABLE) + 2 :][:1] if TABLE in rows else []
        if not row or len(row[0]) != len(TABLE) or not all(row[0]):
            yield f"{folder}/README.md lacks a table of {', '.join(TABLE)}, with one row"
        elif row[0][0] != name:
            yield f"{folder}/README.md says team {row[0][0]}, its BUILD says {name}; make them one"


def tracked(root: Path) -> list[PurePath]:
    """Return the files that are in the repository, or would be with the next commit."""
    try:
        listed = git(
            root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", separator="\0"
        )
    except FileNotFoundError:
        raise UsageError("git is not installed; it tells which files there are") from None
    except subprocess.CalledProcessError as error:
        raise UsageError(f"git can't tell which files there are: {error.stderr.strip()}") from None
    return [PurePath(name) for name in sorted(listed) if (root / name).exists()]


def unpack(
    root: Path, commit: str, files: list[PurePath], sources: list[PurePath], folder: Path
) -> None:
    """Write a commit's BUILD files, and the sources that are compared, into a folder."""
    wanted = [p for p in files if p.name == "BUILD" or any(at in p.parents for at in sources)]
    if wanted:
        command: list[str | Path] = ["git", "-C", root, "--literal-pathspecs", "archive", commit]
        archive = subprocess.run([*command, *wanted], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(folder, filter="data")


def breaks(before: Path, after: Path) -> list[str]:
    """Return how the public API of a lib breaks, from its folder as it was to how it is."""
    package = f"src/ropewalk/{before.name}/__init__.py"
    if not (before / package).is_file():
        return []
    if not (after / package).is_file():
        return ["the lib is gone"]
    api = Path(__file__).resolve().with_name("api.py")
    command: list[str | Path] = [sys.executable, api, before / "src", after / "src", "--json"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise UsageError(result.stderr.strip().splitlines()[-1].removeprefix("api: "))
    changes = json.loads(result.stdout)
    return [f"{each['object']}: {each['what']}" for each in changes if each["kind"] == "break"]


def imports(source: str, lib: str) -> bool:
    """Tell whether Python imports a lib; what can't be parsed does when it mentions it.

    Examples
    --------
    >>> imports("from ropewalk import features, models", "features")
    True
    >>> imports("import ropewalk.trainer.features", "features")
    False
    """
    if "ropewalk" not in source or lib not in source:
        return False
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return True
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and not node.level
        for alias in node.names
    ]
    return any(f"{name}.".startswith(f"ropewalk.{lib}.") for name in names)


def code(path: Path) -> str:
    """Return the Python in a module or a notebook, all of its text where it is no notebook."""
    text = path.read_text(errors="replace")
    if path.suffix != ".ipynb":
        return text
    try:
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        return "\n".join("".join(cell["source"]) for cell in cells)
    except (ValueError, KeyError, TypeError):
        return text


def users(root: Path, lib: PurePath, files: list[PurePath]) -> list[PurePath]:
    """Return the files outside of a lib that import it."""
    return [
        path
        for path in files
        if path.suffix in (".py", ".ipynb")
        and lib not in path.parents
        and imports(code(root / path), lib.name)
    ]


def owners_of(path: PurePath, status: str, now: Owned, before: Owned) -> list[str]:
    """Return the teams of a changed path: the one that it has, and the one that it had.

    Raises
    ------
    ValueError
        If it has none.
    """
    had = owner(path, before) if status != "A" else None
    has = owner(path, now) if status != "D" or had is None else None
    if has is None and had is None:
        raise ValueError(NO_OWNER.format(path))
    return [name for name in dict.fromkeys((had, has)) if name is not None]


def approvals(root: Path, since: str) -> list[Approval]:
    """Return the teams that must approve what changed since the branch left ``since``.

    Raises
    ------
    UsageError
        If git, or the source of a lib, does not allow an answer.
    ValueError
        If a path has no owner, or two.
    """
    base = merge_base(root, since)
    if base is None:
        raise UsageError(
            f"no common commit with {since} is here; a shallow clone needs more history "
            "(git fetch --unshallow)"
        )
    changed = {PurePath(path): status for path, status in changed_paths(root, base).items()}
    edited = {PurePath(*path.parts[:3]) for path in changed if path.suffix == ".py"}
    sources = sorted(folder for folder in edited if folder.match("libs/*/src"))
    files = tracked(root)
    listed = git(root, "ls-tree", "-r", "-z", "--name-only", base, separator="\0")
    files_before = [PurePath(name) for name in listed]
    found: dict[str, Approval] = {}
    with tempfile.TemporaryDirectory() as temporary:
        before = Path(temporary)
        unpack(root, base, files_before, sources, before)
        owned, owned_before = folders(root, files), folders(before, files_before)
        for path, status in sorted(changed.items()):
            teams = owners_of(path, status, owned, owned_before)
            for name in teams:
                approval = found.setdefault(name, Approval(name))
                approval.paths.append(str(path))
                approval.because("its files change")
                if len(teams) > 1:
                    approval.because(f"{path} goes from {teams[0]} to {teams[1]}")
        for lib in (folder.parent for folder in sources):
            broken = breaks(before / lib, root / lib)
            if not broken:
                continue
            how = "; ".join(shortened(broken))
            for path in users(root, lib, files):
                (name,) = owners_of(path, "A", owned, {})
                room = "/".join(path.parts[: 2 if path.parts[0] in ("apps", "libs") else 1])
                found.setdefault(name, Approval(name)).because(
                    f"{room} imports ropewalk.{lib.name}, whose public API breaks: {how}"
                )
    return [found[name] for name in sorted(found)]


def shortened(lines: list[str]) -> list[str]:
    """Return the first few lines, and how many more there are."""
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], f"and {more} more"] if more > 1 else lines


def told(since: str, asked: list[Approval], for_machines: bool) -> str:
    """Return who must approve what, for a program or for a person."""
    if for_machines:
        approved = [asdict(approval) for approval in asked]
        return json.dumps({"since": since, "approvals": approved}, indent=2)
    lines = []
    for approval in asked:
        lines.append(approval.team)
        lines += [f"    {path}" for path in shortened(approval.paths)]
        lines += [f"  because {reason}" for reason in approval.reasons]
    return "\n".join(lines) or f"nothing changed since {since}"


def check(root: Path, files: list[PurePath], owned: Owned) -> list[str]:
    """Return what is wrong with the owners of the files, CODEOWNERS and the rooms' README."""
    problems = [NO_OWNER.format(path) for path in files if owner(path, owned) is None]
    target = root / "CODEOWNERS"
    if not target.exists() or target.read_text() != render(owned):
        problems.append("CODEOWNERS is stale; run cicd/build/owners")
    return problems + list(readme_problems(root, owned))


def main(arguments: list[str] | None = None) -> int:
    """Write CODEOWNERS, check it, or tell who approves; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="owners", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="write nothing; fail when stale")
    choice.add_argument("--since", metavar="REF", help="who approves what changed since then")
    parser.add_argument("--json", action="store_true", help="with --since: print for machines")
    parser.add_argument("--folder", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    since, root = options.since, options.folder
    if options.json and since is None:
        parser.error("--json goes with --since REF")
    try:
        if since is not None:
            print(told(since, approvals(root, since), options.json))
            return 0
        files = tracked(root)
        owned = folders(root, files)
    except (UsageError, ValueError) as error:
        print(f"owners: {error}", file=sys.stderr)
        return 2 if since is not None or isinstance(error, UsageError) else 1
    if not options.check:
        fresh = root / ".CODEOWNERS.new"
        fresh.write_text(render(owned))
        fresh.replace(root / "CODEOWNERS")
    problems = check(root, files, owned)
    for problem in problems:
        print(f"owners: {problem}", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # who reads may stop reading, as head does
    sys.exit(main())
