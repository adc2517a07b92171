"""The real tools: each check of a branch has a fault that closes it, and one that blinds it.

A small repo stands for this one, so that a check takes no longer than its tool does.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import venv
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent

import pytest

from cicd.build import gate
from cicd.build.checks import in_image
from cicd.build.checks.change import Change, packages, tool
from cicd.build.checks.outcomes import Outcome, State
from cicd.build.checks.reports import sarif
from cicd.build.utils.environments import environment

NEEDED = (
    *("pyproject.toml", ".coveragerc", "cicd/build/bootstrap_pants.py", "cicd/build/checks"),
    *("cicd/build/gate.py", "cicd/build/licences.toml", "cicd/build/run_tests.py"),
    *("cicd/build/utils", "3rdparty/python"),
)
CODE = Path("libs/features/src/ropewalk/features/core.py")
TEST = Path("libs/features/tests/unit/test_core.py")
GOOD = '''\
"""A room."""


def double(number: int) -> int:
    """Return it twice."""
    if number > 1000:
        return -1
    return 2 * number
'''
GOOD_TEST = """\
from ropewalk.features.core import double


def test_double() -> None:
    assert double(2) == 4
    assert double(2000) == -1
"""
DIFF = """\
diff --git a/{path} b/{path}
--- a/{path}
+++ b/{path}
@@ -5,3 +5,4 @@
     \"\"\"Return it twice.\"\"\"
