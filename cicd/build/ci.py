#!/usr/bin/env python3
"""Answer what a CI service asks, so that its YAML holds no logic.

``trust`` closes for a pull request of a fork that changes what CI services read: those files say
what else runs, and with what rights. ``matrix`` tells what can be done side by side: the affected
tests in shards that take equally long, and the affected images. ``test`` runs the tests of one of
these shards, which ``matrix`` has named. ``summary`` shows the gate's table where people look.
``verdict`` makes one answer of those of all jobs: what failed, was cancelled or was left out for no
reason, closes.

``matrix`` and ``summary`` give their answer to the service that they find themselves in: GitHub by
``GITHUB_OUTPUT`` and ``GITHUB_STEP_SUMMARY``, Azure by ``TF_BUILD``, which needs a name for each
job. Elsewhere they print what GitHub would get.

Exit code 1 when the answer is no, 2 when there is none.

Examples
--------
::

    cicd/build/ci.py trust --since origin/develop --fork true
    cicd/build/ci.py matrix --since origin/develop
    TESTS=libs/features:: cicd/build/ci.py test
    NEEDS='{"gate": {"result": "success"}}' cicd/build/ci.py verdict
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cicd.build.utils.shards import TIMES, read_times, shard

ROOT = Path(__file__).resolve().parents[2]
# What CI services read, and the templates that azure-pipelines.yml is made of.
SERVICES = (".github", "azure-pipelines.yml", "cicd/build/azure")
# A machine takes a minute to get ready: for fewer tests than this, another one is not worth it.
TESTS_PER_SHARD = 40
MOST_SHARDS = 8


class NoAnswerError(Exception):
    """What was asked can't be answered; says why, and what to do."""


def affected(root: Path, since: str) -> dict[str, Any]:
    """Return what ``cicd/build/affected --json`` tells.

    Raises
    ------
    SystemExit
        If it ended with an error, which it has told by then.
    """
    command: list[str | Path] = [root / "cicd/build/affected", "--since", since, "--json"]
    result = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(result.returncode)
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def trust(root: Path, since: str, fork: bool) -> int:
    """Say whether a pull request may go on."""
    command = ["git", "diff", "--name-only", f"{since}...HEAD", "--", *SERVICES]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if result.returncode:
        why = (result.stderr.strip() or "git says nothing").splitlines()[0]
        raise NoAnswerError(
            f"no difference between {since} and HEAD: {why}; fetch all of the history"
        )
    changed = result.stdout.split("\n")[:-1]
    if fork and changed:
        print(
            f"ci.py: closed: a pull request of a fork changes {', '.join(changed)}, which says what"
            " CI runs and with what rights; leave it out, or let its owner (see CODEOWNERS) read it"
            " and push it as a branch of this repository",
            file=sys.stderr,
        )
        return 1
    print(f"ci.py: open: {'workflows are changed here' if changed else 'no workflow is changed'}")
    return 0


def azure_name(job: dict[str, str]) -> str:
    """Return what Azure takes as the name of a job: a letter, then letters, digits and _."""
    kind, value = next(iter(job.items()))
    return re.sub(r"\W", "_", f"{kind}_{value}", flags=re.ASCII)[:100]


def matrix(root: Path, since: str) -> int:
    """Tell the CI service which shards and images there are."""
    told = affected(root, since)
    tests, times = told["tests"], read_times(root / TIMES)
    count = min(MOST_SHARDS, math.ceil(len(tests) / TESTS_PER_SHARD))
    shards = {f"{k}/{count}": shard(tests, k, count, times) for k in range(count)}
    jobs = {
        "shards": [{"shard": k, "tests": "\n".join(those)} for k, those in shards.items() if those],
        "images": [{"image": image} for image in sorted(told["images"])],
    }
    for name, variables in jobs.items():
        if "TF_BUILD" in os.environ:
            named = {azure_name(job): {k.upper(): v for k, v in job.items()} for job in variables}
            print(f"##vso[task.setvariable variable={name};isOutput=true]{json.dumps(named)}")
            continue
        line = f"{name}={json.dumps(variables)}"
        print(line)
        if output := os.environ.get("GITHUB_OUTPUT"):
            with open(output, "a") as stream:
                stream.write(f"{line}\n")
    return 0


def test(root: Path, tests: str) -> int:
    """Run the tests of a shard, an address a line, and return Pants' exit code."""
    if not tests.strip():
        raise NoAnswerError("TESTS names no test; it holds what `matrix` told of one shard")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as specs:
        specs.write(tests)
        specs.flush()
        command: list[str | Path] = [root / "pants", f"--spec-files={specs.name}", "test"]
        return subprocess.run(command, cwd=root).returncode


def summary(root: Path) -> int:
    """Show the table that the gate has left."""
    file = root / "dist" / "gate" / "summary.md"
    if not file.is_file():
        raise NoAnswerError(f"{file} is missing; the gate, cicd/build/build.sh, writes it")
    if "TF_BUILD" in os.environ:
        print(f"##vso[task.uploadsummary]{file.resolve()}")
    elif output := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(output, "a") as stream:
            stream.write(file.read_text())
    else:
        print(file.read_text(), end="")
    return 0


def verdict(needs: str, may_skip: list[str]) -> int:
    """Say whether all jobs that count are green, by GitHub's ``needs`` as JSON."""
    try:
        results = {job: told["result"] for job, told in json.loads(needs).items()}
    except (ValueError, AttributeError, KeyError, TypeError):
        raise NoAnswerError(
            "NEEDS is not the JSON of jobs and their results: toJSON(needs)"
        ) from None
    if not results:
        raise NoAnswerError("NEEDS names no job: nothing was looked at")
    closed = []
    for job, result in results.items():
        print(f"ci.py: {job}: {result}")
        if result != "success" and not (result == "skipped" and job in may_skip):
            closed.append(f"{job} ({result})")
    if closed:
        print(f"ci.py: closed: {', '.join(closed)}", file=sys.stderr)
        return 1
    print("ci.py: open: every job passed")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Answer one question and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="ci.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    questions = parser.add_subparsers(dest="question", required=True, metavar="QUESTION")
    for name, about in (
        ("trust", "may this pull request change what it changes?"),
        ("matrix", "which shards of tests, and which images, are there?"),
    ):
        question = questions.add_parser(name, help=about, description=about)
        question.add_argument(
            "--since", required=True, metavar="REF", help="the branch that is merged into"
        )
        if name == "trust":
            question.add_argument(
                "--fork",
                required=True,
                type=str.lower,
                choices=("true", "false"),
                help="whether the pull request comes from another repository",
            )
    about = "do the tests pass whose addresses are in the variable TESTS?"
    questions.add_parser("test", help=about, description=about)
    about = "what did the gate find?"
    questions.add_parser("summary", help=about, description=about)
    about = "are all jobs green, by the JSON in the variable NEEDS?"
    question = questions.add_parser("verdict", help=about, description=about)
    question.add_argument(
        "--may-skip", default="", metavar="JOB,JOB", help="jobs that may have had no work"
    )
    options = parser.parse_args(arguments)
    try:
        if options.question == "trust":
            return trust(options.root, options.since, options.fork == "true")
        if options.question == "matrix":
            return matrix(options.root, options.since)
        if options.question == "test":
            return test(options.root, os.environ.get("TESTS", ""))
        if options.question == "summary":
            return summary(options.root)
        return verdict(os.environ.get("NEEDS", ""), options.may_skip.split(","))
    except (NoAnswerError, OSError, ValueError) as error:
        print(f"ci.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
