#!/usr/bin/env python3
"""Tell what a change affects: what to test, check, build and package, and whom to ask.

The change is everything since the branch left REF, with what is in no commit yet. Pants' graph at
the merge base is compared with the graph of the working tree: a target whose record differs, or
whose dependencies do, is changed, and so is everything that depends on it. What the graph does not
hold has a rule of its own, in ``reach.py``.

Examples
--------
::

    cicd/build/affected --since origin/develop
    cicd/build/affected --since origin/develop --why apps/trainer:docker
    cicd/build/affected --since origin/develop --json --shard 2/4

``--json`` prints one object (cicd/build/affected.schema.json): ``since``, ``changed`` (paths),
``targets``, ``tests``, ``checks`` (``lint``, ``types``), ``wheels``, ``images`` (addresses),
``owners`` (teams of the changed files), ``everything`` and ``reasons`` (``path``, ``why``).
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils import owners, shards
from cicd.build.utils.changes import UsageError, changed_paths, git, links, merge_base
from cicd.build.utils.graph import Graph, GraphError, graph_at, keep, parse, peek
from cicd.build.utils.reach import (
    INTERNAL,
    LOCKS,
    Change,
    by_pins,
    by_rule,
    images_of,
    record_causes,
    spread,
    updated,
    wheels_of,
    why_everything,
)

ROOT = Path(__file__).resolve().parents[3]
# What a tool's lock reaches. Any other lock in that folder reaches what depends on it in the graph.
TOOLS = {
    "black": "lint",
    "ruff": "lint",
    "mypy": "types",
    "mypy-stubs": "types",
    "pytest": "tests",
    "coverage-py": "tests",
    "setuptools": "wheels",
    "dockerfile-parser": "images",
}
PYTHON = ("python_source", "python_test")


@dataclass
class Affected:
    """What a change affects.

    ``causes`` gives for each target a changed path, or the target before it on the way from one;
    ``known`` is the graph of the working tree.
    """

    since: str
    changed: list[str] = field(default_factory=list)
    targets: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    lint: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    wheels: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    owners: set[str] = field(default_factory=set)
    everything: bool = False
    reasons: dict[str, str] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)
    known: Graph = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints."""
        return {
            "since": self.since,
            "changed": self.changed,
            "targets": sorted(self.targets),
            "tests": sorted(self.tests),
            "checks": {"lint": sorted(self.lint), "types": sorted(self.types)},
            "wheels": sorted(self.wheels),
            "images": sorted(self.images),
            "owners": sorted(self.owners),
            "everything": self.everything,
            "reasons": [{"path": path, "why": why} for path, why in sorted(self.reasons.items())],
        }


def of_kind(graph: Graph, *kinds: str) -> set[str]:
    """Return the targets of some kinds."""
    return {address for address, target in graph.items() if target.kind in kinds}


def teams(root: Path, change: Change) -> set[str]:
    """Return the teams whose files changed.

    Raises
    ------
    ValueError
        If a BUILD file above one of them names no team, or two.
    """
    paths = [PurePath(path) for path in change.paths]
    above = {folder / "BUILD" for path in paths for folder in path.parents}
    builds = [build for build in above if (root / build).is_file()]
    owned = owners.folders(root, [*builds, *paths])
    found = {name for path in paths if (name := owners.owner(path, owned))}
    gone = {path for path, status in change.paths.items() if status == "D"}
    for target in change.old.values():
        if not gone.isdisjoint(target.sources):
            found |= {tag[5:] for tag in target.tags if tag.startswith("team:")}
    return found


def affected(root: Path, since: str) -> Affected:
    """Return what the change since ``since`` affects.

    Raises
    ------
    UsageError
        If git can't tell what changed.
    GraphError
        If Pants can't read the working tree.
    """
    result = Affected(since)
    base = merge_base(root, since)
    paths = changed_paths(root, base or since)
    result.changed = sorted(paths)
    if not paths and base:
        return result

    change = Change(base or since, paths, {}, {})
    result.reasons = why_everything(root, change)
    before: Graph = {}
    if base is None:
        result.reasons[""] = (
            f"everything: no common commit with {since} is here; "
            "a shallow clone needs more history (git fetch --unshallow)"
        )
    elif not result.reasons:
        try:
            before = graph_at(root, base)
        except GraphError as error:
            result.reasons[""] = f"everything: Pants can't read the merge base: {error}"
    new = updated(root, before, paths)
    if not new:
        peeked = peek(root)
        new = parse(peeked)
        if not git(root, "status", "--porcelain"):
            keep(git(root, "rev-parse", "HEAD^{tree}")[0], peeked)  # a branch may start here
    result.known = new
    change = Change(base or since, paths, before, new, links(root))
    causes: dict[str, str] = {}
    pinned: dict[str, str] = {}
    if not result.reasons:
        causes = record_causes(change) | by_rule(root, change, result.reasons)
        pinned = by_pins(root, change, result.reasons)
    whole = sorted(path for path, why in result.reasons.items() if why.startswith("everything"))
    if whole:
        result.everything = True
        causes = dict.fromkeys(
            (a for a, target in new.items() if target.kind not in INTERNAL), whole[0]
        )
    fill(result, change, causes, pinned)
    result.owners = teams(root, change)
    return result


