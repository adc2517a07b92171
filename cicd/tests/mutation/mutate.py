#!/usr/bin/env python3
"""Show that `affected` misses no test: change a copy of the repo at random, and ask Pants.

Each try makes one real kind of change in a clone of HEAD, asks ``affected`` which tests it
reaches, and lets Pants run all tests: those that it does not take from its cache are the truth. So
that this takes a second and not minutes, pytest is told to print its version: Pants decides by
what goes into a test's sandbox and not by what the test does there.

Exits with 1 if a test was missed, or if a tenth more than needed would have run.

Examples
--------
::

    cicd/tests/mutation/mutate.py --tries 200 --seed 1
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils.affected import affected
from cicd.build.utils.changes import git
from cicd.build.utils.graph import GraphError
from cicd.build.utils.reach import CODE_LOCK, EVERYTHING

ROOT = Path(__file__).resolve().parents[3]
EXCESS = 0.1
RAN = re.compile(r"^✓ (\S+) succeeded in [\d.]+s( \(\w[^)]*\))?\.$", re.MULTILINE)
FIRST_PARTY = re.compile(
    r"^from (?:ropewalk|cicd)\.[\w.]+ import (?:\([^)]*\)|[^(\n]+)\n", re.MULTILINE
)
# Other versions of pure Python packages, and the hash of each one's wheel.
OTHER_PINS = {
    # pragma: allowlist nextline secret (a hash)
    "tqdm": ("4.67.1", "26445eca388f82e72884e0d580d5464cd801a3ea01e63e5601bdff9ba6a48de2"),
    # pragma: allowlist nextline secret (a hash)
    "rich": ("14.1.0", "536f5f1785986d6dbdea3c75205c473f970777b4a0d6c6dd1b696aa05a3fa04f"),
}


class RefusedError(Exception):
    """Nothing fits this kind of change, or Pants refuses the changed repo."""


class Repo:
    """A clone in which each try changes a file that none before it changed.

    A change that was made before would find its results in the cache, and hide what it reaches.
    """

    def __init__(self, root: Path, rng: random.Random) -> None:
        self.root = root
        self.rng = rng
        self.used: set[str] = set()
        self.run = uuid.uuid4().hex

    def pick(self, *patterns: str) -> Path:
        """Return a tracked file that fits a pattern and was not picked before."""
        files = [
            path
            for path in git(self.root, "ls-files")
            if any(fnmatch(path, pattern) for pattern in patterns)
            and not any(fnmatch(path, pattern) for pattern in EVERYTHING)
            and path not in self.used
        ]
        if not files:
            raise RefusedError("every such file was used")
        chosen = self.rng.choice(files)
        self.used.add(chosen)
        return self.root / chosen

    def source(self) -> Path:
        """Return a module, of a room or of its tests."""
        return self.pick("libs/*.py", "apps/*.py", "notebooks/*.py", "cicd/*/utils/*.py")

    def module(self) -> Path:
        """Return a module that ships."""
        return self.pick("libs/*/src/*.py", "apps/*/src/*.py")

    def unique(self) -> str:
        """Return a text that no file holds."""
        return f"{self.rng.getrandbits(64):016x}"


def edit(repo: Repo) -> Path:
    """Change a module."""
    file = repo.source()
    file.write_text(f"{file.read_text()}\n# {repo.unique()}\n")
    return file


def delete(repo: Repo) -> Path:
    """Delete a module that others may import, or a test."""
    file = repo.source()
    file.unlink()
    return file


def rename(repo: Repo) -> Path:
    """Rename a module and leave those that import it."""
    file = repo.module()
    file.rename(file.with_name(f"{file.stem}_{repo.unique()}.py"))
    return file


def move(repo: Repo) -> Path:
    """Move a module to another package of its room."""
    file = repo.module()
    room = file.relative_to(repo.root).parts[:2]
    packages = {path.parent for path in repo.root.joinpath(*room, "src").rglob("*.py")}
    others = sorted(packages - {file.parent})
    if not others:
        raise RefusedError("its room has one package")
    file.rename(repo.rng.choice(others) / f"{file.stem}_{repo.unique()}.py")
    return file


def add_import(repo: Repo) -> Path:
    """Let a module import one more of its room."""
    file = repo.module()
    room = repo.root.joinpath(*file.relative_to(repo.root).parts[:2], "src")
    other = repo.rng.choice(sorted(set(room.rglob("[a-z]*.py")) - {file}))
    name = ".".join(other.relative_to(room).with_suffix("").parts)
    file.write_text(f"{file.read_text()}\nimport {name}  # {repo.unique()}\n")
    return file


def remove_import(repo: Repo) -> Path:
    """Take an import of our own code out of a module or a test."""
    file = repo.source()
    found = list(FIRST_PARTY.finditer(file.read_text()))
    if not found:
        raise RefusedError("it imports nothing of ours")
    match = repo.rng.choice(found)
    text = file.read_text()
    file.write_text(text[: match.start()] + f"# {repo.unique()}\n" + text[match.end() :])
    return file


def add_module(repo: Repo) -> Path:
    """Add a module."""
    file = repo.module().with_name(f"new_{repo.unique()}.py")
    file.write_text('"""New."""\n')
    return file


def change_build_file(repo: Repo) -> Path:
    """Change a BUILD file: a comment, a target more, or a dependency more."""
    file = repo.pick("*/BUILD")
    text = file.read_text()
    if "dependencies=[" in text:
        text = text.replace("dependencies=[", 'dependencies=["//docs", ', 1)
    elif repo.rng.random() < 0.5:
        text += f'\nfiles(name="more", sources=["BUILD"])  # {repo.unique()}\n'
    else:
        text += f"\n# {repo.unique()}\n"
    file.write_text(text)
    return file


def change_lock(repo: Repo) -> Path:
    """Pin another version of a package; once all are used, change a comment."""
    file = repo.root / CODE_LOCK
    text = file.read_text()
    left = sorted(name for name in OTHER_PINS if name not in repo.used)
    if left:
        name = repo.rng.choice(left)
        repo.used.add(name)
        version, digest = OTHER_PINS[name]
        pin = re.compile(rf"^{name}==\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", re.MULTILINE)
        text, count = pin.subn(rf"{name}=={version} \\\n    --hash=sha256:{digest}\n", text)
        if count != 1:
            raise RefusedError(f"the lock has no pin of {name}")
    file.write_text(f"{text}# {repo.unique()}\n")
    return file


def change_version(repo: Repo) -> Path:
    """Bump a room's version."""
    file = repo.pick("libs/*/VERSION", "apps/*/VERSION")
    file.write_text(f"9.{repo.rng.randrange(1000)}.{repo.rng.randrange(1000)}\n")
    return file


