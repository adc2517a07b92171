#!/usr/bin/env python3
"""Tell what a change affects: what to test, check, build and package, and whom to ask.

The change is everything since the branch left REF, with what is in no commit yet. Pants' graph at
the merge base is compared with the graph of the working tree: a target whose record differs, or
whose dependencies do, is changed, and so is everything that depends on it. What the graph does not
hold has a rule of its own: see ``EVERYTHING``, ``TOOLS`` and ``affected``.

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
import ast
import difflib
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePath

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils import pins, shards
from cicd.build.utils.changes import UsageError, at, changed_paths, git, merge_base, now
from cicd.build.utils.graph import (
    Graph,
    GraphError,
    Target,
    closure,
    dependents,
    graph_at,
    keep,
    parse,
    peek,
)

ROOT = Path(__file__).resolve().parents[3]
LOCKS = "3rdparty/python"
CODE_LOCK = f"{LOCKS}/default.lock"
# What decides how every target is read, built or tested.
EVERYTHING = {
    "pants": "the launcher starts every command",
    "cicd/build/bootstrap_pants.py": "the launcher starts every command",
    f"{LOCKS}/tools/pants.lock": "Pants itself",
    f"{LOCKS}/tools/pex.lock": "Pants installs packages with it",
    "pants*.toml": "Pants' settings reach every target",
    "macros.py": "the macros make the targets",
    "cicd/build/pants_plugin/*.py": "a plugin is part of Pants",
    "pyproject.toml": "the settings of pytest and of every check",
    ".coveragerc": "the tests measure coverage with it",
    "cicd/build/docker/*": "the unit tests run in the test image",
    "cicd/build/run_tests.py": "it runs the tests in the test image",
}
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
# Whole files that say less than the targets that Pants makes of them.
INTERNAL = ("_lockfile", "_lockfiles", "_generator_sources_helper", "python_requirements")
PYTHON = ("python_source", "python_test")


@dataclass(frozen=True)
class Change:
    """The files of a change, and the graphs before and after it."""

    base: str
    paths: dict[str, str]  # path -> A, D or M
    old: Graph
    new: Graph


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


def defaults(build_file: str) -> list[str]:
    """Return what a BUILD file says about all targets below its folder."""
    try:
        calls = [node for node in ast.walk(ast.parse(build_file)) if isinstance(node, ast.Call)]
    except SyntaxError:  # Pants has refused it before
        return []
    return [
        ast.dump(call)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "__defaults__"
    ]


def folder_of(address: str, target: Target) -> str:
    """Return the folder of the BUILD file that makes a target.

    Examples
    --------
    >>> file = Target("python_test", ("libs/x/tests/test_x.py",), (), (), "")
    >>> folder_of("libs/x/tests/test_x.py:../unit", file)
    'libs/x'
    """
    path, _, name = address.removeprefix("//").partition(":")
    folder = PurePath(path.partition("#")[0])
    if path in target.sources:
        folder = folder.parents[name.count("../")]
    return "" if folder == PurePath() else folder.as_posix()


def below(graph: Graph, folder: str) -> list[str]:
    """Return the targets of a folder's BUILD file and of those below it."""
    inside = {address: folder_of(address, target) for address, target in graph.items()}
    return [
        address for address, at in inside.items() if not folder or f"{at}/".startswith(f"{folder}/")
    ]


def record_causes(change: Change) -> dict[str, str]:
    """Return the targets whose record differs now, each with the changed path that did it."""
    old, new, paths = change.old, change.new, change.paths
    causes = {}
    for address, target in new.items():
        if target.kind in INTERNAL or target.same(old.get(address)):
            continue
        before = old[address].dependencies if address in old else ()
        moved = sorted({*target.dependencies} ^ {*before})
        candidates = [
            *target.sources,
            *(source for each in moved for graph in (new, old) if each in graph
              for source in graph[each].sources),
            f"{folder_of(address, target)}/BUILD".removeprefix("/"),
        ]  # fmt: skip
        known = next((path for path in candidates if path in paths), None)
        # A requirement's record follows from its line in a file of requirements.
        causes[address] = known or next((path for path in paths if path.startswith(LOCKS)), "BUILD")
    return causes


def spread(graph: Graph, causes: dict[str, str]) -> dict[str, str]:
    """Return the causes with all that depends on them: breadth first, so by a shortest chain."""
    above = dependents(graph)
    found = {address: cause for address, cause in causes.items() if address in graph}
    waiting = list(found)
    for address in waiting:
        for dependent in above.get(address, ()):
            if dependent not in found:
                found[dependent] = address
                waiting.append(dependent)
    return found


