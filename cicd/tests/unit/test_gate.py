import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cicd.build import gate
from cicd.build.checks.change import Change, CouldNotLookError
from cicd.build.checks.in_image import place_of
from cicd.build.checks.outcomes import Finding, Outcome, State, failed_if, load, read_sarif, save
from cicd.build.checks.reports import junit, markdown, publish, sarif, table, verdict

FAULT = Finding("no <good> | bad", "libs/a b/core.py", 7, "X1")
OUTCOMES = {
    "types": Outcome(State.OK, "9 files", place="image", seconds=1.5),
    "lint": Outcome(State.FAILED, "one\nand more", (FAULT,), place="image"),
    "secrets": Outcome(State.BLIND, "no answer", place="image"),
    "advisories": Outcome(State.BLIND, "not audited", excused=True, place="machine"),
    "snyk": Outcome(State.UNSET, "set SNYK_TOKEN to ask it", place="machine"),
    "locks": Outcome(State.NOTHING, "no requirement changed", place="machine"),
}
NOBODY = Change(Path(), Path(), "main", False, [], [], [], [], [], [])


def check_that(end: BaseException | Outcome) -> gate.Check:
    def look(change: Change) -> Outcome:
        if isinstance(end, Outcome):
            return end
        raise end

    return gate.Check("it", "image", look)