def change_data(repo: Repo) -> Path:
    """Change data, a notebook or a configuration."""
    file = repo.pick("notebooks/*.csv", "notebooks/*.yaml", "notebooks/*.ipynb", "apps/*.yaml")
    file.write_text(f"{file.read_text()}\n")
    return file


def change_resource(repo: Repo) -> Path:
    """Change a file that ships with a wheel and is no Python."""
    file = repo.pick("libs/*/src/*", "apps/*/src/*")
    if file.suffix == ".py" or file.name == "BUILD":
        raise RefusedError("no resource")
    file.write_text(f"{file.read_text()}{repo.unique()}\n")
    return file


def change_conftest(repo: Repo) -> Path:
    """Change, delete or add the fixtures that tests find without an import."""
    room = repo.rng.choice(["libs/data_loaders", "libs/features", "libs/models", "apps/trainer"])
    if room in repo.used:
        raise RefusedError("used")
    repo.used.add(room)
    file = repo.root / room / "tests/conftest.py"
    if not file.exists():
        file.write_text(f'"""Fixtures. {repo.unique()}"""\n')
        build = repo.root / room / "BUILD"
        target = '\npython_test_utils(name="more", sources=["tests/conftest.py"])\n'
        build.write_text(build.read_text() + target)
    elif repo.rng.random() < 0.5:
        file.unlink()
    else:
        file.write_text(f"{file.read_text()}\n# {repo.unique()}\n")
    return file


