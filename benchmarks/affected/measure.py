#!/usr/bin/env python3
"""Measure what it costs to know which tests a change affects, and whether the answer is right.

In this repository and in generated ones it changes one line at a time and measures

- the seconds to the answer of ``cicd/build/affected``, beside those of Pants' own
  ``--changed-since``;
- the seconds to the verdict of the affected tests, beside bare pytest of the same tests;
- how many tests are selected, beside all tests and beside path filters (a lib's folder runs the
  lib's own tests), and which of those that are needed each of them misses. A test is needed when
  Pants, asked for all of them, doesn't take its result from the cache.

The exit code is 1 when an answer is wrong or slower than allowed. Three sizes take half an hour.

Examples
--------
::

    ./pants run benchmarks/affected/measure.py
    ./pants run benchmarks/affected/measure.py -- --libs 10 100 --seed 1 --write
    benchmarks/affected/measure.py --quick
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.affected.figures import THIS, Answers, Change, Figures, Measured, Verdict
from benchmarks.affected.generate_repo import MOST_LIBS, commit_all, copy, write_repo
from benchmarks.affected.import_graph import Lib, lib_of, make_graph, reach, sample_changes
from benchmarks.affected.repo import BrokenCommandError, Repo, fresh_comment, fresh_number
from benchmarks.affected.report import keep

ROOT = Path(__file__).resolve().parents[2]
# Of this repository, and of any generated one.
ANSWER_WITHIN = 1.0
GENERATED_ANSWER_WITHIN = 3.0
# More tests than are needed: one in ten.
MOST_TOO_MANY = 1.1
# So many libs' tests are run to know how long one takes.
TIMED_LIBS = 10


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, flush=True)


def path_of(module: str) -> str:
    """Return the file of a module of a generated repository."""
    return f"libs/{lib_of(module)}/src/ropewalk/{module.replace('.', '/')}.py"


def measure_answers(repo: Repo, paths: list[str], repeats: int) -> Answers:
    """Ask what a change affects, each time after another one, and ask Pants too."""
    with repo.changed(paths[0], fresh_comment()):
        first, _ = repo.affected()
    repo.changed_since()
    affected, pants = [], []
    for number in range(repeats):
        path = paths[number % len(paths)]
        with repo.changed(path, fresh_comment()):
            affected.append(repo.affected()[0])
        with repo.changed(path, fresh_comment()):
            pants.append(repo.changed_since()[0])
    return Answers(first=first, affected=tuple(affected), pants=tuple(pants))


def own_tests(tests: set[str], path: str) -> set[str]:
    """Return those test files that are in the same lib as a file."""
    lib = "/".join(path.split("/")[:2])
    return {test for test in tests if test.startswith(f"{lib}/")}


def measure_verdict(repo: Repo, path: str, repeats: int) -> Verdict:
    """Change a line, ask what it affects, run the lib's own tests of it; then with bare pytest."""
    with repo.changed(path, fresh_comment()):
        _, tests = repo.affected()
    tests = own_tests(tests, path)
    # What is there whatever was changed: environments of packages, compiled files.
    repo.test(tests, "--version")
    repo.pytest(tests, "--collect-only")
    affected, pants_test, pytest = [], [], []
    for _ in range(repeats):
        with repo.changed(path, fresh_comment()):
            seconds, tests = repo.affected()
            tests = own_tests(tests, path)
            affected.append(seconds)
            pants_test.append(repo.test(tests).seconds)
            pytest.append(repo.pytest(tests).seconds)
    return Verdict(
        path=path,
        test_files=len(tests),
        affected=tuple(affected),
        pants_test=tuple(pants_test),
        pytest=tuple(pytest),
    )


def measure_change(repo: Repo, kind: str, module: str, libs: int) -> Change:
    """Change a module's number, and hold all answers against which tests would run again."""
    own_folder = f"libs/{lib_of(module)}"
    folder = {
        file.relative_to(repo.folder).as_posix()
        for file in (repo.folder / own_folder).rglob("test_*.py")
    }
    with repo.changed(path_of(module), fresh_number()):
        seconds, selected = repo.affected()
        needed = repo.would_run_again()
        red = repo.red()
    if not red <= needed:
        raise BrokenCommandError(f"{sorted(red - needed)} fail, yet Pants would not run them")
    return Change.model_validate(
        {
            "kind": kind,
            "module": module,
            "libs": libs,
            "seconds": seconds,
            "selected": len(selected),
            "needed": len(needed),
            "missed": len(needed - selected),
            "folder": len(folder),
            "folder_missed": len(needed - folder),
            "red": len(red),
            "red_missed": len(red - selected),
            "folder_red_missed": len(red - folder),
        }
    )


