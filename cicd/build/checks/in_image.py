"""The checks of what the test image holds: the code, with every package and tool pinned."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

from cicd.build.checks.change import (
    CODE,
    Change,
    CouldNotLookError,
    canonical,
    expect,
    packages,
    pin,
    tool,
)
from cicd.build.checks.outcomes import Finding, Outcome, State, failed_if, read_sarif, write
from cicd.build.utils.count_tests import count

LICENCES = Path("cicd/build/licences.toml")
MADE_UP = r"^secret$|^correct-horse$|\bhunter[23]\b"  # the secrets of examples and tests
REQUIREMENTS = Path("3rdparty/python/default-requirements.txt")


def unit_tests(change: Change) -> Outcome:
    """Run the affected unit tests, and measure which lines they run."""
    files = sorted({address.split(":")[0] for address in change.tests})
    # Those of cicd and benchmarks try the build itself, with git, Pants and an engine: see
    # on_machine.
    ours = ("cicd/", "benchmarks/")
    tests = [path for path in files if "/tests/unit/" in path and not path.startswith(ours)]
    measured = bool(change.since) and any(map(CODE.fullmatch, change.changed))
    if not tests and not measured:
        return Outcome(State.NOTHING, "no unit test is affected")
    python = tool("default") / "python"
    data, reports = change.made / "coverage", change.made / "tests"
    for folder in (data, reports):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    # It costs a third of the time, and without changed code nobody asks.
    settings = {"PYTHONPATH": packages(tool("coverage-py"))} if measured else {}
    outcome = Outcome(State.NOTHING, "no unit test is affected")
    if tests:
        command = [python, "cicd/build/run_tests.py", "--test-type=unit", f"--reports={reports}"]
        command += [f"--coverage={data}"] if measured else []
        result = change.run(*command, *change.here(tests), timeout=3600, settings=settings)
        write(change.made / "tests.log", result.stdout + result.stderr)
        expect(result, 0, 1)
        total = count(reports.glob("*.xml"))
        found = [Finding(f"{name} failed", place_of(name)) for name in total.failed]
        if result.returncode and not found:
            raise CouldNotLookError(result.stderr.strip().splitlines()[-1])
        outcome = failed_if(found, f"{total.passed} passed")
    if measured:
        # An empty program that knows of all code: what no test imports is uncovered, not unknown.
        nobody = ("run", "--source=libs,apps", f"--data-file={data / '.coverage.all'}", os.devnull)
        one = f"--data-file={data / '.coverage'}"
        xml = ("xml", one, "--quiet", "-o", change.made / "coverage.xml")
        for step in (nobody, ("combine", one, "--quiet", data), xml):
            expect(change.run(python, "-m", "coverage", *step, settings=settings), 0)
    return outcome


def place_of(test: str) -> str:
    """Return the file of a test that pytest calls ``libs.one.tests.unit.test_it.TestIt::test``."""
    module = re.match(r".*?\.test_\w+(?=\.|$)", test.split("::")[0])
    return f"{module[0].replace('.', '/')}.py" if module else ""


def types(change: Change) -> Outcome:
    """Ask mypy, whose own environment has stubs and not the packages that the code uses."""
    files = change.here(change.types)
    if not files:
        return Outcome(State.NOTHING, "no Python file is affected")
    programs = tool("mypy", "mypy-stubs")
    cache = f"--cache-dir={change.cache / 'mypy'}"
    command = (programs / "mypy", "--output=json", cache, *files)
    result = change.run(*command, settings={"PYTHONPATH": packages(tool("default"))})
    expect(result, 0, 1, 2)  # 2, too, for code that it can't parse, which it names
    lines = (json.loads(line) for line in result.stdout.splitlines() if line.startswith("{"))
    found = [
        Finding(line["message"], line["file"], line["line"], line["code"] or "syntax")
        for line in lines
        if line["severity"] == "error"
    ]
    # mypy goes on with its own, milder settings when it can't read ours, and says so here.
    if result.stderr.strip() or bool(found) != bool(result.returncode):
        raise CouldNotLookError(f"mypy: {(result.stderr or result.stdout).strip()}")
    return failed_if(found, f"{len(files)} files")


def lint(change: Change) -> Outcome:
    """Ask ruff."""
    files = change.here(change.lint)
    if not files:
        return Outcome(State.NOTHING, "no Python file is affected")
    command = (tool("ruff") / "ruff", "check", "--no-cache", "--output-format=sarif")
    result = change.run(*command, *files)
    expect(result, 0, 1)
    sarif, found = read_sarif(result.stdout, change.root)
    return failed_if(found, f"{len(files)} files", sarif)


def formats(change: Change) -> Outcome:
    """Ask black."""
    files = change.here(change.lint)
    if not files:
        return Outcome(State.NOTHING, "no Python file is affected")
    command = (tool("black") / "black", "--check", *files)
    result = change.run(*command, settings={"BLACK_CACHE_DIR": str(change.cache / "black")})
    expect(result, 0, 1, 123)
    unformatted = re.findall(r"^would reformat (.+)$", result.stderr, re.MULTILINE)
    broken = re.findall(r"^error: cannot .*?([^\s:]+\.py)\b", result.stderr, re.MULTILINE)
    found = [Finding("black would write it otherwise", path) for path in unformatted]
    found += [Finding("black can't read it", path) for path in broken]
    if bool(found) != bool(result.returncode):
        raise CouldNotLookError(f"black: {result.stderr.strip()}")
    return failed_if(found, f"{len(files)} files")


def security(change: Change) -> Outcome:
    """Ask bandit about all code but tests and benchmarks, which only we ever run."""
    ours = re.compile(r"(^|/)(tests|benchmarks)/")
    files = [path for path in change.here(change.lint) if not ours.search(path)]
    if not files:
        return Outcome(State.NOTHING, "no code but tests and benchmarks is affected")
    command = (tool("checks") / "bandit", "--quiet", "--format=sarif", "-c", "pyproject.toml")
    result = change.run(*command, *files)
    expect(result, 0, 1)
    sarif, found = read_sarif(result.stdout, change.root)
    # bandit leaves out what it can't read, and ends with 0.
    if "toolConfigurationNotifications" in result.stdout:
        raise CouldNotLookError("bandit can't read every file; what lint says tells why")
    return failed_if(found, f"{len(files)} files", sarif)


def secrets(change: Change) -> Outcome:
    """Ask detect-secrets about every file that changed, of whatever format."""
    files = [path for path in change.here(change.present) if not path.endswith(".lock")]
    if not files:
        return Outcome(State.NOTHING, "no file changed")
    # Not verified: that would hand what was found to a service, and needs a network.
    command = (tool("checks") / "detect-secrets", "scan", "--no-verify", "--all-files")
    result = change.run(*command, f"--exclude-secrets={MADE_UP}", *files)
    expect(result, 0)
    found = [
        Finding(f"looks like a secret: {each['type']}", path, each["line_number"], each["type"])
        for path, several in json.loads(result.stdout)["results"].items()
        for each in several
    ]
    return failed_if(found, f"{len(files)} files")


def licences(change: Change) -> Outcome:
    """Hold the licence of each package that ships against the ones that we accept."""
    if not change.touches("3rdparty/python/", str(LICENCES), "cicd/build/checks/"):
        return Outcome(State.NOTHING, "no pin changed")
    python = tool("default") / "python"
    listed = change.run(
        python, "cicd/build/checks/shipped.py", "3rdparty/python/default-requirements.txt"
    )
    expect(listed, 0)
    names = listed.stdout.split()
    command = (tool("checks") / "pip-licenses", "--python", python, "--from=mixed", "--with-system")
    result = change.run(*command, "--format=json", "--packages", *names)
    expect(result, 0)
    told = json.loads(result.stdout)
    policy = tomllib.loads((change.root / LICENCES).read_text())
    found = []
    for each in told:
        licence = policy["reviewed"].get(each["Name"], each["License"])
        unknown = [part for part in licence.split("; ") if part not in policy["accepted"]]
        if unknown:
            message = f"{each['Name']} {each['Version']} is under {' and '.join(unknown)}"
            found.append(Finding(message, *pin(change.root, each["Name"]), "licence"))
    missing = sorted({canonical(name) for name in names} - {canonical(x["Name"]) for x in told})
    if missing:
        raise CouldNotLookError(f"pip-licenses says nothing of {', '.join(missing)}")
    return failed_if(found, f"{len(told)} packages that ship")


def versions(change: Change) -> Outcome:
    """Ask versions.py for change fragments, API breaks and the last release's contracts."""
    command = ("cicd/build/utils/versions.py", "check", "--json")
    given = (
        "--affected",
        change.folder / "affected.json",
        "--released",
        change.folder / "released",
    )
    result = change.run(sys.executable, *command, *given)
    expect(result, 0, 1)
    told = json.loads(result.stdout)
    found = [Finding(each["message"], each["path"], 1, each["rule"]) for each in told["problems"]]
    notes = told["notes"] or ["each change says what it means for them"]
    more = f" and {len(notes) - 1} more" if notes[1:] else ""
    return failed_if(found, f"{notes[0]}{more}")
