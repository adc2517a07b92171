"""The files that tell what the checks of a branch found: JUnit, SARIF, Markdown and JSON."""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from cicd.build.checks.outcomes import Outcome, Run, State, write

SHOWN = 10  # findings of a check in the summary; the files hold all of them


def sarif_run(name: str, outcome: Outcome) -> Run:
    """Return a check as a SARIF run: the tool's own, or one made of the findings."""
    located = [finding for finding in outcome.findings if finding.path]
    run = outcome.sarif or {
        "tool": {
            "driver": {
                "name": name,
                "rules": [{"id": rule} for rule in sorted({finding.rule for finding in located})],
            }
        },
        "results": [
            {
                "ruleId": finding.rule,
                "level": "error",
                "message": {"text": finding.message},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": quote(finding.path)},
                            "region": {"startLine": max(finding.line, 1)},
                        }
                    }
                ],
            }
            for finding in located
        ],
    }
    looked = outcome.state is not State.BLIND
    invocation: Run = {"executionSuccessful": looked}
    if not looked:
        told = {"level": "error", "message": {"text": outcome.said}}
        invocation["toolExecutionNotifications"] = [told]
    details = {"id": f"gate/{name.replace(' ', '-')}/"}
    return {**run, "automationDetails": details, "invocations": [invocation]}


def sarif(outcomes: dict[str, Outcome]) -> str:
    """Return one SARIF file with a run for each check that was to look."""
    idle = (State.UNSET, State.NOTHING)
    runs = [sarif_run(name, each) for name, each in outcomes.items() if each.state not in idle]
    return json.dumps({"version": "2.1.0", "runs": runs}, indent=1)


def printable(text: str) -> str:
    """Return a text without the control characters that XML can't hold."""
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)


def junit(outcomes: dict[str, Outcome], reports: Sequence[Path]) -> str:
    """Return one JUnit file: a suite of the checks, then the suites of the unit tests."""
    top = ElementTree.Element("testsuites", name="gate")
    suite = ElementTree.SubElement(top, "testsuite", name="gate")
    count = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for name, outcome in outcomes.items():
        case = ElementTree.SubElement(
            suite, "testcase", classname="gate", name=name, time=f"{outcome.seconds:.3f}"
        )
        count["tests"] += 1
        if outcome.state is State.OK:
            continue
        kind = "failure" if outcome.state is State.FAILED else "error"
        kind = kind if outcome.closes else "skipped"
        count[{"failure": "failures", "error": "errors"}.get(kind, kind)] += 1
        told = ElementTree.SubElement(
            case, kind, message=printable(f"{outcome.state}: {outcome.said}")
        )
        told.text = printable("\n".join(map(str, outcome.findings)))
    suite.attrib.update({kind: str(number) for kind, number in count.items()})
    suite.set("time", f"{sum(outcome.seconds for outcome in outcomes.values()):.3f}")
    for report in reports:
        # A report that is not whole is one that the check of the unit tests complains about.
        with contextlib.suppress(ElementTree.ParseError):
            # They are our own pytest's, made a moment ago: nobody else writes them.
            suites = ElementTree.parse(report).getroot()  # noqa: S314  # nosec B314
            top.extend(suites.iter("testsuite"))
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def verdict(outcomes: dict[str, Outcome]) -> str:
    """Return the one line that it all comes down to."""
    closing = [f"{name} {each.state}" for name, each in outcomes.items() if each.closes]
    if closing:
        return f"not mergeable, because {', '.join(closing)}"
    blind = [name for name, each in outcomes.items() if each.state is State.BLIND]
    return f"mergeable, but nobody looked at: {', '.join(blind)}" if blind else "mergeable"


def shown(outcome: Outcome) -> str:
    """Return the state as the summary shows it: what is not as it should be, loudly."""
    loud = outcome.state in (State.FAILED, State.BLIND)
    return outcome.state.upper() if loud else outcome.state.value


def shortened(text: str, width: int) -> str:
    """Return the first line of a text, not longer than the width."""
    line = printable(text).split("\n")[0]
    return line if len(line) <= width else f"{line[: width - 3]}..."


def table(outcomes: dict[str, Outcome]) -> str:
    """Return the summary for a terminal."""
    lines = [f"{'check':<15}  {'where':<7}  {'result':<14}  {'s':>5}  what it says"]
    for name, each in outcomes.items():
        row = f"{name:<15}  {each.place:<7}  {shown(each):<14}  {each.seconds:>5.1f}"
        lines.append(f"{row}  {shortened(each.said, 100)}")
    return "\n".join(lines)


def markdown(outcomes: dict[str, Outcome], how: str) -> str:
    """Return the summary that a CI service shows, with a line on how it came about."""

    def cell(text: str) -> str:
        return html.escape(shortened(text, 200)).replace("|", "\\|")

    lines = [f"## Gate: {verdict(outcomes)}", "", f"{how[:1].upper()}{how[1:]}.", ""]
    lines += ["| check | where | result | s | what it says |", "|---|---|---|---|---|"]
    for name, each in outcomes.items():
        result = f"**{shown(each)}**" if shown(each).isupper() else shown(each)
        row = (name, each.place, result, f"{each.seconds:.1f}", cell(each.said))
        lines.append(f"| {' | '.join(row)} |")
    for name, each in outcomes.items():
        if each.findings:
            lines += ["", f"### {name}", ""]
            lines += [f"- {cell(str(finding))}" for finding in each.findings[:SHOWN]]
            if len(each.findings) > SHOWN:
                lines.append(f"- and {len(each.findings) - SHOWN} more, in gate.xml")
    return "\n".join(lines) + "\n"


def publish(outcomes: dict[str, Outcome], how: str, folder: Path) -> None:
    """Write every file of the verdict; ``ci.py summary`` shows the table in a CI service."""
    reports = sorted(folder.glob("made/tests/*.xml"))
    write(folder / "gate.xml", junit(outcomes, reports))
    write(folder / "gate.sarif", sarif(outcomes))
    write(folder / "summary.md", markdown(outcomes, how))
    told = {
        "verdict": verdict(outcomes),
        "mergeable": not any(each.closes for each in outcomes.values()),
        "how": how,
        "checks": {
            name: asdict(replace(each, sarif=None)) | {"closes": each.closes}
            for name, each in outcomes.items()
        },
    }
    write(folder / "summary.json", json.dumps(told, indent=1) + "\n")
