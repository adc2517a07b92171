"""The checks that need git, Pants or a network, and so this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from cicd.build.checks.change import (
    CODE,
    LOCK,
    Change,
    CouldNotLookError,
    Result,
    expect,
    pin,
    tool,
)
from cicd.build.checks.outcomes import Finding, Outcome, State, failed_if, read_sarif

NOISE = re.compile(r"\[INFO\]|1 Exception encountered|^Engine traceback:|^in ")
WALL = re.compile(r"^\w+ ([^\s:]+)\S* -> \w+ (\S+)$")  # two addresses, and what each of them is
FLOOR = 90  # percent of the changed lines that the unit tests run


def complaints(result: Result) -> list[Finding]:
    """Return what a program said when it ended with 1, without the noise that Pants makes."""
    expect(result, 0, 1)
    said = (line.strip() for line in f"{result.stdout}\n{result.stderr}".splitlines())
    lines = [line for line in said if line and not NOISE.search(line)]
    return [Finding(line) for line in lines or ["it said nothing"]] if result.returncode else []


def targets(change: Change) -> Outcome:
    """Ask Pants whether each file has a target, and each BUILD file its form."""
    command = ("tailor", "--check", "update-build-files", "--check", "::")
    return failed_if(complaints(change.run("./pants", *command)), "every file has one")


def walls(change: Change) -> Outcome:
    """Let Pants follow the imports: a forbidden one, or one that nobody owns, ends it."""
    addresses = change.targets
    if not addresses:
        return Outcome(State.NOTHING, "no target is affected")
    found = complaints(change.run("./pants", "dependencies", *addresses))
    walls = (WALL.match(finding.message) for finding in found)
    denied = [Finding(f"{w[1]} may not use {w[2]}", w[1], 1, "wall") for w in walls if w]
    return failed_if(denied or found, "no import goes through one")


def owners(change: Change) -> Outcome:
    """Ask owners.py whether each path has one owner."""
    command = (sys.executable, "cicd/build/utils/owners.py", "--check")
    return failed_if(complaints(change.run(*command)), "every path has one")


def locks(change: Change) -> Outcome:
    """Ask lock.py whether each lock is what its requirements make."""
    if not change.touches("3rdparty/python/", "cicd/build/utils/lock.py"):
        return Outcome(State.NOTHING, "no requirement changed")
    result = change.run(sys.executable, "cicd/build/utils/lock.py", "--check")
    if result.returncode and "not up to date" not in result.stderr:
        raise CouldNotLookError(result.stderr.strip().splitlines()[-1])
    stale = [Finding(line) for line in result.stderr.splitlines() if line.startswith("lock:")]
    return failed_if(stale, "every lock is what its requirements make")


def other_formats(change: Change) -> Outcome:
    """Ask lint_formats.py about the changed files of all formats but Python."""
    command = [sys.executable, "cicd/build/utils/lint_formats.py"]
    files = change.present
    if not files:
        return Outcome(State.NOTHING, "no file changed")
    found = complaints(change.run(*command, *([] if change.everything else files)))
    bad = [finding for finding in found if not finding.message.startswith("ok ")]
    return failed_if(bad or found, f"{len(files)} files")


def tests_of_cicd(change: Change) -> Outcome:
    """Let Pants run the affected unit tests of cicd and benchmarks, which need git and Pants."""
    ours = ("cicd/tests/unit/", "benchmarks/affected/tests/unit/")
    tests = [address for address in change.tests if address.startswith(ours)]
    if not tests:
        return Outcome(State.NOTHING, "no unit test of cicd is affected")
    found = complaints(change.run("./pants", "test", *tests, timeout=3600))
    failed = [finding for finding in found if " failed" in finding.message]
    return failed_if(failed or found, f"{len(tests)} files")


def advisories(change: Change) -> Outcome:
    """Ask pip-audit about each pin. The network is why it isn't done in the image.

    $ADVISORY_DATABASE is the query address of an OSV service; without it pip-audit asks its own.
    """
    if not change.touches("3rdparty/python/"):
        return Outcome(State.NOTHING, "no pin changed")
    database = os.environ.get("ADVISORY_DATABASE", "")
    command = [tool("checks") / "pip-audit", "--disable-pip", "--progress-spinner=off"]
    command += ["--timeout=10", "--format=json", f"--requirement={LOCK}"]
    command += ["--vulnerability-service=osv", f"--osv-url={database}"] if database else []
    pins = re.findall(r"^[a-z0-9][\w.-]*==", (change.root / LOCK).read_text(), re.MULTILINE)
    audited, why = [], ""
    try:
        with tempfile.TemporaryDirectory() as cache:
            result = change.run(*command, f"--cache-dir={cache}", timeout=300)
        expect(result, 0, 1)
        told = json.loads(result.stdout)["dependencies"]
        audited = [each for each in told if "vulns" in each]
    except (CouldNotLookError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        why = f" ({error})"
    found = [
        Finding(
            f"{each['name']} {each['version']}: {fault['id']}, "
            f"{'mended in ' + ' or '.join(fault['fix_versions']) if fault['fix_versions'] else ''}",
            *pin(change.root, each["name"]),
            fault["id"],
        )
        for each in audited
        for fault in each["vulns"]
    ]
    if found:
        return failed_if(found, "")
    if len(audited) < len(pins):
        asked = "the database of ADVISORY_DATABASE" if database else "no database"
        said = f"not audited: {len(pins) - len(audited)} of {len(pins)} pins; {asked} answers"
        advice = "" if database else "; set ADVISORY_DATABASE to the address of one"
        return Outcome(State.BLIND, f"{said}{advice}{why}", excused=not database)
    return Outcome(State.OK, f"{len(pins)} pins")


def changed_lines(change: Change) -> Outcome:
    """Hold the changed lines to a floor, by the coverage that the unit tests measured."""
    diff = change.folder / "changes.diff"
    if not change.since:
        return Outcome(State.NOTHING, "compared with nothing, no line is changed")
    if not any(map(CODE.fullmatch, change.changed)):
        return Outcome(State.NOTHING, "no code of a lib or app changed")
    if not diff.exists():
        raise CouldNotLookError(f"no commit is common with {change.since}: fetch more history")
    command = [tool("checks") / "diff-cover", change.made / "coverage.xml", "--quiet"]
    told = change.made / "changed_lines.json"
    result = change.run(*command, f"--diff-file={diff}", f"--format=json:{told}")
    expect(result, 0)
    report = json.loads(told.read_text())
    percent = report["total_percent_covered"]
    found = [
        Finding("no unit test runs this changed line", path, line, "uncovered")
        for path, file in report["src_stats"].items()
        for line in file["violation_lines"]
    ]
    said = f"{percent} % of {report['total_num_lines']} changed lines, the floor is {FLOOR} %"
    if percent < FLOOR:
        return Outcome(State.FAILED, said, tuple(found))
    return Outcome(State.OK, said)


def sonar(change: Change) -> Outcome:
    """Ask SonarQube for its quality gate, where a token says that there is one."""
    if not os.environ.get("SONAR_TOKEN"):
        return Outcome(State.UNSET, "set SONAR_TOKEN and SONAR_HOST_URL to ask it")
    if not os.environ.get("SONAR_HOST_URL"):
        raise CouldNotLookError("SONAR_TOKEN is set, SONAR_HOST_URL is not")
    result = change.run(program("sonar-scanner"), "-Dsonar.qualitygate.wait=true")
    if "QUALITY GATE STATUS: FAILED" in result.stdout:
        return failed_if([Finding("the quality gate of SonarQube is closed")], "")
    expect(result, 0)
    return Outcome(State.OK, "its quality gate is open")


def snyk(change: Change) -> Outcome:
    """Ask Snyk about the pins, where a token says that there is one."""
    if not os.environ.get("SNYK_TOKEN"):
        return Outcome(State.UNSET, "set SNYK_TOKEN to ask it")
    command = (program("snyk"), "test", "--package-manager=pip", f"--file={LOCK}")
    result = change.run(*command, f"--command={tool('default') / 'python'}", "--sarif")
    expect(result, 0, 1)
    sarif, found = read_sarif(result.stdout, change.root)
    return failed_if(found, "no advisory that Snyk knows", sarif)


def program(name: str) -> str:
    """Return a program that this machine has, or not."""
    found = shutil.which(name)
    if found is None:
        raise CouldNotLookError(f"its token is set, but there is no {name} on PATH")
    return found
