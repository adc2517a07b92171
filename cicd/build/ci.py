#!/usr/bin/env python3
"""Answer what a CI service asks, so that its YAML holds no logic.

``trust`` closes for a pull request of a fork that changes what CI services read: those files say
what else runs, and with what rights. ``matrix`` tells what can be done side by side: the affected
tests in shards, and the affected images. ``test`` runs one of these shards. ``verdict`` makes one
answer of those of all jobs: what failed, was cancelled or was left out for no reason, closes.

``matrix`` gives its answer to the service that it finds itself in: GitHub by ``GITHUB_OUTPUT``,
Azure by ``TF_BUILD``, which needs a name for each job. Elsewhere it prints what GitHub would get.

Exit code 1 when the answer is no, 2 when there is none.

Examples
--------
::

    cicd/build/ci.py trust --since origin/develop --fork true
    cicd/build/ci.py matrix --since origin/develop
    cicd/build/ci.py test --since origin/develop --shard 0/3
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

ROOT = Path(__file__).resolve().parents[2]
# What CI services read, and the templates that azure-pipelines.yml is made of.
SERVICES = (".github", "azure-pipelines.yml", "cicd/build/azure")
# A machine takes a minute to get ready: for fewer tests than this, another one is not worth it.
TESTS_PER_SHARD = 40
MOST_SHARDS = 8


class NoAnswerError(Exception):
    """What was asked can't be answered; says why, and what to do."""


def affected(root: Path, since: str, *more: str) -> dict[str, Any]:
    """Return what ``cicd/build/affected --json`` tells.

    Raises
    ------
    SystemExit
        If it ended with an error, which it has told by then.
    """
    command: list[str | Path] = [root / "cicd/build/affected", "--since", since, "--json", *more]
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


def matrix(root: Path, since: str) -> int:
    """Tell the CI service which shards and images there are."""
    told = affected(root, since)
    count = min(MOST_SHARDS, math.ceil(len(told["tests"]) / TESTS_PER_SHARD))
    answers = {
        "shard": [f"{number}/{count}" for number in range(count)],
        "image": sorted(told["images"]),
    }
    for name, values in answers.items():
        if "TF_BUILD" in os.environ:
            jobs = {
                re.sub(r"\W", "_", f"{name}_{value}"): {name.upper(): value} for value in values
            }
            print(f"##vso[task.setvariable variable={name}s;isOutput=true]{json.dumps(jobs)}")
            continue
        line = f"{name}s={json.dumps(values)}"
        print(line)
        if output := os.environ.get("GITHUB_OUTPUT"):
            with open(output, "a") as stream:
                stream.write(f"{line}\n")
    return 0


def test(root: Path, since: str, shard: str) -> int:
    """Run the affected tests of one shard and return Pants' exit code."""
    tests = affected(root, since, "--shard", shard)["tests"]
    print(f"ci.py: shard {shard}: {len(tests)} targets", flush=True)
    if not tests:
        return 0
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as specs:
        specs.write("\n".join(tests))
        specs.flush()
        command: list[str | Path] = [root / "pants", f"--spec-files={specs.name}", "test"]
        return subprocess.run(command, cwd=root).returncode


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
        ("test", "do the affected tests of one shard pass?"),
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
        if name == "test":
            question.add_argument("--shard", required=True, metavar="K/N", help="as `matrix` says")
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
            return test(options.root, options.since, options.shard)
        return verdict(os.environ.get("NEEDS", ""), options.may_skip.split(","))
    except NoAnswerError as error:
        print(f"ci.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
