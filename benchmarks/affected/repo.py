"""A scratch repository that is measured: changes to it, and who is asked what they affect."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# The longest that one command may take: every test of the largest repository, many times over.
MOST_SECONDS = 3000
# How Pants tells of a test, and of where its result comes from if it did not run again.
TOLD = re.compile(
    r"^[✓✕] (\S+\.py):\S+ (?:succeeded|failed)\b.*? in [\d.]+s(?: \((.+)\))?\.$", re.M
)
RED = re.compile(r"^(?:FAILED|ERROR) ([^\s:]+\.py)", re.M)


class BrokenCommandError(Exception):
    """A command that a measurement needs ended otherwise than it should."""


@dataclass(frozen=True)
class Ran:
    """What a command took and wrote."""

    seconds: float
    output: str
    errors: str


@dataclass(frozen=True)
class Repo:
    """A git repository with a Pants daemon of its own.

    Attributes
    ----------
    folder
        Where it is. It may be changed: it is a copy.
    program
        What tells the affected tests, by its path in the folder.
    """

    folder: Path
    program: str = "cicd/build/affected"

    def _run(self, command: list[str], codes: tuple[int, ...]) -> Ran:
        """Run a command that may end with those exit codes."""
        # A benchmark of the machine, not of what a session has set for its linear algebra.
        left_out = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONPATH", "PYTHONHOME")
        environment = {name: value for name, value in os.environ.items() if name not in left_out}
        sources = sorted(self.folder.glob("libs/*/src")) + sorted(self.folder.glob("apps/*/src"))
        if command[0] == sys.executable:
            environment["PYTHONPATH"] = os.pathsep.join(map(str, [*sources, self.folder]))
        start = time.perf_counter()
        result = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
        )
        seconds = time.perf_counter() - start
        if result.returncode not in codes:
            told = (result.stdout + result.stderr).strip()[-3000:]
            raise BrokenCommandError(
                f"{' '.join(command)[:200]} in {self.folder} ended with code"
                f" {result.returncode}:\n{told}"
            )
        return Ran(seconds, result.stdout, result.stderr)

    def pants(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> Ran:
        """Run Pants."""
        return self._run(["./pants", *arguments], codes)

    def affected(self) -> tuple[float, set[str]]:
        """Ask the program which test files the changes since the commit affect."""
        program = str(self.folder / self.program)
        ran = self._run([program, "--since", "HEAD", "--json"], (0,))
        return ran.seconds, files(json.loads(ran.output)["tests"])

    def changed_since(self) -> tuple[float, set[str]]:
        """Ask Pants itself, which misses some kinds of change."""
        ran = self.pants(
            "--filter-target-type=python_test",
            "--changed-since=HEAD",
            "--changed-dependents=transitive",
            "list",
        )
        return ran.seconds, files(ran.output.split())

    def would_run_again(self) -> set[str]:
        """Return the test files that Pants does not take from its cache: the truth.

        A test's cache key is all that its process gets to see. Here pytest tells its version
        instead of running anything, which changes nothing about what belongs to the process.
        """
        ran = self.pants("test", "--batch-size=1", "libs::", "--", "--version")
        told = TOLD.findall(ran.errors)
        if not told:
            raise BrokenCommandError(f"Pants told of no test:\n{ran.errors[-3000:]}")
        return {file for file, source in told if not source}

    def red(self) -> set[str]:
        """Return the test files that fail, found by plain pytest."""
        return set(RED.findall(self.pytest({"libs"}, codes=(0, 1)).output))

    def test(self, tests: set[str], *pytest_options: str) -> Ran:
        """Run test files by Pants."""
        return self.pants("test", *sorted(tests), "--", *pytest_options)

    def pytest(self, tests: set[str], *options: str, codes: tuple[int, ...] = (0,)) -> Ran:
        """Run test files by plain pytest, in one process."""
        quiet = ["-q", "--tb=no", "-p", "no:cacheprovider"]
        return self._run([sys.executable, "-m", "pytest", *quiet, *options, *sorted(tests)], codes)

    @contextmanager
    def changed(self, path: str, line: str) -> Iterator[None]:
        """Add a line to a file, and take it away again."""
        file = self.folder / path
        before = file.read_bytes()
        file.write_bytes(before + f"{line}\n".encode())
        try:
            yield
        finally:
            file.write_bytes(before)

    def stop(self) -> None:
        """End the daemon, which holds more than a gigabyte in a large repository."""
        for pid in self.folder.glob(".pids/*/pantsd/pid"):
            os.kill(int(pid.read_text()), signal.SIGTERM)


def files(addresses: list[str]) -> set[str]:
    """Return the files of targets, each of which is made of one."""
    return {address.partition(":")[0] for address in addresses}


def fresh_comment() -> str:
    """Return a line that changes nothing, and that no cache has seen."""
    return f"# {time.time_ns()}"


def fresh_number() -> str:
    """Return a line that changes a module's number, and that no cache has seen."""
    return f"SCORE += {time.time_ns() % 99_991 + 1}"