KINDS: tuple[Callable[[Repo], Path], ...] = (
    edit,
    delete,
    rename,
    move,
    add_import,
    remove_import,
    add_module,
    change_build_file,
    change_lock,
    change_version,
    change_data,
    change_resource,
    change_conftest,
)


def run_again(repo: Repo) -> set[str]:
    """Return the tests that Pants does not take from its cache.

    Raises
    ------
    RefusedError
        If Pants runs no test.
    """
    command: list[str | Path] = [
        repo.root / "pants",
        "--no-dynamic-ui",
        "--python-infer-unowned-dependency-behavior=ignore",
        "--pytest-args=--version",
        "--test-batch-size=1",  # a verdict for each file
        # With nothing of an earlier run in the cache.
        f"--test-extra-env-vars=['MUTATION={repo.run}']",
        "test",
        "::",
    ]
    result = subprocess.run(
        command, cwd=repo.root, capture_output=True, text=True, timeout=1800
    )  # fmt: skip
    verdicts = {match[1]: match[2] for match in RAN.finditer(result.stdout + result.stderr)}
    if result.returncode or not verdicts:
        raise RefusedError(" ".join(result.stderr.split())[-300:])
    return {test for test, cached in verdicts.items() if cached is None}


def tries(repo: Repo, count: int) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield what was changed, the tests that Pants runs again and those that `affected` names."""
    done = attempt = 0
    while done < count:
        kind = KINDS[attempt % len(KINDS)]
        attempt += 1
        if attempt > 4 * count + 4 * len(KINDS):
            sys.exit("mutate: the changes are used up; ask for fewer tries")
        try:
            file = kind(repo)
            named = affected(repo.root, "HEAD").tests
            yield f"{kind.__name__} {file.relative_to(repo.root)}", run_again(repo), named
            done += 1
        except (RefusedError, GraphError) as error:
            print(f"left out: {kind.__name__}: {error}", file=sys.stderr)
        git(repo.root, "reset", "--quiet", "--hard")
        git(repo.root, "clean", "--quiet", "-fd")


def main(arguments: list[str] | None = None) -> int:
    """Make the tries, print the figures and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tries", type=int, default=13, help="how many changes (default 13)")
    parser.add_argument("--seed", type=int, default=1, help="of what is changed (default 1)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the copy's Pants ends, too
    os.environ.pop("PANTS_CONFIG_FILES", None)  # what CI adds has no part in the question
    missed: dict[str, set[str]] = {}
    needed = extra = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "repo")
        subprocess.run(["git", "clone", "--quiet", ROOT, root], check=True)
        repo = Repo(root, random.Random(options.seed))
        run_again(repo)
        try:
            for what, truth, named in tries(repo, options.tries):
                needed += len(truth)
                extra += len(named - truth)
                if truth - named:
                    missed[what] = truth - named
                print(
                    f"{what}: {len(truth)} needed, {len(named)} named, "
                    f"{len(truth - named)} missed, {len(named - truth)} more"
                    + "".join(f"\n  missed {test}" for test in sorted(truth - named))
                    + "".join(f"\n  more {test}" for test in sorted(named - truth)),
                    flush=True,
                )
        finally:
            pid = next(root.glob(".pids/*/pantsd/pid"), None)
            if pid:
                os.kill(int(pid.read_text()), 15)
    for what, tests in missed.items():
        print(f"mutate: missed by {what}: {', '.join(sorted(tests))}", file=sys.stderr)
    print(
        f"{options.tries} tries with seed {options.seed}: {sum(map(len, missed.values()))} missed, "
        f"{extra} more than the {needed} needed ({extra / max(needed, 1):.1%})"
    )
    return int(bool(missed) or extra > EXCESS * needed)


if __name__ == "__main__":
    sys.exit(main())