@pytest.mark.parametrize(
    "error",
    [
        CouldNotLookError("no network"),
        subprocess.TimeoutExpired(["/bin/ruff", "check"], 900),
        FileNotFoundError(2, "No such file or directory", "ruff"),
        json.JSONDecodeError("Expecting value", "", 0),
        KeyError("results"),
        StopIteration(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_keeps_a_check_from_looking_closes_the_gate(error: Exception) -> None:
    outcome = gate.look(check_that(error), NOBODY, "image")

    assert outcome.state is State.BLIND
    assert outcome.closes
    assert outcome.said


@pytest.mark.parametrize(
    ("outcome", "closes"),
    [
        (Outcome(State.OK, ""), False),
        (Outcome(State.FAILED, ""), True),
        (Outcome(State.FAILED, "", excused=True), True),
        (Outcome(State.BLIND, ""), True),
        (Outcome(State.BLIND, "", excused=True), False),
        (Outcome(State.UNSET, ""), False),
        (Outcome(State.NOTHING, ""), False),
    ],
)
def test_what_closes_the_gate(outcome: Outcome, closes: bool) -> None:
    assert outcome.closes is closes
    assert verdict({"it": outcome}).startswith("not mergeable") is closes


def test_the_verdict_names_what_is_not_as_it_should_be() -> None:
    assert verdict(OUTCOMES) == "not mergeable, because lint failed, secrets could not look"
    loose = {name: OUTCOMES[name] for name in ("types", "advisories", "snyk")}
    assert verdict(loose) == "mergeable, but nobody looked at: advisories"
    assert verdict({"types": OUTCOMES["types"]}) == "mergeable"


def test_an_outcome_is_kept_as_it_was(tmp_path: Path) -> None:
    for name, outcome in OUTCOMES.items():
        save(outcome, tmp_path / name)

        assert load(tmp_path / name) == outcome


@pytest.mark.parametrize("text", [None, "", "{}", '{"state": "green", "said": "", "findings": []}'])
def test_an_outcome_that_is_not_there_or_not_whole_closes(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "it.json"
    if text is not None:
        file.write_text(text)

    assert load(file).closes


def test_findings_decide() -> None:
    assert failed_if([], "9 files").state is State.OK
    two = failed_if([FAULT, FAULT], "9 files")
    assert two.state is State.FAILED
    assert two.said == "libs/a b/core.py:7: no <good> | bad and 1 more"


def test_the_table_is_loud_about_what_is_not_as_it_should_be() -> None:
    lines = table(OUTCOMES).splitlines()

    assert lines[1].split() == ["types", "image", "ok", "1.5", "9", "files"]
    assert lines[2].split()[:5] == ["lint", "image", "FAILED", "0.0", "one"]
    assert "COULD NOT LOOK" in lines[3]
    assert "COULD NOT LOOK" in lines[4]
    assert "not configured" in lines[5]
    assert len(lines) == 1 + len(OUTCOMES)


def test_markdown_can_not_be_broken_by_what_a_tool_says() -> None:
    text = markdown(OUTCOMES, "main")

    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(OUTCOMES)
    assert "- libs/a b/core.py:7: no &lt;good&gt; \\| bad" in text
    assert text.startswith("## Gate: not mergeable, because lint failed")


def test_junit_counts_each_check_and_the_unit_tests(tmp_path: Path) -> None:
    report = tmp_path / "libs.one.unit.xml"
    report.write_text(
        '<testsuites><testsuite name="one"><testcase name="a"/></testsuite></testsuites>'
    )
    broken = tmp_path / "died.xml"
    broken.write_text("<testsuites>")

    top = ElementTree.fromstring(junit(OUTCOMES, [report, broken]))

    gates, one = top.findall("testsuite")
    assert one.get("name") == "one"
    assert {kind: gates.get(kind) for kind in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6",
        "failures": "1",
        "errors": "1",
        "skipped": "3",
    }
    cases = {case.get("name"): [child.tag for child in case] for case in gates}
    assert cases["types"] == []
    assert cases["lint"] == ["failure"]
    assert cases["secrets"] == ["error"]
    assert cases["advisories"] == cases["snyk"] == ["skipped"]


def test_junit_holds_what_xml_can_not() -> None:
    odd = {"lint": Outcome(State.FAILED, "a\x1b[31mb", (Finding("c\x00d"),))}

    case = ElementTree.fromstring(junit(odd, [])).find("testsuite/testcase/failure")

    assert case is not None
    assert case.get("message") == "failed: a?[31mb"
    assert case.text == "c?d"


def test_sarif_says_who_could_not_look() -> None:
    runs = {run["tool"]["driver"]["name"]: run for run in json.loads(sarif(OUTCOMES))["runs"]}

    assert set(runs) == {"types", "lint", "secrets", "advisories"}
    assert runs["types"]["invocations"] == [{"executionSuccessful": True}]
    assert runs["secrets"]["invocations"][0]["executionSuccessful"] is False
    place = runs["lint"]["results"][0]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "libs/a%20b/core.py"},
        "region": {"startLine": 7},
    }


def test_the_paths_of_a_tools_own_sarif_become_relative() -> None:
    def result(uri: str) -> dict[str, object]:
        place = {"artifactLocation": {"uri": uri}, "region": {"startLine": 3}}
        return {
            "ruleId": "F401",
            "message": {"text": "unused"},
            "locations": [{"physicalLocation": place}],
        }

    results = [result("file:///re%20po/libs/a%20b.py"), result("./libs/c.py"), result("libs/d.py")]
    text = json.dumps({"runs": [{"tool": {}, "results": results}]}, indent=2)

    run, found = read_sarif(text, Path("/re po"))

    assert [finding.path for finding in found] == ["libs/a b.py", "libs/c.py", "libs/d.py"]
    assert "file://" not in json.dumps(run)


@pytest.mark.parametrize(
    ("test", "path"),
    [
        ("libs.one.tests.unit.test_it::test_a[test_b.c]", "libs/one/tests/unit/test_it.py"),
        ("apps.two.tests.unit.sub.test_it.TestIt::test_a", "apps/two/tests/unit/sub/test_it.py"),
        ("somewhere::test_a", ""),
    ],
)
def test_the_file_of_a_failed_test(test: str, path: str) -> None:
    assert place_of(test) == path


def test_everything_is_published(tmp_path: Path) -> None:
    publish(OUTCOMES, "main", tmp_path)

    told = json.loads((tmp_path / "summary.json").read_text())
    assert told["mergeable"] is False
    assert told["checks"]["advisories"]["state"] == "could not look"
    assert told["checks"]["advisories"]["closes"] is False
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"gate.sarif", "gate.xml", "summary.json", "summary.md"}


@pytest.mark.parametrize(
    "arguments", [[], ["prepare"], ["prepare", "--all", "--since", "main"], ["look", "nowhere"]]
)
def test_wrong_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        gate.main(arguments)

    assert raised.value.code == 2


def test_help_has_an_example() -> None:
    command = [sys.executable, gate.__file__, "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "gate.py prepare --since origin/develop" in result.stdout
