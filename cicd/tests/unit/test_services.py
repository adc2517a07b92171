"""What GitHub Actions and Azure Pipelines read: calls of this repo's scripts, and no logic."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cicd.build.ci import SERVICES

WORKFLOWS = sorted(Path(".github/workflows").glob("*.yml"))
PIPELINES = [Path("azure-pipelines.yml"), *sorted(Path("cicd/build/azure").glob("*.yml"))]
# What starts a second command, or puts one's output, or a service's value, into a line.
LOGIC = re.compile(r"[;|&<>`\n]|\$\(|\$\{")


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def mappings(node: Any) -> Iterator[dict[Any, Any]]:
    """Yield every mapping of a document, steps among them."""
    if isinstance(node, dict):
        yield node
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from mappings(child)


def scripts(file: Path) -> list[str]:
    """Return what the steps of a file run, under any of the names that a service has for it."""
    names = ("run", "script", "bash", "pwsh", "powershell", "inlineScript")
    texts = (node[name] for node in mappings(read(file)) for name in names if name in node)
    return [text for text in texts if isinstance(text, str)]


def problem(script: str) -> str:
    """Return why a step is not one call of a script of this repo, or nothing."""
    if LOGIC.search(script.strip()):
        return "more than one call"
    program = Path(shlex.split(script)[0])
    if program.is_absolute() or ".." in program.parts or not program.is_file():
        return f"{program} is no file of this repo"
    return "" if os.access(program, os.X_OK) else f"{program} is not executable"


ALL = [(file, script) for file in (*WORKFLOWS, *PIPELINES) for script in scripts(file)]


def test_the_files_are_found() -> None:
    assert {"branch.yml", "nightly.yml", "release.yml", "wheels.yml"} <= {
        file.name for file in WORKFLOWS
    }
    assert len(ALL) > 12


@pytest.mark.parametrize(("file", "script"), ALL)
def test_each_step_is_one_call_of_a_script_of_this_repo(file: Path, script: str) -> None:
    assert problem(script) == ""


@pytest.mark.parametrize(
    "script",
    [
        "echo done",
        "cicd/build/nowhere.sh",
        "../ropewalk/pants test",
        "/bin/sh -c true",
        "cicd/README.md",
        "cicd/build/build.sh --all || true",
        "cicd/build/build.sh --all\ncicd/build/build.sh --all",
        "cicd/build/build.sh --since $(git merge-base HEAD origin/develop)",
        'cicd/build/build.sh --since "${{ github.base_ref }}"',
    ],
)
def test_logic_is_seen(script: str) -> None:
    assert problem(script)


@pytest.mark.parametrize(("file", "script"), [case for case in ALL if "cicd/" in case[1]])
def test_each_script_knows_the_arguments_that_it_gets(file: Path, script: str) -> None:
    program, *arguments = shlex.split(script)
    # A program of several commands has help for each.
    call = [sys.executable, program, arguments.pop(0)] if program.endswith(".py") else [program]

    helped = subprocess.run([*call, "--help"], capture_output=True, text=True)

    assert helped.returncode == 0, helped.stderr
    fixed = {argument.split("=")[0] for argument in arguments if not argument.startswith("$")}
    assert fixed <= set(re.findall(r"-*\w[\w-]*", helped.stdout))


def test_both_services_call_the_same_scripts() -> None:
    github = {script for file in WORKFLOWS for script in scripts(file)}
    azure = {script for file in PIPELINES for script in scripts(file)}

    assert azure < github
    assert github - azure == {
        "cicd/build/ci.py verdict --may-skip=tests,images",  # Azure itself makes one answer of all
        "cicd/release/release.sh plan",  # Azure checks out a commit; a release is pushed
        "cicd/release/release.sh apply --push=origin",  # to the branch that is checked out
    }


def test_what_a_person_may_start_is_a_command_of_the_release() -> None:
    # YAML 1.1 reads the key `on` as true.
    inputs = read(Path(".github/workflows/release.yml"))[True]["workflow_dispatch"]["inputs"]
    azure = read(PIPELINES[0])["parameters"][0]["values"]

    assert ["none", *inputs["command"]["options"]] == azure == ["none", "production", "rollback"]


@pytest.mark.parametrize("file", WORKFLOWS)
def test_rights_are_given_job_by_job_and_actions_are_pinned(file: Path) -> None:
    workflow = read(file)

    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())
    for line in re.findall(r"uses: (.+)", file.read_text()):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line)


@pytest.mark.parametrize("file", WORKFLOWS)
def test_the_history_is_there_and_the_token_is_not(file: Path) -> None:
    checkouts = [
        node["with"]
        for node in mappings(read(file))
        if str(node.get("uses")).startswith("actions/checkout@")
    ]

    assert checkouts
    assert all(given == {"fetch-depth": 0, "persist-credentials": False} for given in checkouts)


def test_a_pull_request_gets_no_secret_and_saves_no_cache() -> None:
    for file in WORKFLOWS:
        triggers = read(file)[True]
        assert not {"pull_request_target", "workflow_run"} & set(triggers)
        if "pull_request" in triggers:
            assert "secrets" not in file.read_text()
            caches = re.findall(r"actions/cache[\w/]*(?=@)", file.read_text())
            assert set(caches) == {"actions/cache/restore"}


def test_what_the_night_saves_is_what_the_day_restores() -> None:
    caches = {
        (node["with"]["path"], node["with"]["key"])
        for file in WORKFLOWS
        for node in mappings(read(file))
        if str(node.get("uses")).startswith("actions/cache/")
    }

    assert len(caches) == 1
    [(path, key)] = caches
    # Pants breaks on the one without the other.
    assert {"~/.cache/pants/lmdb_store", "~/.cache/pants/named_caches"} <= set(path.split())
    assert "3rdparty/python/**/*.lock" in key


def test_every_template_of_the_pipeline_is_used_and_there() -> None:
    used = {Path(node["template"]) for node in mappings(read(PIPELINES[0])) if "template" in node}

    assert used == set(PIPELINES[1:])


@pytest.mark.parametrize("file", [*WORKFLOWS, *PIPELINES])
def test_a_fork_may_change_none_of_these_files(file: Path) -> None:
    assert any(file.is_relative_to(folder) for folder in SERVICES)
