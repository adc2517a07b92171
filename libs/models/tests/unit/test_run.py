"""The command line of a store."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Protocol

import pandas as pd
import pytest

from ropewalk.models import TRUSTED_TYPES, ModelStore, OlsrRegressor, save_bundle
from ropewalk.models.run import cli, main


class Models(Protocol):
    """Run a command; give what it prints, which is one line on stderr where it fails."""

    def __call__(self, *arguments: str | Path, code: int = 0) -> str: ...


@pytest.fixture
def models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Models:
    monkeypatch.setenv("ROPEWALK_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("USER", "ann")
    monkeypatch.delenv("LOGNAME", raising=False)

    def run(*arguments: str | Path, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["ropewalk-models", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert ended.value.code == code, said.err
        if code != 2:
            return said.out
        assert said.out == ""
        assert said.err.startswith("models: ")
        assert said.err.count("\n") == 1
        return said.err

    return run


def save(place: Path, slope: float) -> Path:
    hours = pd.DataFrame({"hour": [6.0, 12.0, 18.0]})
    save_bundle(
        place,
        pipeline=OlsrRegressor().fit(hours, hours["hour"] * slope),
        preparation=None,
        input_schema={"properties": {"hour": {"x-dtype": "float64"}}},
        output_schema={"properties": {"delay": {"type": "number"}}},
        prediction_time="asked_at",
        metrics={"scores": {"rmse": slope}},
        lineage={"code": {"commit": f"commit-{slope}"}, "source": {"sha256": "data-1"}},
        card="# Delays",
        example=hours,
        trusted=TRUSTED_TYPES,
    )
    return place


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("bundles")
    return [save(folder / "one", 1.0), save(folder / "two", 2.0)]


@pytest.fixture
def store(tmp_path: Path, bundles: list[Path]) -> Path:
    place = tmp_path / "store"
    for bundle in bundles:
        ModelStore(place).publish(bundle, "delays", who="ann")
    ModelStore(place).promote("delays", 1, "production", why="first", who="ann")
    return place


def test_a_model_goes_to_production_and_back(models: Models, bundles: list[Path]) -> None:
    assert models("publish", bundles[0], "delays") == "published as delays/1\n"
    models("publish", bundles[1], "delays")
    models("promote", "delays/1", "production", "--why", "first")
    told = models("promote", "delays/2", "production", "--why", "better")
    assert told == "delays@production: 1 -> 2\n"
    told = models("rollback", "delays@production", "--why", "worse", "--json")

    assert json.loads(told) | {"when": ""} == {
        **{"number": 3, "from": 2, "to": 1, "who": "ann"},
        **{"when": "", "why": "worse", "rollback": True},
    }
    listed = json.loads(models("list", "--json"))
    assert [(one["version"], one["aliases"]) for one in listed] == [
        ("delays/1", ["production"]),
        ("delays/2", []),
    ]
    assert "delays/1 " in models("list", "delays")


def test_show_tells_where_a_production_model_comes_from(models: Models, store: Path) -> None:
    told = models("show", "delays@production")

    assert "code.commit = commit-1.0" in told
    assert "source.sha256 = data-1" in told
    assert "production: nothing -> 1 by ann: first" in told
    as_json = json.loads(models("show", "delays/1", "--json"))
    assert as_json["lineage"]["code"]["commit"] == "commit-1.0"
    assert as_json["history"][0]["why"] == "first"
    assert "no alias" in models("show", "delays/2")


def test_diff_tells_the_keys_that_differ(models: Models, store: Path) -> None:
    differ = json.loads(models("diff", "delays/1", "delays/2", "--json"))

    assert differ == {
        "lineage.code.commit": ["commit-1.0", "commit-2.0"],
        "metrics.scores.rmse": [1.0, 2.0],
    }
    told = models("diff", "delays/1", "delays/2")
    assert "metrics.scores.rmse\n  - 1.0\n  + 2.0\n" in told
    assert models("diff", "delays/1", "delays/1") == "no difference\n"


def test_verify_finds_what_was_changed(models: Models, store: Path) -> None:
    assert models("verify", "--all") == "delays/1: ok\ndelays/2: ok\n"
    next(store.rglob("card.md")).write_text("# Chance")  # as many bytes

    told = models("verify", "--all", "--json", code=1)

    faults = [one["fault"] for one in json.loads(told)]
    assert sum("card.md" in fault for fault in faults) == 1
    assert faults.count("") == 1


def test_fetch_gives_the_bundle_back(
    models: Models, store: Path, tmp_path: Path, bundles: list[Path]
) -> None:
    models("fetch", "delays@production", tmp_path / "back")

    for file in bundles[0].iterdir():
        assert (tmp_path / "back" / file.name).read_bytes() == file.read_bytes()


def test_gc_removes_what_nothing_points_to(models: Models, store: Path) -> None:
    assert models("gc") == "nothing to remove\n"
    assert "would remove delays/2" in models("gc", "--days", "0", "--dry-run")

    removed = json.loads(models("gc", "--days", "0", "--json"))

    assert removed["versions"] == ["delays/2"]
    assert [one["version"] for one in json.loads(models("list", "--json"))] == ["delays/1"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "delays@prod"], "delays@prod: no such alias; there are: production"),
        (["show", "delays/9"], "no such version"),
        (["show", "delays"], "such as delays@production or delays/3"),
        (["show", "../../x@a"], "../../x"),
        (["promote", "delays/1", "../../x", "--why", "a"], "alias"),
        (["promote", "delays/2", "production", "--why", "a", "--expected", "2"], "production"),
        (["rollback", "delays@production", "--why", "a"], "was at nothing before"),
        (["rollback", "delays", "--why", "a"], "write MODEL@ALIAS"),
        (["promote", "delays/1", "staging"], "Missing option '--why'"),
        (["verify"], "give versions to verify, or --all"),
        (["publish", "nowhere", "delays"], "nowhere"),
        (["list", "--store", "ftp://example/models"], "can't make a file by exactly one writer"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    models: Models, store: Path, arguments: list[str], told: str
) -> None:
    assert told in models(*arguments, code=2)


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_help_shows_an_example(name: str) -> None:
    assert f"Example:\n      ropewalk-models {name}" in str(cli.commands[name].help)