def seconds_per_test(repo: Repo, libs: list[Lib], seed: int) -> float:
    """Run the tests of some libs, none from the cache, and divide the seconds by their number."""
    drawn = random.Random(seed).sample(libs, min(TIMED_LIBS, len(libs)))
    tests = {
        file.relative_to(repo.folder).as_posix()
        for lib in drawn
        for file in (repo.folder / "libs" / lib.name / "tests").rglob("test_*.py")
    }
    repo.test(tests, "--version")
    return repo.test(tests, f"--durations={time.time_ns() % 1000 + 1}").seconds / len(tests)


def measure_generated(repo: Repo, libs: list[Lib], options: argparse.Namespace) -> Measured:
    """Measure a generated repository."""
    sample = sample_changes(libs, options.seed, options.changes)
    reached = reach(libs)
    drawn = [(kind, module) for kind, modules in sample.items() for module in modules]
    say("  asking what a change affects")
    answers = measure_answers(repo, [path_of(module) for _, module in drawn], options.repeats)
    say("  filling the cache, so that it can tell which tests a change would run again")
    per_test = seconds_per_test(repo, libs, options.seed)
    repo.would_run_again()
    if left := repo.would_run_again() or repo.red():
        raise BrokenCommandError(f"unchanged, {sorted(left)[:5]} would run again, or are red")
    changes = []
    for kind, module in drawn:
        changes.append(measure_change(repo, kind, module, reached[module]))
        say(f"  {changes[-1]}")
    verdicts = []
    for kind in ("leaf",) if options.quick else ("leaf", "middle"):
        verdicts.append(measure_verdict(repo, path_of(sample[kind][0]), options.repeats))
        say(f"  {verdicts[-1]}")
    return Measured(
        name=f"{len(libs)} libs",
        libs=len(libs),
        modules=sum(len(lib.modules) for lib in libs),
        test_files=sum(len(lib.tested) + 2 for lib in libs),
        seconds_per_test=per_test,
        answers=answers,
        verdicts=tuple(verdicts),
        changes=tuple(changes),
    )