def fill(result: Affected, change: Change, causes: dict[str, str], pinned: dict[str, str]) -> None:
    """Spread the causes over the graph and sort what they reach by what CI does with it."""
    new = change.new
    result.causes = spread(new, pinned | causes)
    wheels, images = wheels_of(change, causes), images_of(change)
    for address in of_kind(new, "python_distribution"):
        result.causes.pop(address, None)
    result.causes |= wheels | images
    reached = set(result.causes)
    result.tests = of_kind(new, "python_test") & reached
    result.types = of_kind(new, *PYTHON) & reached
    result.lint = of_kind(new, *PYTHON) & set(causes)
    result.wheels = set(wheels)
    result.images = of_kind(new, "docker_image") & reached
    kinds = {"lint": PYTHON, "types": PYTHON, "tests": ("python_test",),
             "wheels": ("python_distribution",), "images": ("docker_image",)}  # fmt: skip
    for path in change.paths:
        tool, _, suffix = path.removeprefix(f"{LOCKS}/tools/").partition(".lock")
        what = TOOLS.get(tool) if path.startswith(f"{LOCKS}/tools/") and not suffix else None
        if what:
            result.reasons.setdefault(path, f"all {what}: that is what {tool} is for")
            more = of_kind(new, *kinds[what])
            getattr(result, what).update(more)
            result.causes = dict.fromkeys(more, path) | result.causes
    result.targets = {each for each in result.causes if not new[each].kind.startswith("_")}


def by_room(addresses: Iterable[str]) -> str:
    """Return how many targets each room has, the largest first.

    Examples
    --------
    >>> by_room(["libs/features/tests/a.py", "libs/features/tests/b.py", "cicd/tests/c.py"])
    'libs/features 2, cicd 1'
    """
    rooms: Counter[str] = Counter()
    for address in addresses:
        parts = address.removeprefix("//").partition(":")[0].split("/")
        room = "/".join(parts[:2] if parts[0] in ("apps", "libs") else parts[:1])
        rooms[room or "root"] += 1
    return ", ".join(f"{room} {count}" for room, count in rooms.most_common())


def render(result: Affected) -> str:
    """Return the answer as a person reads it."""
    count = len(result.changed)
    lines = [f"since {result.since}: {count} file{'s' * (count != 1)} changed"]
    shown = [f"  {path}" for path in result.changed[:20]]
    lines += [*shown, *([f"  ... and {count - 20} more"] if count > 20 else [])]
    lines += [
        "",
        *(f"{path or result.since}: {why}" for path, why in sorted(result.reasons.items())),
    ]
    if result.reasons:
        lines.append("")
    for name in ("tests", "lint", "types"):
        found = getattr(result, name)
        lines.append(f"{name:<8}{len(found):>5}  {by_room(found)}".rstrip())
    for name in ("wheels", "images", "owners"):
        found = getattr(result, name)
        lines.append(f"{name:<8}{len(found):>5}  {', '.join(sorted(found))}".rstrip())
    return "\n".join(lines)


def explain(result: Affected, target: str) -> list[str]:
    """Return the shortest way from a changed file to a target, or nothing if none leads there.

    Raises
    ------
    UsageError
        If there is no such target.
    """
    way = [target]
    while way[-1] in result.causes:
        way.append(result.causes[way[-1]])
    if len(way) > 1:
        return way[::-1]
    if result.known and target not in result.known:
        close = difflib.get_close_matches(target, result.known, 1)
        hint = f"did you mean {close[0]}?" if close else "`./pants list ::` lists the targets"
        raise UsageError(f"there is no target '{target}'; {hint}")
    return []


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Print the answer and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="affected", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--since", required=True, metavar="REF", help="a branch, tag or commit")
    parser.add_argument("--json", action="store_true", help="for a program instead of a person")
    parser.add_argument("--why", metavar="TARGET", help="the shortest chain from a changed file")
    parser.add_argument("--shard", metavar="K/N", help="only part K of N of the tests, from 0")
    options = parser.parse_args(arguments)
    try:
        part = shards.parse_shard(options.shard) if options.shard else None
        result = affected(root, options.since)
        if part:
            times = shards.read_times(root / shards.TIMES)
            result.tests = {*shards.shard([*result.tests], *part, times)}
        if options.why:
            way = explain(result, options.why)
    except (UsageError, GraphError, ValueError) as error:
        print(f"affected: {error}", file=sys.stderr)
        return 2
    if options.why and options.json:
        print(json.dumps({"target": options.why, "chain": way}, indent=2))
    elif options.why:
        print("\n  -> ".join(way) if way else f"{options.why} is not affected")
    elif options.json:
        print(json.dumps(result.to_json(), indent=2))
    else:
        print(render(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
