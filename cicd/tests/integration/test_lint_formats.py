"""The real tools: each format has a file that passes and one that turns the gate red."""

import json
import subprocess
from pathlib import Path

import pytest

from cicd.build.utils.lint_formats import FORMATS, main

SETTINGS = ("pyproject.toml", "taplo.toml", ".editorconfig", ".hadolint.yaml", ".yamllint")


def notebook(code: str, executed: int | None) -> str:
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": executed,
        "id": "first",
        "metadata": {},
        "outputs": [],
        "source": [code],
    }
    book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1) + "\n"


WORKFLOW = """\
name: Nightly
on:
  schedule:
    - cron: "0 3 * * *"
permissions: {}
concurrency: {group: nightly, cancel-in-progress: false}
jobs:
  all:
    name: All
    runs-on: ubuntu-24.04
    timeout-minutes: 60
    steps:
      - run: .ci/run "$REF"
        env: {REF: "${{ github.ref }}"}
"""
PIPELINE = """\
trigger: none
jobs:
  - job: all
    steps:
      - script: .ci/run
"""
SCHEMA = '{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}\n'
EXAMPLES = {
    "shell": ("a.sh", '#!/bin/bash\necho "$1"\n', "#!/bin/bash\necho $1\n"),
    "Dockerfile": ("Dockerfile", "FROM debian:12\nUSER app\n", "FROM debian:12\nRUN cd /tmp\n"),
    "GitHub workflow": (
        ".github/workflows/a.yml",
        WORKFLOW,
        WORKFLOW.replace("name: All", "nam: a"),
    ),
    "Azure pipeline": ("azure-pipelines.yml", PIPELINE, PIPELINE.replace("- job:", "- jobb:")),
    "YAML": ("a.yaml", "a: 1\nb: [1, 2]\n", "a: 1\na: 2\n"),
    "TOML": ("a.toml", "a = 1\n", "a=1\n"),
    "Markdown": ("a.md", "# Title\n\nText.\n", "# Title\n### Third\n"),
    "notebook": ("a.ipynb", notebook("print(1)", None), notebook("print(1)", 7)),
    "JSON schema": ("a.schema.json", SCHEMA, SCHEMA.replace('"object"', '"objekt"')),
    "HTML": ("a.html.j2", "<p>{{ text }}</p>\n", "<p>{{text}}</p>\n"),
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for name in SETTINGS:
        (tmp_path / name).write_text(Path(name).read_text())
    return tmp_path


def test_every_format_has_an_example() -> None:
    assert set(EXAMPLES) == {form.name for form in FORMATS}


@pytest.mark.parametrize("form", sorted(EXAMPLES))
def test_green_and_red(repo: Path, form: str, capfd: pytest.CaptureFixture[str]) -> None:
    name, good, bad = EXAMPLES[form]
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_text(good)
    assert main(["--folder", str(repo), name]) == 0, capfd.readouterr().out
    (repo / name).write_text(bad)
    assert main(["--folder", str(repo), name]) == 1, capfd.readouterr().out


@pytest.mark.parametrize(
    ("tool", "good", "bad"),
    [
        ("yamllint", "name: Nightly", "name:  Nightly"),
        ("check-jsonschema", "    timeout-minutes: 60\n", ""),
        ("actionlint", "github.ref", "github.reff"),
        ("actionlint", '"$REF"', "$REF"),  # shellcheck says so, which it calls
        ("zizmor", "permissions: {}", "permissions: write-all"),
        ("zizmor", '"$REF"', '"${{ github.ref }}"'),
        ("zizmor", "    steps:\n", "    steps:\n      - uses: actions/checkout@v7\n"),
    ],
)
def test_each_tool_for_workflows_turns_the_gate_red(
    repo: Path, tool: str, good: str, bad: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert good in WORKFLOW
    file = repo / ".github" / "workflows" / "nightly.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW.replace(good, bad))

    assert main(["--folder", str(repo), ".github"]) == 1
    assert f"FAILED  {tool} " in capfd.readouterr().out.replace(f"{tool}:", f"{tool} :")


@pytest.mark.parametrize("form", ["TOML", "notebook"])
def test_fix_mends(repo: Path, form: str) -> None:
    name, _, bad = EXAMPLES[form]
    (repo / name).write_text(bad)

    assert main(["--folder", str(repo), "--fix", name]) == 0
