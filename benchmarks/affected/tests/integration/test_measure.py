"""The generator makes a repository that Pants tests, and the benchmark knows a wrong answer."""

import re
import subprocess
from pathlib import Path

import pytest

from benchmarks.affected import generate_repo, measure
from benchmarks.affected.import_graph import make_graph
from benchmarks.affected.repo import Repo, fresh_number

# It answers as the real one does, but for one test of what many tests need.
WRONG = """#!/usr/bin/env python3
import json, subprocess, sys

asked = ["cicd/build/affected", *sys.argv[1:]]
answer = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
if len(answer["tests"]) > 10:
    del answer["tests"][0]
print(json.dumps(answer))
"""


def commit(folder: Path) -> str:
    command = ["git", "rev-parse", "HEAD"]
    ran = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout


def test_same_arguments_give_the_same_commit(tmp_path: Path) -> None:
    for name, seed in (("one", "1"), ("same", "1"), ("other", "2")):
        assert generate_repo.main(["--libs", "12", "--seed", seed, str(tmp_path / name)]) == 0

    assert commit(tmp_path / "one") == commit(tmp_path / "same")
    assert commit(tmp_path / "one") != commit(tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other", "same"]


def test_tests_are_green_until_a_number_changes(tmp_path: Path) -> None:
    """Plain pytest, of 12 libs: whoever computes with the number turns red, and no other."""
    libs = make_graph(12, 1)
    generate_repo.write_repo(libs, tmp_path)
    repo = Repo(tmp_path)

    assert repo.red() == set()
    with repo.changed("libs/product_011/src/ropewalk/product_011/errors.py", fresh_number()):
        red = repo.red()

    assert red
    assert all(path.startswith("libs/product_011/tests/") for path in red)


def test_a_wrong_answer_fails_the_benchmark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text(WRONG)
    wrong.chmod(0o755)

    code = measure.main(["--quick", "--program", str(wrong)])

    told = capsys.readouterr().out
    assert code == 1, told
    # Right answers hold, the wrong one doesn't: two verdicts for each of three changes.
    assert re.search(r"^5 hold, 1 do not", told, re.MULTILINE), told
    assert re.search(r"^FAILED .*: 1 of \d+ needed tests missed", told, re.MULTILINE), told
