import subprocess
from pathlib import Path

import pytest

from cicd.build.utils import lint_formats
from cicd.build.utils.lint_formats import group, main, tracked


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("/dist/\n")
    return tmp_path


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for every tool: it refuses a file that says BAD."""
    folder = tmp_path_factory.mktemp("programs")
    for form in lint_formats.FORMATS:
        for command in (*form.check, *form.fix):
            program = folder / command[0]
            program.write_text('#!/bin/sh\nfor last; do :; done\necho looked at "$last"\n')
            with program.open("a") as script:
                script.write('! grep -q BAD "$last"\n')
            program.chmod(0o755)
    monkeypatch.setattr(lint_formats, "environment", lambda *names: folder)
    return folder


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("cicd/release/release.sh", "", "shell"),
        ("pants", "#!/usr/bin/env bash\n", "shell"),
        ("run", "#!/bin/sh\n", "shell"),
        ("apps/trainer/Dockerfile", "", "Dockerfile"),
        (".github/workflows/branch.yml", "", "GitHub workflow"),
        ("azure-pipelines.yml", "", "Azure pipeline"),
        ("flights.yml", "", "YAML"),
        ("pants.ci.toml", "", "TOML"),
        ("README.md", "", "Markdown"),
        ("notebooks/model_poc.ipynb", "", "notebook"),
        ("report.html.j2", "", "HTML"),
    ],
)
def test_each_format_is_recognised(repo: Path, name: str, text: str, form: str) -> None:
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_text(text)

    known, unknown = group(repo, [name])

    assert [found.name for found in known] == [form]
    assert not unknown


@pytest.mark.parametrize(
    "name", ["a.py", "BUILD", "flights.csv", "LICENCE", "3rdparty/python/tools/mypy.txt"]
)
def test_formats_without_a_tool_are_listed(repo: Path, name: str) -> None:
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_text("")

    assert group(repo, [name]) == ({}, [])


@pytest.mark.parametrize("name", ["Main.java", "notes.txt", "mystery"])
def test_red_for_a_format_that_nobody_checks(
    repo: Path, programs: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (repo / name).write_text("text\n")

    assert main(["--folder", str(repo)]) == 1
    assert f"{name}: no tool for this format" in capsys.readouterr().err


def test_red_when_a_tool_complains(
    repo: Path, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo / "a.toml").write_text("good\n")
    (repo / "b.md").write_text("BAD\n")

    assert main(["--folder", str(repo)]) == 1
    output = capsys.readouterr().out
    assert "FAILED  pymarkdown scan: 1 files\nlooked at b.md" in output
    assert "ok      taplo format" in output

    (repo / "b.md").write_text("good\n")
    assert main(["--folder", str(repo)]) == 0


def test_untracked_files_count_and_ignored_ones_do_not(repo: Path) -> None:
    (repo / "dist").mkdir()
    (repo / "dist" / "a.md").write_text("")
    (repo / "new.md").write_text("")
    (repo / "link.md").symlink_to("new.md")

    assert tracked(repo, []) == [".gitignore", "new.md"]


def test_unknown_path_is_one_line(
    repo: Path, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--folder", str(repo), "missing"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
