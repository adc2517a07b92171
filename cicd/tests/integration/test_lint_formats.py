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


EXAMPLES = {
    "shell": ("a.sh", '#!/bin/bash\necho "$1"\n', "#!/bin/bash\necho $1\n"),
    "Dockerfile": ("Dockerfile", "FROM debian:12\nUSER app\n", "FROM debian:12\nRUN cd /tmp\n"),
    "YAML": ("a.yaml", "a: 1\nb: [1, 2]\n", "a: 1\na: 2\n"),
    "TOML": ("a.toml", "a = 1\n", "a=1\n"),
    "Markdown": ("a.md", "# Title\n\nText.\n", "# Title\n### Third\n"),
    "notebook": ("a.ipynb", notebook("print(1)", None), notebook("print(1)", 7)),
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
    (repo / name).write_text(good)
    assert main(["--folder", str(repo), name]) == 0, capfd.readouterr().out
    (repo / name).write_text(bad)
    assert main(["--folder", str(repo), name]) == 1, capfd.readouterr().out


@pytest.mark.parametrize("form", ["TOML", "notebook"])
def test_fix_mends(repo: Path, form: str) -> None:
    name, _, bad = EXAMPLES[form]
    (repo / name).write_text(bad)

    assert main(["--folder", str(repo), "--fix", name]) == 0