+    if number > 1000:
+        return -1
     return 2 * number
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for name in NEEDED:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if Path(name).is_dir():
            shutil.copytree(name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(name, target)
    for path, text in ((CODE, GOOD), (TEST, GOOD_TEST)):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    room = tmp_path / "libs/features"
    (room / "changes").mkdir()
    (room / "changes" / "+double.added.md").write_text("Numbers can be doubled.\n")
    (room / "VERSION").write_text("1.0.0\n")
    (room / "CHANGELOG.md").write_text("# Changelog\n")
    return tmp_path


@pytest.fixture
def change(repo: Path) -> Change:
    """A branch that brought the two lines of the code, with their test."""
    folder = repo / "dist" / "gate"
    (folder / "made").mkdir(parents=True)
    (folder / "changes.diff").write_text(DIFF.format(path=CODE))
    fragment = "libs/features/changes/+double.added.md"
    told = {
        "since": "main",
        "everything": False,
        "changed": [str(CODE), str(TEST), fragment, "3rdparty/python/default.lock"],
        "targets": [f"{CODE}:../../..", f"{TEST}:../../unit"],
        "tests": [f"{TEST}:../../unit"],
        "wheels": ["libs/features:wheel"],
    }
    files = [str(CODE), str(TEST)]
    (folder / "affected.json").write_text(json.dumps(told))
    lists = {"lint": files, "types": files, "present": [*files, fragment]}
    (folder / "files.json").write_text(json.dumps(lists))
    (folder / "released").mkdir()
    return Change.read(repo, folder)


def ask(name: str, change: Change) -> Outcome:
    """Do one check as the gate does it."""
    check = next(check for check in gate.CHECKS if check.name == name)
    return gate.look(check, change, check.half)


def write(change: Change, path: Path | str, text: str) -> None:
    (change.root / path).write_text(text)


def unused_import(change: Change) -> None:
    write(change, CODE, GOOD.replace('room."""\n', 'room."""\n\nimport os\n'))


def wrong_type(change: Change) -> None:
    write(change, CODE, GOOD.replace("2 * number", "str(number)"))


def bad_form(change: Change) -> None:
    write(change, CODE, GOOD.replace("2 * number", "2*number"))


def broken_syntax(change: Change) -> None:
    write(change, CODE, "def double(:\n")


def shell(change: Change) -> None:
    code = 'import subprocess\n\n\ndef run(line: str) -> None:\n    """Run it."""\n'
    write(change, CODE, f"{GOOD}\n\n{code}    subprocess.run(line, shell=True)\n")


def secret(change: Change) -> None:
    # In two parts, or this file would hold what looks like a secret.
    write(change, CODE, f'{GOOD}\nKEY = "AKIA{"IOSFODNN7EXAMPLQ"}"\n')


def failing_test(change: Change) -> None:
    write(change, TEST, GOOD_TEST.replace("== 4", "== 5"))


def test_that_can_not_be_imported(change: Change) -> None:
    write(change, TEST, "import ropewalk.nowhere\n")


def no_fragment(change: Change) -> None:
    file = change.folder / "affected.json"
    told = json.loads(file.read_text())
    told["changed"] = [path for path in told["changed"] if "/changes/" not in path]
    file.write_text(json.dumps(told))


def no_version(change: Change) -> None:
    write(change, "libs/features/VERSION", "one\n")


FAULTS: list[tuple[str, Callable[[Change], None], str, str]] = [
    ("unit tests", failing_test, str(TEST), "test_core::test_double failed"),
    ("unit tests", test_that_can_not_be_imported, "", "test_core failed"),
    ("types", wrong_type, str(CODE), "Incompatible return value type"),
    ("types", broken_syntax, str(CODE), ""),
    ("lint", unused_import, str(CODE), "`os` imported but unused"),
    ("lint", broken_syntax, str(CODE), ""),
    ("format", bad_form, str(CODE), "black would write it otherwise"),
    ("format", broken_syntax, str(CODE), "black can't read it"),
    ("security", shell, str(CODE), "shell=True"),
    ("secrets", secret, str(CODE), "AWS Access Key"),
    ("versions", no_fragment, str(CODE), "no fragment says"),
    ("versions", no_version, "libs/features/VERSION", ""),
]


def test_a_good_branch_is_green(change: Change) -> None:
    outcomes = {check.name: ask(check.name, change) for check in gate.CHECKS[:8]}

    assert {name: each.state for name, each in outcomes.items()} == {
        name: State.OK for name in outcomes
    }, outcomes
    assert outcomes["unit tests"].said == "1 passed"


@pytest.mark.parametrize(("name", "plant", "path", "told"), FAULTS)
def test_each_fault_closes_its_check(
    change: Change, name: str, plant: Callable[[Change], None], path: str, told: str
) -> None:
    plant(change)

    outcome = ask(name, change)

    assert outcome.state is State.FAILED, outcome
    assert outcome.closes
    assert any(path in each.path and told in each.message for each in outcome.findings), outcome


def test_every_check_of_the_image_has_a_fault() -> None:
    checks = {check.name for check in gate.CHECKS if check.half == "image"}

    assert {name for name, *_ in FAULTS} == checks - {"licences"}


def test_a_licence_that_nobody_accepted_is_red(
    change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ship a package whose metadata say that it is under the GPL, in an environment of its own."""
    code = environment("default")
    copy = change.root / "venv"
    venv.create(copy)
    site = Path(packages(copy / "bin"))
    (site / "code.pth").write_text(packages(code))
    metadata = site / "copyleft-1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    text = "Metadata-Version: 2.1\nName: copyleft\nVersion: 1.0\nLicense: GPL-3.0-only\n"
    metadata.write_text(text)
    write(change, "3rdparty/python/default-requirements.txt", "# What ships.\ntqdm\ncopyleft>=1\n")
    monkeypatch.setattr(
        in_image, "tool", lambda *names: copy / "bin" if names == ("default",) else tool(*names)
    )

    outcome = ask("licences", change)

    assert outcome.state is State.FAILED, outcome
    assert outcome.closes
    assert [each.message for each in outcome.findings] == ["copyleft 1.0 is under GPL-3.0-only"]
    assert outcome.findings[0].path == "3rdparty/python/default.lock"


def missing_file(change: Change) -> Change:
    nowhere = ["libs/features/tests/unit/test_nowhere.py"]
    return replace(change, tests=nowhere, lint=nowhere, types=nowhere, present=nowhere)


def no_settings(change: Change) -> Change:
    write(change, "pyproject.toml", "[tool.mypy\n")
    return change


def unreadable_code(change: Change) -> Change:
    broken_syntax(change)
    return change


def package_that_is_not_there(change: Change) -> Change:
    write(change, "3rdparty/python/default-requirements.txt", "nobody-has-this>=1\n")
    return change


def no_answer(change: Change) -> Change:
    (change.folder / "affected.json").write_text("{}")
    return change


def no_tests_program(change: Change) -> Change:
    write(change, "cicd/build/run_tests.py", "raise SystemExit(137)\n")
    return change


@pytest.mark.parametrize(
    ("name", "prevent"),
    [
        ("unit tests", missing_file),
        ("unit tests", no_tests_program),
        ("types", missing_file),
        ("types", no_settings),
        ("lint", missing_file),
        ("lint", no_settings),
        ("format", missing_file),
        ("format", no_settings),
        ("security", no_settings),
        ("security", unreadable_code),
        ("secrets", missing_file),
        ("licences", package_that_is_not_there),
        ("versions", no_answer),
    ],
)
def test_a_check_that_can_not_look_is_never_green(
    change: Change, name: str, prevent: Callable[[Change], Change]
) -> None:
    outcome = ask(name, prevent(change))

    assert outcome.state is State.BLIND, outcome
    assert outcome.closes
    assert outcome.said


def test_tools_that_can_not_be_installed_close_the_gate(
    change: Change, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)

    outcome = ask("lint", change)

    assert (outcome.state, outcome.said) == (State.BLIND, "ruff can't be installed")


def test_a_branch_of_documents_runs_nothing(change: Change) -> None:
    write(change, "README.md", "# One\n")
    nothing = replace(
        change, changed=["README.md"], tests=[], lint=[], types=[], present=["README.md"]
    )

    states = {check.name: ask(check.name, nothing).state for check in gate.CHECKS[:7]}

    assert states.pop("secrets") is State.OK
    assert set(states.values()) == {State.NOTHING}, states


def test_changed_lines_that_no_test_runs_are_red(change: Change) -> None:
    write(change, TEST, GOOD_TEST.replace("    assert double(2000) == -1\n", ""))
    assert ask("unit tests", change).state is State.OK

    outcome = ask("changed lines", change)

    assert outcome.state is State.FAILED
    assert [(each.path, each.line) for each in outcome.findings] == [(str(CODE), 7)]
    assert "50" in outcome.said


def test_changed_code_that_no_test_imports_is_red(change: Change) -> None:
    alone = replace(change, tests=[])
    assert ask("unit tests", alone).state is State.NOTHING

    assert ask("changed lines", alone).state is State.FAILED


def test_changed_lines_that_tests_run_are_green(change: Change) -> None:
    ask("unit tests", change)

    assert ask("changed lines", change).state is State.OK


def test_changed_lines_that_were_not_measured_are_not_green(change: Change) -> None:
    assert ask("changed lines", change).state is State.BLIND


def test_changed_lines_of_a_branch_that_began_nowhere_are_not_green(change: Change) -> None:
    (change.folder / "changes.diff").unlink()

    outcome = ask("changed lines", change)

    assert outcome.closes
    assert outcome.said == "no commit is common with main: fetch more history"


class Advisories(BaseHTTPRequestHandler):
    """An OSV service that knows of one fault, in the version that it was told of."""

    faulty = ""

    def do_POST(self) -> None:
        """Answer a query."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = {
            "id": "GHSA-0000-0000-0000",
            "summary": "It breaks.",
            "affected": [
                {
                    "package": {"name": "six", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "1.16.0"}]}],
                    "versions": ["1.15.0"],
                }
            ],
        }
        known = asked["package"]["name"] == "six" and asked["version"] == self.faulty
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"vulns": [fault]} if known else {}).encode())

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Advisories]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/v1/query"
    monkeypatch.setenv("ADVISORY_DATABASE", address)
    Advisories.faulty = ""
    yield Advisories
    server.shutdown()
    server.server_close()


