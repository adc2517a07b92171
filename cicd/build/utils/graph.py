"""The graph of all targets, as Pants sees it in the working tree or at a commit."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils.changes import git

# A broken import is what the tests are to show: here it must not stop Pants from answering.
PEEK = ("--python-infer-unowned-dependency-behavior=ignore", "peek", "--exclude-defaults")
KEPT = 30  # graphs of commits in the cache folder
TIMEOUT = 600  # seconds; a cold Pants with 300 libs takes some ten


class GraphError(Exception):
    """Pants can't read the tree."""


@dataclass(frozen=True)
class Target:
    """What Pants knows of a target: equal records mean that nothing about it changed."""

    kind: str
    sources: tuple[str, ...]
    dependencies: tuple[str, ...]
    tags: tuple[str, ...]
    fields: str

    def same(self, other: Target | None) -> bool:
        """Say whether all that can change a result is the same; a tag can't."""
        return other is not None and (self.kind, self.dependencies, self.fields) == (
            other.kind,
            other.dependencies,
            other.fields,
        )


Graph = dict[str, Target]


def parse(peeked: str) -> Graph:
    """Return the graph of what ``pants peek`` printed."""
    graph = {}
    for record in json.loads(peeked):
        address = record.pop("address")
        record.pop("dependencies_raw", None)  # as written; `dependencies` says what they became
        record.pop("description", None)
        graph[address] = Target(
            kind=record.pop("target_type"),
            sources=tuple(record.pop("sources", ())),
            dependencies=tuple(sorted(record.pop("dependencies", ()))),
            tags=tuple(record.pop("tags", None) or ()),
            fields=json.dumps(record, sort_keys=True),
        )
    return graph


def peek(root: Path, *options: str, targets: Iterable[str] = ("::",)) -> str:
    """Return what ``pants peek`` prints of targets of the tree in ``root``.

    Raises
    ------
    GraphError
        If Pants can't read it, with what Pants says.
    """
    try:
        result = subprocess.run(
            [root / "pants", *options, *PEEK, *targets],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        raise GraphError(f"Pants did not answer within {TIMEOUT} s") from None
    except OSError as error:
        raise GraphError(f"{root / 'pants'} can't be run: {error.strerror}") from None
    if result.returncode:
        said = result.stderr.partition("Exception encountered:")[2] or result.stderr
        raise GraphError(" ".join(said.split())[:600])
    return result.stdout


def cached(tree: str) -> Path:
    """Return where the graph of a git tree is kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pants-launcher"
    # Settings can reach Pants by the environment, too.
    settings = sorted(item for item in os.environ.items() if item[0].startswith("PANTS_"))
    key = hashlib.sha256(f"{tree} {PEEK} {settings}".encode()).hexdigest()[:24]
    return cache / "graphs" / f"{key}.json"


def keep(tree: str, peeked: str) -> None:
    """Keep the graph of a git tree, and the newest others."""
    file = cached(tree)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as stream:
        stream.write(peeked)
    os.replace(stream.name, file)
    newest = sorted(file.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for old in newest[:-KEPT]:
        old.unlink(missing_ok=True)


def graph_at(root: Path, commit: str) -> Graph:
    """Return the graph at a commit: read once, by a Pants of its own in a copy of the tree.

    Raises
    ------
    GraphError
        If Pants can't read that tree.
    """
    tree = git(root, "rev-parse", f"{commit}^{{tree}}")[0]
    if not cached(tree).exists():
        if sys.stderr.isatty():
            print("affected: reading the graph at the merge base, once", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder, "tree.tar")
            git(root, "archive", "--output", str(archive), commit)
            copy = Path(folder, "tree")
            copy.mkdir()
            subprocess.run(["tar", "-xf", archive, "-C", copy], check=True)
            keep(tree, peek(copy, "--no-pantsd"))
    return parse(cached(tree).read_text())


def dependents(graph: Graph) -> dict[str, list[str]]:
    """Return who depends on each target."""
    found: dict[str, list[str]] = {}
    for address, target in graph.items():
        for dependency in target.dependencies:
            found.setdefault(dependency, []).append(address)
    return found


def closure(graph: Graph, addresses: Iterable[str]) -> set[str]:
    """Return targets with all that they depend on."""
    found: set[str] = set()
    waiting = list(addresses)
    while waiting:
        address = waiting.pop()
        if address not in found and address in graph:
            found.add(address)
            waiting += graph[address].dependencies
    return found
