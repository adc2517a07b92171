"""A YAML file into a frozen pydantic model, with errors that say which key and what instead."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from ropewalk.data_loaders.errors import ConfigurationError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)

MAX_BYTES = 1_000_000


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, of which YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen = set()
        for key, _ in node.value:
            # A key that is itself a list or a mapping is refused by the base class.
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"key '{key.value}' is given twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path) -> dict[str, object]:
    """Read a small YAML file that holds a mapping.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    ConfigurationError
        If there is no such file, or it is larger than a megabyte, not YAML or not a mapping.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file; give the path of a YAML file") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"{path}: larger than {MAX_BYTES:,} bytes: not a configuration")
    try:
        # The subclass is of SafeLoader, so nothing but plain data is ever made.
        # _UniqueKeyLoader is a SafeLoader.
        loaded = yaml.load(content, Loader=_UniqueKeyLoader)  # noqa: S506  # nosec B506
    # A day that is in no calendar is a ValueError of its own.
    except (yaml.YAMLError, ValueError) as error:
        told = " ".join(str(error).split())
        raise ConfigurationError(f"{path}: not valid YAML: {told}") from error
    except RecursionError:
        raise ConfigurationError(f"{path}: nested too deeply for a configuration") from None
    if not isinstance(loaded, dict):
        found = "nothing" if loaded is None else f"a {type(loaded).__name__}"
        raise ConfigurationError(f"{path}: must hold 'key: value' lines, holds {found}")
    return {str(key): value for key, value in loaded.items()}


def parse(model: type[Model], given: Mapping[str, object], where: str) -> Model:
    """Read a mapping into a model.

    Parameters
    ----------
    model : type
        A pydantic model class.
    given : mapping
        What to read.
    where : str
        Where it stands, the first words of an error.

    Returns
    -------
    BaseModel
        An instance of `model`.

    Raises
    ------
    ConfigurationError
        If a key is unknown or missing or a value is of the wrong kind: the first such, with
        the right names, and how many more there are.

    Examples
    --------
    >>> class Point(BaseModel, extra="forbid"):
    ...     x: int
    >>> parse(Point, {"x": 1}, "point.yaml")
    Point(x=1)
    >>> parse(Point, {"x": 1, "xx": 2}, "point.yaml")
    Traceback (most recent call last):
    ropewalk.data_loaders.errors.ConfigurationError: point.yaml: unknown key 'xx': ...
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        # A misspelt key shows as an unknown one and often as a missing one too: tell the first.
        faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        more = f" ({len(faults) - 1} more after this)" if len(faults) > 1 else ""
        place = [str(part) for part in faults[0]["loc"]]
        match faults[0]["type"]:
            case "extra_forbidden":
                names = list(_keys_at(TypeAdapter(model).json_schema(), place[:-1]))
                told = f"unknown key '{'.'.join(place)}': {did_you_mean(place[-1], names)}"
            case "missing":
                told = f"key '{'.'.join(place)}' is missing: add it"
            case _:
                told = f"'{'.'.join(place)}': {faults[0]['msg'].removeprefix('Value error, ')}"
                if isinstance(value := faults[0]["input"], str | int | float | bool):
                    told += f", given {value!r}"
                if not place:
                    told = told.removeprefix("'': ")
        raise ConfigurationError(f"{where}: {told}{more}") from error


def _keys_at(schema: dict[str, object], place: list[str]) -> Iterator[str]:
    """Give the keys that a JSON schema allows at a place: all of them where kinds differ."""
    definitions = schema.get("$defs", {})

    def step(node: object) -> Iterator[dict[str, object]]:
        if not isinstance(node, dict):
            return
        if isinstance(target := node.get("$ref"), str) and isinstance(definitions, dict):
            yield from step(definitions[target.rsplit("/", 1)[-1]])
        for choice in ("anyOf", "oneOf", "allOf"):
            for option in node.get(choice, []):
                yield from step(option)
        yield node

    nodes = list(step(schema))
    for part in place:
        inner: list[dict[str, object]] = []
        for node in nodes:
            properties = node.get("properties")
            fields = properties if isinstance(properties, dict) else {}
            if fields.get("kind", {}).get("const") == part:
                # A union's member is found by its kind, which pydantic puts into the place.
                inner.append(node)
            elif part in fields:
                inner += step(fields[part])
            else:
                inner += step(node.get("additionalProperties"))
                inner += step(node.get("items"))
        nodes = inner
    for node in nodes:
        properties = node.get("properties", {})
        if isinstance(properties, dict):
            yield from properties
