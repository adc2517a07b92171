#!/usr/bin/env python3
"""Run the tests of every lib and app with plain pytest: no Pants, no installed wheel.

The test image runs this; on a laptop it needs a virtual environment with
3rdparty/python/default.lock installed. Each room's tests run in a process of their own, so that
no room leans on what another one imported. The last line is ``N passed, N failed``.

Exit code 1 when a test failed, 2 on wrong usage or when no test was found: a run without tests
proves nothing.

Examples
--------
::

    cicd/build/run_tests.py --test-type unit
    cicd/build/run_tests.py --test-type integration --room libs/models
    cicd/build/run_tests.py --test-type unit libs/models/tests/unit/test_bundle.py
    cicd/build/run_tests.py --test-type all -- -x -k leakage
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cicd.build.utils.count_tests import count

ROOT = Path(__file__).resolve().parents[2]
TYPES = ("unit", "integration")
# Where rooms are, and with them tests/unit and tests/integration. Not cicd: its tests try the build
# itself, which needs git, Pants, a network and an engine, so Pants runs them.
ROOMS = ("libs/*", "apps/*", "notebooks")
NOTHING_COLLECTED = 5  # pytest's exit code, also when `-k` leaves nothing of a room


def find_tests(
    root: Path, types: tuple[str, ...], rooms: list[str], files: list[Path]
) -> Iterator[tuple[str, Path, list[Path]]]:
    """Yield the name of each report, the folder it tells of, and what to run of that."""
    for pattern in ROOMS:
        for room in sorted(root.glob(pattern)):
            name = room.relative_to(root).as_posix()
            if rooms and name not in rooms:
                continue
            for kind in types:
                folder = room / "tests" / kind
                chosen = [file for file in files if folder in (root / file).parents]
                if chosen or (not files and any(folder.rglob("test_*.py"))):
                    yield f"{name.replace('/', '.')}.{kind}.xml", folder, chosen or [folder]


def environment(root: Path) -> dict[str, str]:
    """Return the environment in which tests, and the processes they start, find all code."""
    sources = [*sorted(root.glob("libs/*/src")), *sorted(root.glob("apps/*/src")), root]
    path = [str(folder) for folder in sources]
    if existing := os.environ.get("PYTHONPATH"):
        path.append(existing)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def run(root: Path, tests: list[Path], report: Path, tracer: list[str], extra: list[str]) -> bool:
    """Run the tests of one folder; return whether pytest found nothing wrong."""
    # A report that an earlier run left would be counted if pytest died before writing its own.
    report.unlink(missing_ok=True)
    # No cache folder: the sources may be mounted read-only.
    command = [sys.executable, *tracer, "-m", "pytest", "-p", "no:cacheprovider", "--quiet"]
    command += [f"--junit-xml={report}", *extra]
    command += [str((root / test).relative_to(root)) for test in tests]
    # Tests reach the data that ships by its path from the root, as they do under Pants.
    code = subprocess.run(command, cwd=root, env=environment(root), check=False).returncode
    return code in (0, NOTHING_COLLECTED)


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="run_tests.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="run_tests.py --test-type unit|integration|all [--room ROOM] [FILE...] "
        "[-- PYTEST_ARGUMENT...]",
    )
    parser.add_argument("--test-type", choices=(*TYPES, "all"), required=True)
    parser.add_argument(
        "--room", action="append", default=[], help="only this one, as libs/models; repeatable"
    )
    parser.add_argument(
        "--reports",
        type=Path,
        metavar="FOLDER",
        help="where JUnit reports go (default: dist/test/reports-plain)",
    )
    parser.add_argument(
        "--coverage",
        type=Path,
        metavar="FOLDER",
        help="where coverage.py, which has to be there, leaves a data file for each report",
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="only these tests")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    given = list(sys.argv[1:] if arguments is None else arguments)
    extra: list[str] = []
    if "--" in given:
        extra = given[given.index("--") + 1 :]
        given = given[: given.index("--")]
    options = parser.parse_args(given)
    if importlib.util.find_spec("pytest") is None:
        parser.exit(
            2, "run_tests.py: no pytest here; pip install -r 3rdparty/python/default.lock\n"
        )

    root = options.root.resolve()
    types = TYPES if options.test_type == "all" else (options.test_type,)
    reports = (options.reports or root / "dist" / "test" / "reports-plain").resolve()
    rooms = [room.strip("/") for room in options.room]
    tests = list(find_tests(root, types, rooms, options.files))
    for file in options.files:
        if not (root / file).is_file() or not any(file in chosen for _, _, chosen in tests):
            parser.exit(2, f"run_tests.py: {file} is no file of {options.test_type} tests\n")
    if not tests:
        asked = ", ".join(options.room) or ", ".join(ROOMS)
        parser.exit(2, f"run_tests.py: no {options.test_type} tests found in {asked}\n")

    try:
        reports.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=reports).close()
    except OSError as error:
        told = f"no report can be written to {reports} ({error.strerror}); choose --reports FOLDER"
        parser.exit(2, f"run_tests.py: {told}\n")
    # Every room runs, also after a failure: one run tells everything.
    broken = []
    for report, folder, chosen in tests:
        print(f"== {folder.relative_to(root)}", flush=True)
        data = f"--data-file={options.coverage}/.coverage.{report}"
        tracer = ["-m", "coverage", "run", data] if options.coverage else []
        if not run(root, chosen, reports / report, tracer, extra):
            broken.append(str(folder))

    try:
        total = count(path for report, _, _ in tests if (path := reports / report).exists())
    except ValueError as error:
        parser.exit(1, f"run_tests.py: {error}\n")
    for name in total.failed:
        print(f"failed: {name}")
    if broken and not total.failed:
        print(f"run_tests.py: pytest stopped in {', '.join(broken)}", file=sys.stderr, flush=True)
    nothing = not (broken or total.failed or total.passed)
    if nothing:
        print("run_tests.py: every test was skipped or deselected", file=sys.stderr, flush=True)
    print(f"{total.passed} passed, {len(total.failed)} failed")
    return 2 if nothing else int(bool(broken or total.failed))


if __name__ == "__main__":
    sys.exit(main())
