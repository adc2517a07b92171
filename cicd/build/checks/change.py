"""What a branch changes, and what every check does alike."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cicd.build.utils.environments import environment

LOCK = Path("3rdparty/python/default.lock")
CODE = re.compile(r"(libs|apps)/[^/]+/src/.*\.py")
Result = subprocess.CompletedProcess[str]


class CouldNotLookError(Exception):
    """A check can't say anything, and says why."""


@dataclass(frozen=True)
class Change:
    """What the branch changes and what that affects, as ``gate.py prepare`` wrote it down.

    ``lint``, ``types`` and ``present`` are files: what to lint, what to check the types of, and
    what changed and is still there. ``made`` is the folder where checks leave what they make.
    """

    root: Path
    folder: Path
    since: str
    everything: bool
    changed: list[str]
    targets: list[str]
    tests: list[str]
    lint: list[str]
    types: list[str]
    present: list[str]

    @classmethod
    def read(cls, root: Path, folder: Path) -> Change:
        """Return the change that was written to a folder.

        Raises
        ------
        OSError, ValueError, KeyError, TypeError
            If it was not, or not whole.
        """
        told = json.loads((folder / "affected.json").read_text())
        names = ("since", "everything", "changed", "targets", "tests")
        files = json.loads((folder / "files.json").read_text())
        return cls(root, folder, *(told[name] for name in names), **files)

    @property
    def made(self) -> Path:
        """The one folder below ``folder`` that the image can write to."""
        return self.folder / "made"

    @property
    def cache(self) -> Path:
        """The folder that tools keep from run to run; each asks a file's content or its time."""
        return self.folder.with_name("gate-cache")

    def here(self, files: list[str]) -> list[str]:
        """Return the files, or raise if one is not in this place: nobody could look at it."""
        for path in files:
            if not (self.root / path).exists():
                raise CouldNotLookError(f"{path} is not here, so nobody can look at it")
        return files

    def touches(self, *prefixes: str) -> bool:
        """Say whether the branch changes a file below one of these paths."""
        return self.everything or any(path.startswith(prefixes) for path in self.changed)

    def run(
        self, *command: object, timeout: int = 900, settings: dict[str, str] | None = None
    ) -> Result:
        """Run a program at the root, and return what it said."""
        return subprocess.run(
            [str(part) for part in command],
            cwd=self.root,
            env={**os.environ, **(settings or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
        )


def tool(*names: str) -> Path:
    """Return the folder of a tool's programs."""
    try:
        return environment(*names)
    except subprocess.CalledProcessError:
        raise CouldNotLookError(f"{' and '.join(names)} can't be installed") from None


def packages(programs: Path) -> str:
    """Return where the packages of an environment are."""
    return str(next(programs.parent.glob("lib/python3.*/site-packages")))


def expect(result: Result, *codes: int) -> None:
    """Raise unless a tool ended as it does when it has looked."""
    if result.returncode not in codes:
        said = (result.stderr or result.stdout).strip().splitlines() or ["it said nothing"]
        raise CouldNotLookError(f"exit code {result.returncode}: {said[-1]}")


def canonical(name: str) -> str:
    """Return the one way to write the name of a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pin(root: Path, name: str) -> tuple[str, int]:
    """Return the line of the lock that pins a package."""
    for number, line in enumerate((root / LOCK).read_text().splitlines(), 1):
        if line.startswith(f"{canonical(name)}=="):
            return str(LOCK), number
    return str(LOCK), 1
