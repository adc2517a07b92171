import subprocess
from pathlib import Path

import pytest

from cicd.build.utils.owners import main

FILES = {
    "BUILD": '__defaults__(all=dict(tags=["team:platform"]))\n',
    "README.md": "",
    "docs/BUILD": "files(sources=['*.md'])\n",
    "docs/why.md": "",
    "libs/models/BUILD": 'lib(description="", team="modelling", third_party=[])\n',
    "libs/models/src/BUILD": "sources()\n",
    "libs/models/src/ropewalk/models/ols.py": "",
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert main(["--folder", str(tmp_path)]) == 0
    return tmp_path


def test_each_folder_has_the_team_of_its_build_file(repo: Path) -> None:
    assert (repo / "CODEOWNERS").read_text().splitlines()[1:] == [
        "/* @ropewalk/platform",
        "/docs/ @ropewalk/platform",
        "/libs/models/ @ropewalk/modelling",
    ]
    assert main(["--folder", str(repo), "--check"]) == 0


def test_red_when_stale(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = repo / "libs/models/BUILD"
    build.write_text(build.read_text().replace("modelling", "data-science"))

    assert main(["--folder", str(repo), "--check"]) == 1
    assert "CODEOWNERS is stale; run" in capsys.readouterr().err


def test_red_when_a_file_has_no_owner(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repo / "attic").mkdir()
    (repo / "attic" / "old.py").write_text("")

    assert main(["--folder", str(repo), "--check"]) == 1
    assert "attic/old.py has no owner" in capsys.readouterr().err


def test_red_when_a_folder_has_two_teams(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repo / "docs/BUILD").write_text('files(tags=["team:a"])\nfiles(name="b", tags=["team:b"])\n')

    assert main(["--folder", str(repo), "--check"]) == 1
    assert "docs/BUILD names a and b" in capsys.readouterr().err
