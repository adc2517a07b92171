"""A YAML file is read or refused in one line, and a wrong key is told with the right ones."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from ropewalk.data_loaders import ConfigurationError, parse, read_yaml


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds nothing"),
        ("- a", "holds a list"),
        ("a: [", "not valid YAML"),
        ("a: 1\na: 2", "key 'a' is given twice"),
        ("a: " + "x" * 1_000_001, "larger than"),
        ("a: {b: {c: 1, c: 2}}", "key 'c' is given twice"),
        ("a: \udcff", "not valid YAML"),
        ("a: 1\n[b]: 2", "not valid YAML"),
        ("[" * 50_000, "nested too deeply"),
        ("!!python/object/apply:os.system [ls]", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_configuration_is_told(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(content, errors="surrogateescape")

    with pytest.raises(ConfigurationError, match=told) as error:
        read_yaml(path)
    assert "\n" not in str(error.value)
    with pytest.raises(ConfigurationError, match="no such file"):
        read_yaml(tmp_path / "missing.yaml")


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read: Is a directory"):
        read_yaml(tmp_path)


def test_anchors_may_be_merged(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("base: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\n")

    assert read_yaml(path)["other"] == {"a": 1, "b": 3}


class Inner(BaseModel, extra="forbid"):
    number: int = 0
    choice: "Inner | None" = None


class Outer(BaseModel, extra="forbid"):
    named: dict[str, Inner] = {}
    listed: list[Inner] = []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"nmed": {}}, "unknown key 'nmed': did you mean 'named'"),
        ({"named": {"x": {"numbr": 1}}}, r"unknown key 'named\.x\.numbr': did you mean 'number'"),
        ({"listed": [{"numbr": 1}]}, r"'listed\.0\.numbr': did you mean 'number'"),
        ({"listed": [{"choice": {"numbr": 1}}]}, r"choice\.numbr': did you mean 'number'"),
        ({"listed": [{"number": "x"}]}, r"'listed\.0\.number': .*, given 'x'"),
        ({"listed": [{"number": "x"}, {"number": "y"}]}, r"\(1 more after this\)"),
    ],
)
def test_a_wrong_key_is_told_with_the_right_one(given: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"some.yaml: .*{told}"):
        parse(Outer, given, "some.yaml")


def test_a_day_that_is_in_no_calendar_is_told(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("test_from: 2013-02-30\n")

    with pytest.raises(ConfigurationError, match=r"some\.yaml: not valid YAML: day is out of"):
        read_yaml(path)
