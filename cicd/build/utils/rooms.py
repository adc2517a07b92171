"""The libs and apps that are released as wheels: versions, change fragments, and who needs whom.

Everything is read from a folder: the working tree, or what git had at a commit.
"""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# What a change is, and which number of X.Y.Z it moves. pyproject.toml gives towncrier their order
# and their headings.
KINDS = {"breaking": 0, "added": 1, "changed": 1, "fixed": 2, "internal": 2}
BUMPS = ("major", "minor", "patch")
PATCH = 2
ALLOWED = "NAME.KIND.md, where KIND is " + ", ".join(KINDS)


class ReleaseError(Exception):
    """Something that no release can be made from, in one line with what to do."""


@dataclass(frozen=True)
class Fragment:
    """A file in ``changes/``: what one change means for who uses the wheel."""

    path: str
    kind: str


@dataclass(frozen=True)
class Room:
    """A lib or an app, as ``libs/features``."""

    folder: str
    version: str
    fragments: tuple[Fragment, ...]
    needs: frozenset[str]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.split("/")[1]

    @property
    def distribution(self) -> str:
        """The name under which its wheel is installed."""
        return f"ropewalk-{self.name.replace('_', '-')}"

    @property
    def bump(self) -> int | None:
        """The number of the version that its fragments move, if there are any."""
        return min((KINDS[fragment.kind] for fragment in self.fragments), default=None)

    def tag(self, version: str) -> str:
        """Return the name of a release's tag."""
        return f"{self.distribution}/v{version}"


def numbers(version: str) -> tuple[int, int, int]:
    """Return the numbers of a version.

    Examples
    --------
    >>> numbers("1.10.0") > numbers("1.9.3")
    True
    """
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch


def bumped(version: str, place: int) -> str:
    """Return the next version by the place of the number that moves.

    Examples
    --------
    >>> bumped("1.4.2", 1)
    '1.5.0'
    """
    kept = numbers(version)
    return ".".join(map(str, [*kept[:place], kept[place] + 1, *[0] * (PATCH - place)]))


def wanted(version: str) -> str:
    """Return the range that a wheel built beside this version of a lib asks for.

    The plugin ``version_file`` writes the same: from what it was tested with to the next break.

    Examples
    --------
    >>> wanted("1.4.2")
    '>=1.4.2,<2'
    """
    return f">={version},<{numbers(version)[0] + 1}"


def fits(version: str, lowest: str) -> bool:
    """Tell whether a version is in the range of a wheel that was built beside ``lowest``."""
    return numbers(version) >= numbers(lowest) and numbers(version)[0] == numbers(lowest)[0]


def modules_of_others(source: str) -> Iterator[str]:
    """Yield the name below ``ropewalk`` of each import."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("ropewalk."))


def needs(room: Path, homes: dict[str, str]) -> frozenset[str]:
    """Return the rooms whose code a room imports.

    Not asked of Pants, because the test image has none, and because a cycle must be told where
    Pants would stop.
    """
    found = set()
    for path in (room / "src").rglob("*.py"):
        try:
            found |= set(modules_of_others(path.read_text()))
        except SyntaxError as error:
            raise ReleaseError(f"{path} can't be read, line {error.lineno}: {error.msg}") from None
    return frozenset(homes[name] for name in found - {room.name} if name in homes)


def fragments(root: Path, folder: str) -> tuple[list[Fragment], list[str]]:
    """Return the fragments of a room, and a line for each that is none."""
    found, problems = [], []
    for path in sorted((root / folder / "changes").glob("*")):
        if path.name == "README.md":
            continue
        name = path.relative_to(root).as_posix()
        # As towncrier reads them: 123.added.md, +anything.fixed.md, 123.added.2.md.
        parts = re.fullmatch(r"[^.][^/]*?\.([a-z]+)(\.\d+)?\.md", path.name)
        if parts is None or parts[1] not in KINDS:
            problems.append(f"{name} is no change fragment; call it {ALLOWED}")
        elif not path.read_text().strip():
            problems.append(f"{name} is empty; say in a line what changes for who uses it")
        else:
            found.append(Fragment(name, parts[1]))
    return found, problems


def read_rooms(root: Path) -> tuple[dict[str, Room], list[str]]:
    """Return the rooms of a folder, each after those that it needs, and a line for each fault."""
    places = sorted((*root.glob("libs/*/src/ropewalk"), *root.glob("apps/*/src/ropewalk")))
    homes = [path.parents[1].relative_to(root).as_posix() for path in places]
    folders = {home.split("/")[1]: home for home in homes}
    rooms, problems = {}, []
    for folder in folders.values():
        path = root / folder / "VERSION"
        version = path.read_text().strip() if path.exists() else ""
        if not VERSION.fullmatch(version):
            said = f"says {version!r}, which is no version" if version else "is missing or empty"
            problems.append(f"{folder}/VERSION {said}; write three numbers, like 1.4.0")
            continue
        found, wrong = fragments(root, folder)
        problems += wrong
        rooms[folder] = Room(folder, version, tuple(found), needs(root / folder, folders))
    known = set(folders.values())
    for path in sorted(root.glob("*/*/changes")):
        folder = path.parent.relative_to(root).as_posix()
        if folder not in known:
            problems.append(
                f"{folder}/changes has fragments of no lib and no app; "
                f"there are {', '.join(sorted(known))}"
            )
    try:
        graph = {folder: sorted(room.needs & rooms.keys()) for folder, room in rooms.items()}
        order = list(graphlib.TopologicalSorter(dict(sorted(graph.items()))).static_order())
    except graphlib.CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        problems.append(f"{circle}: none of them can be released before the others; end the cycle")
        order = sorted(rooms)
    return {folder: rooms[folder] for folder in order}, problems