@pytest.fixture
def pinned(change: Change) -> Change:
    digest = "0" * 64
    write(change, "3rdparty/python/default.lock", f"six==1.15.0 \\\n    --hash=sha256:{digest}\n")
    return change


def test_pins_without_advisories_are_green(pinned: Change, database: type[Advisories]) -> None:
    outcome = ask("advisories", pinned)

    assert (outcome.state, outcome.said) == (State.OK, "1 pins")


def test_a_pin_with_an_advisory_is_red(pinned: Change, database: type[Advisories]) -> None:
    database.faulty = "1.15.0"

    outcome = ask("advisories", pinned)

    assert outcome.state is State.FAILED
    assert outcome.closes
    assert "six 1.15.0: GHSA-0000-0000-0000" in outcome.said
    assert outcome.findings[0].path == "3rdparty/python/default.lock"


def test_a_configured_database_that_does_not_answer_closes(
    pinned: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISORY_DATABASE", "http://127.0.0.1:9/v1/query")

    outcome = ask("advisories", pinned)

    assert outcome.state is State.BLIND
    assert outcome.closes
    assert outcome.said.startswith("not audited: 1 of 1 pins")


def test_no_database_at_all_is_not_green_and_does_not_close(
    pinned: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ADVISORY_DATABASE", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    outcome = ask("advisories", pinned)

    assert outcome.state is State.BLIND
    assert not outcome.closes
    assert outcome.said.startswith("not audited: 1 of 1 pins; no database answers")


def test_a_lock_that_is_not_what_its_requirements_make_is_red(change: Change) -> None:
    for requirements in (change.root / "3rdparty/python/tools").glob("*.txt"):
        requirements.unlink()
    write(change, "3rdparty/python/dev-requirements.txt", "")
    write(change, "3rdparty/python/default-requirements.txt", "six>=1.15,<1.16\n")
    (change.root / "3rdparty/python/default.lock").unlink()
    program = change.root / "cicd/build/utils/lock.py"
    subprocess.run([sys.executable, program], check=True, capture_output=True)
    assert ask("locks", change).state is State.OK

    write(change, "3rdparty/python/default-requirements.txt", "six>=1.16,<1.17\n")
    stale = ask("locks", change)
    write(change, "3rdparty/python/default-requirements.txt", "six>=1000\n")
    unknown = ask("locks", change)

    assert stale.state is State.FAILED
    assert "default.lock not up to date; run cicd/build/utils/lock.py" in stale.said
    assert unknown.state is State.BLIND
    assert "default.lock can't be resolved" in unknown.said


def test_a_file_that_its_format_does_not_allow_is_red(change: Change) -> None:
    document = replace(change, present=["README.md"])
    write(change, "README.md", "# Title\n\nText.\n")
    assert ask("other formats", document).state is State.OK

    write(change, "README.md", "# Title\n### Third\n")
    outcome = ask("other formats", document)

    assert outcome.state is State.FAILED
    assert any("README.md:2" in finding.message for finding in outcome.findings)


def test_a_path_without_an_owner_is_red(change: Change) -> None:
    write(change, ".gitignore", "/dist/\n")
    (change.root / "BUILD").write_text('files(sources=["*"], tags=["team:platform"])\n')
    write(change, "libs/BUILD", 'files(sources=["**"], tags=["team:modelling"])\n')
    write(change, "cicd/BUILD", 'files(sources=["**"], tags=["team:platform"])\n')
    write(change, "3rdparty/BUILD", 'files(sources=["**"], tags=["team:platform"])\n')
    program = change.root / "cicd/build/utils/owners.py"
    subprocess.run([sys.executable, program], check=True, cwd=change.root)
    assert ask("owners", change).state is State.OK, ask("owners", change)

    (change.root / "nobodys").mkdir()
    write(change, "nobodys/file.py", "")
    outcome = ask("owners", change)

    assert outcome.state is State.FAILED
    assert "nobodys/file.py has no owner" in outcome.said


@pytest.mark.parametrize("token", ["SONAR_TOKEN", "SNYK_TOKEN"])
def test_a_token_without_its_program_closes(
    change: Change, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    name = token.split("_")[0].lower()
    monkeypatch.delenv(token, raising=False)
    assert ask(name, change).state is State.UNSET

    monkeypatch.setenv(token, "0" * 8)
    monkeypatch.setenv("SONAR_HOST_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PATH", str(change.root))
    outcome = ask(name, change)

    assert outcome.state is State.BLIND
    assert outcome.closes
    assert "there is no" in outcome.said


def test_the_sarif_file_is_valid(change: Change) -> None:
    """Against the schema of SARIF 2.1.0; of the tools' own runs, and of those that we make."""
    for plant in (unused_import, shell, secret):
        plant(change)
    failing_test(change)
    names = (
        "unit tests",
        "types",
        "lint",
        "format",
        "security",
        "secrets",
        "changed lines",
        "snyk",
    )
    outcomes = {name: ask(name, change) for name in names}
    text = sarif(outcomes)
    file = change.folder / "gate.sarif"
    file.write_text(text)
    code = "import json, sys; from sarif_kit.validate import validation_errors as errors; "
    code += "sys.exit('\\n'.join(errors(json.load(open(sys.argv[1])))) or None)"

    python = environment("checks") / "python"
    result = subprocess.run([python, "-c", code, file], capture_output=True, text=True)

    assert result.returncode == 0, result.stderr
    runs = json.loads(text)["runs"]
    assert len(runs) == len(names) - 1
    uris = [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for run in runs
        for found in run["results"]
        for place in found["locations"]
    ]
    assert set(uris) == {str(CODE), str(TEST)}


def run_gate(change: Change, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = change.root / "cicd/build/gate.py"
    command = [sys.executable, str(program), *arguments]
    return subprocess.run(command, cwd=change.root, capture_output=True, text=True)


def test_what_left_no_result_closes_the_gate(change: Change) -> None:
    look = run_gate(change, "look", "image", "--only", "lint", "--only", "format")
    result = run_gate(change, "verdict")

    assert look.returncode == 0, look.stderr
    assert look.stdout == "ok: lint: 2 files\nok: format: 2 files\n"
    assert result.returncode == 1
    assert "types could not look" in result.stdout.splitlines()[-1]
    assert "lint" not in result.stdout.splitlines()[-1]
    assert {path.name for path in change.folder.glob("*.*")} >= {
        *("gate.xml", "gate.sarif", "summary.md", "summary.json"),
    }


def test_an_unprepared_folder_is_one_line(change: Change) -> None:
    (change.folder / "files.json").unlink()

    result = run_gate(change, "verdict")

    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert dedent(result.stderr).startswith("gate.py: ")
