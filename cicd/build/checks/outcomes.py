"""What a check of a branch found, and how it is kept."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, unquote

Run = dict[str, object]


class State(StrEnum):
    """How a check ended. Only the first one is green."""

    OK = "ok"
    FAILED = "failed"
    BLIND = "could not look"
    UNSET = "not configured"
    NOTHING = "nothing to do"


@dataclass(frozen=True)
class Finding:
    """One fault, and where it is if a file has it."""

    message: str
    path: str = ""
    line: int = 1
    rule: str = "fault"

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"{self.path}:{self.line}: {self.message}" if self.path else self.message


@dataclass(frozen=True)
class Outcome:
    """What a check found.

    ``sarif`` is the run that the tool itself wrote, where it writes SARIF. ``excused`` lets the
    gate stay open although the check could not look: nobody said where it should.
    """

    state: State
    said: str
    findings: tuple[Finding, ...] = ()
    sarif: Run | None = None
    excused: bool = False
    place: str = ""
    seconds: float = 0.0

    @property
    def closes(self) -> bool:
        """Say whether the branch can't be merged for this."""
        return self.state is State.FAILED or (self.state is State.BLIND and not self.excused)


def failed_if(findings: Sequence[Finding], good: str, sarif: Run | None = None) -> Outcome:
    """Return the outcome of a check that looked, and found this."""
    if not findings:
        return Outcome(State.OK, good, sarif=sarif)
    more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
    return Outcome(State.FAILED, f"{findings[0]}{more}", tuple(findings), sarif)


def write(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text)
    beside.rename(path)


def save(outcome: Outcome, path: Path) -> None:
    """Keep an outcome for the verdict."""
    write(path, json.dumps(asdict(outcome), indent=1))


def load(path: Path) -> Outcome:
    """Return the outcome that ``save`` kept; one that is not there is of a check that died."""
    try:
        kept = json.loads(path.read_text())
        findings = tuple(Finding(**finding) for finding in kept.pop("findings"))
        return Outcome(**{**kept, "state": State(kept["state"]), "findings": findings})
    except (OSError, ValueError, TypeError, KeyError):
        return Outcome(State.BLIND, "it left no result: it never started, or died")


def read_sarif(text: str, root: Path) -> tuple[Run, list[Finding]]:
    """Return the one run of a tool's SARIF file, its paths made relative, and its findings."""
    # A service finds a file of the repo by its path from the root.
    inside = re.escape(f"file://{quote(str(root))}/")
    run: Run = json.loads(re.sub(rf"{inside}|(?<=\"uri\": \")\./", "", text))["runs"][0]
    findings = []
    for result in run.get("results", []):  # type: ignore[attr-defined]  # JSON has no types
        place = result["locations"][0]["physicalLocation"]
        findings.append(
            Finding(
                result["message"]["text"],
                unquote(place["artifactLocation"]["uri"]),
                place["region"]["startLine"],
                result["ruleId"],
            )
        )
    return run, findings