def measure_this(repo: Repo, options: argparse.Namespace) -> Measured:
    """Measure a copy of this repository: one module of a lib is changed at a time."""
    generator = random.Random(options.seed)
    libs = sorted(repo.folder.glob("libs/*"))
    paths = []
    for lib in libs:
        files = sorted((lib / "src").rglob("*.py"))
        chosen = generator.choice([file for file in files if file.name != "__init__.py"])
        paths.append(chosen.relative_to(repo.folder).as_posix())
    say("  asking what a change affects")
    answers = measure_answers(repo, paths, options.repeats)
    verdicts = []
    for path in generator.sample(paths, min(options.changes, len(paths))):
        verdicts.append(measure_verdict(repo, path, max(1, options.repeats // 3)))
        say(f"  {verdicts[-1]}")
    rooms = (*libs, *repo.folder.glob("apps/*"))
    return Measured(
        name=THIS,
        libs=len(rooms),
        modules=sum(len(list((room / "src").rglob("*.py"))) for room in rooms),
        test_files=sum(len(list((room / "tests").rglob("test_*.py"))) for room in rooms),
        answers=answers,
        verdicts=tuple(verdicts),
    )


def copy_this(folder: Path) -> None:
    """Copy what git tracks, or would track, into a repository with one commit."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        # A deleted file is listed until it is committed.
        if os.path.lexists(ROOT / name):
            copy(ROOT / name, folder / name)
    commit_all(folder, "Copy the repository")


@contextmanager
def scratch(program: str) -> Iterator[Repo]:
    """Give an empty folder to make a repository in; end its daemon and remove it in the end."""
    with tempfile.TemporaryDirectory(prefix="affected-", ignore_cleanup_errors=True) as folder:
        repo = Repo(Path(folder).resolve(), program)
        try:
            yield repo
        finally:
            repo.stop()


def judge(measured: Measured, timed: bool) -> list[tuple[bool, str]]:
    """Return what must hold for one repository, whether it does, and the figures."""
    told = []
    for change in measured.changes:
        told.append(
            (
                change.missed == 0 and change.red_missed == 0,
                f"a change of {change.module}: {change.missed} of {change.needed} needed tests"
                " missed (0 allowed)",
            )
        )
        told.append(
            (
                change.selected <= MOST_TOO_MANY * change.needed,
                f"a change of {change.module}: {change.selected} tests selected,"
                f" {change.needed} needed ({MOST_TOO_MANY:.1f} times as many allowed)",
            )
        )
    if not timed:
        return told
    ours = measured.name == THIS
    allowed = ANSWER_WITHIN if ours else GENERATED_ANSWER_WITHIN
    seconds, pants = median(measured.answers.affected), median(measured.answers.pants)
    told.append(
        (
            seconds <= allowed,
            f"the answer of affected: {seconds:.2f} s ({allowed:.0f} allowed),"
            f" {seconds / pants:.1f} times Pants' own {pants:.2f} s",
        )
    )
    for verdict in measured.verdicts:
        bare = median(verdict.pytest)
        line = (
            f"{verdict.path} to the verdict of {verdict.test_files} test files:"
            f" {verdict.seconds:.1f} s, {verdict.seconds / bare:.2f} times bare pytest's {bare:.1f}"
        )
        # Tests that take no time show what Pants itself takes; they are told, and not judged.
        if ours:
            told.append((verdict.seconds <= verdict.allowed, f"{line} ({verdict.allowed:.1f} s)"))
        else:
            say(f"  told, not judged: {line}")
    return told


def processor() -> str:
    """Return the name of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def pants_version() -> str:
    """Return the version that pants.toml asks for."""
    for line in (ROOT / "pants.toml").read_text().splitlines():
        if line.startswith("pants_version"):
            return line.split('"')[1]
    raise BrokenCommandError("pants.toml names no pants_version")


def number_of_libs(text: str) -> int:
    """Read one of the sizes."""
    libs = int(text)
    if libs and not 10 <= libs <= MOST_LIBS:
        raise argparse.ArgumentTypeError(
            f"{libs} libs were asked for; give 0, or 10 to {MOST_LIBS}"
        )
    return libs


def count_of(text: str) -> int:
    """Read how often something is done."""
    count = int(text)
    if not 1 <= count <= 100:
        raise argparse.ArgumentTypeError(f"{count} was given; give 1 to 100")
    return count


def main(arguments: list[str] | None = None) -> int:
    """Measure, tell what holds, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="measure.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--libs",
        type=number_of_libs,
        nargs="+",
        default=[0, 10, 100, 300],
        help="sizes of generated repositories, 0 for this one; default: 0 10 100 300",
    )
    parser.add_argument("--seed", type=int, default=1, help="which graphs and changes; default: 1")
    parser.add_argument(
        "--changes", type=count_of, default=3, help="leaves, middles and hubs each; default: 3"
    )
    parser.add_argument(
        "--repeats", type=count_of, default=9, help="of each timed answer; default: 9"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="10 libs, one change of each kind; times are told and not judged",
    )
    parser.add_argument(
        "--program",
        default="cicd/build/affected",
        help="another program that answers like it, by an absolute path",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="keep the figures, beside those of other sizes, and draw the plot and the table",
    )
    options = parser.parse_args(arguments)
    if options.quick:
        options.libs, options.changes, options.repeats = [10], 1, 1
    machine = f"{processor()}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}"
    versions = (
        f"Pants {pants_version()}, Python {platform.python_version()}, pytest {version('pytest')}"
    )
    say(f"{machine}\n{versions}\nload {os.getloadavg()[0]:.1f}")
    start = time.monotonic()
    measured = []
    verdicts: list[tuple[bool, str]] = []
    try:
        for size in options.libs:
            say(f"{size} libs" if size else THIS)
            libs = make_graph(size, options.seed)
            with scratch(options.program) as repo:
                if size:
                    write_repo(libs, repo.folder)
                    measured.append(measure_generated(repo, libs, options))
                else:
                    copy_this(repo.folder)
                    measured.append(measure_this(repo, options))
    except BrokenCommandError as error:
        print(f"measure.py: {error}", file=sys.stderr)
        return 1
    for one in measured:
        verdicts += [
            (holds, f"{one.name}: {told}") for holds, told in judge(one, not options.quick)
        ]
    for holds, told in verdicts:
        say(f"{'ok    ' if holds else 'FAILED'}  {told}")
    if options.write:
        keep(Figures(machine=machine, versions=versions, seed=options.seed, repos=tuple(measured)))
    failed = sum(not holds for holds, _ in verdicts)
    say(f"{len(verdicts) - failed} hold, {failed} do not ({time.monotonic() - start:.0f} s)")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