def wheels_of(change: Change, causes: dict[str, str]) -> dict[str, str]:
    """Return the wheels whose content changes, each with a path or a target that does it.

    A wheel holds its own sources, README and VERSION, and names the ranges of what these import:
    packages, and the other wheels, whose VERSION therefore counts too. What another wheel's
    sources say does not reach it, nor does a new pin of a package whose range stays.
    """
    found = {}
    graph = change.new
    wheels = {
        address: folder_of(address, target)
        for address, target in graph.items()
        if target.kind == "python_distribution"
    }
    for address, folder in wheels.items():
        own = [each for each in graph[address].dependencies if each.startswith(f"{folder}/")]
        content = [address, *own]
        content += [
            each
            for source in own
            for each in graph[source].dependencies
            if graph[each].kind == "python_requirement"
        ]
        inside = closure(graph, own)
        files = [f"{folder}/README.md"]
        files += [
            f"{other}/VERSION"
            for other in wheels.values()
            if any(each.startswith(f"{other}/src/") for each in inside)
        ]
        cause = next((each for each in files if each in change.paths), None)
        cause = cause or next((each for each in content if each in causes), None)
        if cause:
            found[address] = causes[address] if cause == address else cause
    return found


def why_everything(root: Path, change: Change) -> dict[str, str]:
    """Return the changed paths that affect everything, each with the reason."""
    reasons = {}
    for path in change.paths:
        for pattern, why in EVERYTHING.items():
            if fnmatch(path, pattern) and not path.endswith(".md"):
                reasons[path] = f"everything: {why}"
    if defaults(at(root, change.base, "BUILD")) != defaults(now(root, "BUILD")):
        reasons["BUILD"] = "everything: __defaults__ of the root reach every target"
    return reasons


def by_rule(root: Path, change: Change, result: Affected) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the two graphs don't show: targets with causes, and those by new pins alone."""
    causes: dict[str, str] = {}
    pinned: dict[str, str] = {}
    owned = {
        source for graph in (change.old, change.new) for t in graph.values() for source in t.sources
    }
    for path in change.paths:
        folder, _, name = path.rpartition("/")
        if name == "BUILD":
            if defaults(at(root, change.base, path)) != defaults(now(root, path)):
                result.reasons[path] = f"__defaults__ reach every target below {folder}"
                causes |= dict.fromkeys(below(change.new, folder), path)
        elif path == CODE_LOCK:
            packages = pins.reached(at(root, change.base, path), now(root, path))
            result.reasons[path] = (
                f"packages that a changed pin reaches: {', '.join(sorted(packages)) or 'none'}"
            )
            pinned |= {
                address: path
                for address, target in change.new.items()
                if target.kind == "python_requirement"
                and pins.normalize(address.partition("#")[2]) in packages
            }
        elif path not in owned:
            nearest = next(
                (at for at in PurePath(path).parents if (root / at / "BUILD").is_file()), PurePath()
            )
            where = "" if nearest == PurePath() else nearest.as_posix()
            if not where:
                result.reasons[path] = "everything: no target owns it, so nobody knows who reads it"
                result.everything = True
                continue
            result.reasons[path] = f"no target owns it: it counts for all targets of {where}/BUILD"
            causes |= {
                address: path
                for address, target in change.new.items()
                if folder_of(address, target) == where
            }
    return causes, pinned


def images_of(change: Change) -> dict[str, str]:
    """Return the images that contain a room whose version changed, each with that VERSION."""
    found = {}
    for address, target in change.new.items():
        if target.kind == "docker_image":
            inside = closure(change.new, [address])
            for path in change.paths:
                room, _, name = path.rpartition("/")
                if name == "VERSION" and any(each.startswith(f"{room}/src/") for each in inside):
                    found[address] = path
    return found


def of_kind(graph: Graph, *kinds: str) -> set[str]:
    """Return the targets of some kinds."""
    return {address for address, target in graph.items() if target.kind in kinds}


def teams(change: Change) -> set[str]:
    """Return the teams whose files changed."""
    found = set()
    for graph in (change.old, change.new):
        for target in graph.values():
            if any(source in change.paths for source in target.sources):
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

    peeked = peek(root)
    new = result.known = parse(peeked)
    if not git(root, "status", "--porcelain"):
        keep(git(root, "rev-parse", "HEAD^{tree}")[0], peeked)  # a branch may start here
    change = Change(base or since, paths, {}, new)
    result.reasons = why_everything(root, change)
    if base is None:
        result.reasons[""] = (
            f"everything: no common commit with {since} is here; "
            "a shallow clone needs more history (git fetch --unshallow)"
        )
    elif not result.reasons:
        try:
            change = Change(base, paths, graph_at(root, base), new)
        except GraphError as error:
            result.reasons[""] = f"everything: Pants can't read the merge base: {error}"
    result.everything = bool(result.reasons)
    causes: dict[str, str] = {}
    pinned: dict[str, str] = {}
    if not result.everything:
        causes, pinned = by_rule(root, change, result)
        causes = record_causes(change) | causes
    if result.everything:
        first = min(path for path, why in result.reasons.items() if why.startswith("everything"))
        causes = {address: first for address, target in new.items() if target.kind not in INTERNAL}
    fill(result, change, causes, pinned)
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
    result.owners = teams(change)


def chain(result: Affected, target: str) -> list[str]:
    """Return the shortest way from a changed file to a target."""
    way = [target]
    while way[-1] in result.causes:
        way.append(result.causes[way[-1]])
    return way[::-1]


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
    """Return the chain from a changed file to a target, or nothing where it is not affected.

    Raises
    ------
    UsageError
        If there is no such target.
    """
    if target in result.causes:
        return chain(result, target)
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
