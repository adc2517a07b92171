"""The rules by which a change reaches targets, on Pants' graphs before and after it."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePath

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils import pins
from cicd.build.utils.changes import at, links, mentions, now
from cicd.build.utils.graph import Graph, Target, closure, dependents, parse, peek

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
# Whole files that say less than the targets that Pants makes of them.
INTERNAL = ("_lockfile", "_lockfiles", "_generator_sources_helper", "python_requirements")


@dataclass(frozen=True)
class Change:
    """The files of a change, the graphs before and after it, and what links lead to."""

    base: str
    paths: dict[str, str]  # path -> A, D or M
    old: Graph
    new: Graph
    links: dict[str, str] = field(default_factory=dict)


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


def importers(root: Path, module: PurePath) -> set[str]:
    """Return the Python files that could import a module, as far as their words tell.

    They name it and the package it is in, or stand in that package, or below: relative imports
    don't name it. Right below a source root a module is in no package.
    """
    package = module.parent
    words = ["-e", module.stem]
    beside = []
    if package.name not in ("", "src"):
        beside = mentions(root, words, f"{package}/**.py")
        words += ["-e", package.name]
    return {*beside, *mentions(root, words, "**.py")}


def build_folders(root: Path, file: PurePath) -> list[str]:
    """Return the folders above a file that have a BUILD file, the nearest first."""
    folders = [folder for folder in file.parents if (root / folder / "BUILD").is_file()]
    return [folder.as_posix().removeprefix(".") for folder in folders]


def makes_files(graph: Graph, address: str, folders: set[str]) -> bool:
    """Say whether a target of one of these folders makes a target for each of its files.

    Whoever depends on it depends on all of them: Pants' answer no longer says on it.
    """
    target = graph[address]
    if folder_of(address, target) not in folders:
        return False
    return {*target.sources} == {s for each in target.dependencies for s in graph[each].sources}


def updated(root: Path, old: Graph, paths: dict[str, str]) -> Graph:
    """Return the graph after a change, and ask Pants only for the records that it can alter.

    With 300 libs that takes a third of the time of asking for all. An edit alters what Pants says
    of the file itself, not of others. A file that came or went alters what the nearest BUILD file
    makes, what depends on all of that, what depended on the file, and what can import it. The
    answer is empty where Pants goes by more; then the whole graph has to be read.
    """
    files = {PurePath(path): status for path, status in paths.items()}
    # Pants finds these two by the folder they are in, without an import.
    if not old or any(
        file.suffix not in (".py", ".md") or file.name in ("__init__.py", "conftest.py")
        for file in files
    ):
        return {}
    moved = [file for file, status in files.items() if status != "M"]
    builds = [build_folders(root, file) for file in moved]
    if not all(builds):
        return {}
    specs = {f"{folder}:" for folders in builds for folder in folders}
    nearest = {folders[0] for folders in builds}
    specs |= {f"{folder}::" for folder in nearest}
    # What a link leads to is its content.
    asked = {*paths, *(link for link, file in links(root).items() if file in paths)}
    asked = asked.union(*(importers(root, file) for file in moved if file.suffix == ".py"))
    deleted = {path for path, status in paths.items() if status == "D"}
    gone = {address for address, target in old.items() if not deleted.isdisjoint(target.sources)}
    whole = [set(t.dependencies) for a, t in old.items() if makes_files(old, a, nearest)]
    for address, target in old.items():
        depends_on = set(target.dependencies)
        if (
            not asked.isdisjoint(target.sources)
            or not gone.isdisjoint(depends_on)
            or any(depends_on >= files for files in whole)
        ):
            specs.add(address)
    specs -= gone
    new = parse(peek(root, targets=sorted(specs))) if specs else {}
    for address, target in new.items():
        if folder_of(address, target) not in nearest and address in old:
            if target.sources != old[address].sources:  # a BUILD file further above has it, too
                return {}
    return {address: target for address, target in old.items() if address not in gone} | new


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
            *(change.links[source] for source in target.sources if source in change.links),
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
        reached = {each.partition("/src/")[0] for each in inside}
        files += [f"{other}/VERSION" for other in wheels.values() if other in reached]
        cause = next((each for each in files if each in change.paths), None)
        cause = cause or next((each for each in content if each in causes), None)
        if cause:
            found[address] = causes[address] if cause == address else cause
    return found


def why_everything(root: Path, change: Change) -> dict[str, str]:
    """Return the changed paths that affect everything whatever the graph says, and why."""
    reasons = {
        path: f"everything: {why}"
        for path in change.paths
        for pattern, why in EVERYTHING.items()
        if fnmatch(path, pattern) and not path.endswith(".md")
    }
    if defaults(at(root, change.base, "BUILD")) != defaults(now(root, "BUILD")):
        reasons["BUILD"] = "everything: __defaults__ of the root reach every target"
    return reasons


def by_rule(root: Path, change: Change, reasons: dict[str, str]) -> dict[str, str]:
    """Return the targets that a rule calls changed, each with its path, and add the reasons."""
    causes: dict[str, str] = {}
    graphs = (change.old, change.new)
    owned = {path for graph in graphs for target in graph.values() for path in target.sources}
    for path in change.paths:
        folder, _, name = path.rpartition("/")
        if name == "BUILD":
            if folder and defaults(at(root, change.base, path)) != defaults(now(root, path)):
                reasons[path] = f"__defaults__ reach every target below {folder}"
                causes |= dict.fromkeys(below(change.new, folder), path)
        elif path not in owned:
            above = (each for each in PurePath(path).parents if each != PurePath())
            nearest = next((each for each in above if (root / each / "BUILD").is_file()), None)
            if nearest is None:
                reasons[path] = "everything: no target owns it, so nobody knows who reads it"
                continue
            reasons[path] = f"no target owns it: it counts for all targets of {nearest}/BUILD"
            causes |= {
                address: path
                for address, target in change.new.items()
                if folder_of(address, target) == nearest.as_posix()
            }
    return causes


def by_pins(root: Path, change: Change, reasons: dict[str, str]) -> dict[str, str]:
    """Return the targets that a new pin in the code's lock reaches, and add the reason.

    These are requirements, and the tests that have none: Pants gives such a test the whole lock.
    """
    if CODE_LOCK not in change.paths:
        return {}
    packages = pins.reached(at(root, change.base, CODE_LOCK), now(root, CODE_LOCK))
    names = ", ".join(sorted(packages)) or "none"
    reasons[CODE_LOCK] = f"packages that a changed pin reaches: {names}"
    if not packages:
        return {}
    graph = change.new
    requirements = {a for a, target in graph.items() if target.kind == "python_requirement"}
    with_some = spread(graph, dict.fromkeys(requirements, ""))
    found = {a for a in requirements if pins.normalize(a.partition("#")[2]) in packages}
    found |= {a for a, target in graph.items() if target.kind == "python_test"} - with_some.keys()
    return dict.fromkeys(found, CODE_LOCK)


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
