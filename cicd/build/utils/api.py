#!/usr/bin/env python3
"""Tell what the public API of a room has lost and won between two of its ``src`` folders.

Public is what a user can reach without an underscore: what the room's package lists in
``__all__``; where a package lists nothing, each name that its modules define. Methods and
attributes count, inherited ones too, and so do abstract methods whatever they are called: who
extends a class writes them. A thing is named by the path at which users find it, so what moves
behind an export has not changed.

A break is what can end a user's right program: something gone or of another kind; a parameter
gone, moved, required, or with another default; a base class gone; a new abstract method; a result
that may now be None. Other types are not compared: whether an annotation still fits is for the
type checker of whoever uses it.

The exit code is 0 whatever was found, and 2 when the folders can't be compared. ``--json`` prints
a list of ``{"kind": "break" or "new", "object": "ropewalk.features.Window", "what": "..."}``.

Examples
--------
::

    git archive ropewalk-features/v1.0.0 libs/features/src | tar -x -C before
    cicd/build/utils/api.py before/libs/features/src libs/features/src
"""

import argparse
import ast
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils.environments import enter

if __name__ == "__main__":
    enter("versions")
import griffe  # pants: no-infer-dep

# Bases that make parameters of a class's annotated attributes.
FIELDS = ("pydantic.BaseModel", "typing.TypedDict", "typing.NamedTuple")
# Python's own, which any class has without defining them.
INHERENT = {*dir(object), "__post_init__", "__slots__"} - {"__init__"}
BINDINGS = {"async": "asynchronous", "classmethod": "a class method", "staticmethod": "static"}


@dataclass(frozen=True, order=True)
class Change:
    """A public object that is not what it was."""

    kind: str
    object: str
    what: str


Surface: TypeAlias = dict[str, griffe.Object | None]


def package_of(src: Path) -> str:
    """Return the name of the one package in a ``src`` folder, all of whose sources parse.

    Raises
    ------
    ValueError
        If there is not one package, or a source is no Python.
    """
    packages = sorted((src / "ropewalk").glob("*/__init__.py"))
    if len(packages) != 1:
        found = f"{len(packages)} packages" if src.is_dir() else "nothing"
        raise ValueError(
            f"{src}/ropewalk holds {found}; name the src folder of one room, as libs/features/src"
        )
    for source in sorted(packages[0].parent.rglob("*.py")):
        try:
            ast.parse(source.read_bytes())
        except SyntaxError as error:
            place = f"{source}:{error.lineno}" if error.lineno else source
            raise ValueError(f"{place} is no Python: {error.msg}") from None
    return f"ropewalk.{packages[0].parent.name}"


def final(item: griffe.Object | griffe.Alias) -> griffe.Object | None:
    """Return the object behind a chain of imports, None if that is outside the package."""
    try:
        return item.final_target if item.is_alias else item
    except (griffe.AliasResolutionError, griffe.CyclicAliasError):
        return None


def member(module: griffe.Module, name: str) -> griffe.Object | None:
    """Return what a module calls by a name, None if that is outside the package.

    A module that is called like what it holds hides it from griffe: ``from .clip import clip``.
    """
    for _ in range(100):  # of a chain that goes in a circle nothing can be said
        path = module.imports.get(name, "")
        if path in ("", f"{module.path}.{name}"):
            return final(module.members[name])
        above, _, name = path.rpartition(".")
        try:
            module = final(module.modules_collection.get_member(above))
        except KeyError:
            return None
        if module is None or not module.is_module or name not in module.members:
            return None
    return None


def walk(
    path: str, item: griffe.Object | None, above: tuple[str, ...] = ()
) -> Iterator[tuple[str, griffe.Object | None]]:
    """Yield each public object from here on with its path, None for one from outside."""
    yield path, item
    if item is None or item.path in above:
        return
    found: dict[str, griffe.Object | None] = {}
    if item.is_module:
        names = item.exports
        if names is None:
            names = [name for name, inner in item.members.items() if inner.is_public]
        # A name that is not there is made when it is asked for.
        found = {
            str(name): member(item, str(name)) if str(name) in item.members else None
            for name in names
        }
    elif item.is_class:
        members = item.all_members.items()
        found = {
            name: final(inner) for name, inner in members if is_public_member(name, final(inner))
        }
    for name, inner in found.items():
        yield from walk(f"{path}.{name}", inner, (*above, item.path))


def is_public_member(name: str, item: griffe.Object | None) -> bool:
    """Tell whether users call or write this member of a class."""
    special = name.startswith("__") and name.endswith("__")
    if name in INHERENT:
        return False
    abstract = item is not None and "abstractmethod" in item.labels
    return special or abstract or not name.startswith("_")


def load(src: Path) -> Surface:
    """Return what the package in a ``src`` folder makes public."""
    loader = griffe.GriffeLoader(search_paths=[src], allow_inspection=False)
    package = package_of(src)
    loaded = loader.load(package, try_relative_path=False)
    loader.resolve_aliases(implicit=True, external=False)
    surface = dict(walk(package, loaded))
    for path, item in list(surface.items()):
        if item is not None and item.is_class and f"{path}.__init__" not in surface:
            made = fields(item)
            if made is not None:
                surface[f"{path}.__init__"] = made
    return surface


def bases(item: griffe.Class) -> Iterator[tuple[str, griffe.Class | None]]:
    """Yield the path of each ancestor with its class, None for one from outside."""
    for base in item.bases:
        path = base if isinstance(base, str) else base.canonical_path
        try:
            inner = final(item.modules_collection.get_member(path))
        except KeyError:
            inner = None
        yield path, inner
        if inner is not None and inner is not item:
            yield from bases(inner)


def fields(item: griffe.Class) -> griffe.Function | None:
    """Return the ``__init__`` that a model, a typed dictionary or a named tuple gets by itself."""
    family = next((path for path, _ in bases(item) if path in FIELDS), None)
    if family is None:
        return None
    by_place = griffe.ParameterKind.positional_or_keyword
    by_name = by_place if family == "typing.NamedTuple" else griffe.ParameterKind.keyword_only
    parameters = [griffe.Parameter("self", kind=by_place)]
    for field in map(final, item.all_members.values()):
        if field is None or not field.is_attribute or "property" in field.labels:
            continue
        if field.annotation is None or field.name.startswith("_"):
            continue
        optional = "NotRequired" in str(field.annotation) or item.keywords.get("total") == "False"
        parameters.append(
            griffe.Parameter(
                field.name,
                kind=by_name,
                default="absent" if optional else default_of(field.value),
            )
        )
    return griffe.Function("__init__", parameters=griffe.Parameters(*parameters), parent=item)


def default_of(value: griffe.Expr | str | None) -> str | None:
    """Return the default of a field, also of one described by pydantic's ``Field``."""
    if not isinstance(value, griffe.ExprCall) or value.canonical_path != "pydantic.Field":
        return None if value is None else str(value)
    for argument in value.arguments:
        if not isinstance(argument, griffe.ExprKeyword):
            return None if str(argument) == "..." else str(argument)
        if argument.name in ("default", "default_factory"):
            return str(argument.value)
    return None


def gives_none(annotation: griffe.Expr | str | None) -> bool:
    """Tell whether a result so annotated may be None."""
    if isinstance(annotation, griffe.Expr):
        annotation = annotation.modernize()
    if isinstance(annotation, griffe.ExprBinOp):
        return gives_none(annotation.left) or gives_none(annotation.right)
    return str(annotation) == "None"


def function_changes(old: griffe.Function, new: griffe.Function) -> Iterator[tuple[str, str, str]]:
    """Yield the parameter, if it is one, the kind of each change, and what it is."""
    for label, name in BINDINGS.items():
        if (label in old.labels) != (label in new.labels):
            yield "", "break", f"is {'now' if label in new.labels else 'no longer'} {name}"
    if old.returns is not None and gives_none(new.returns) and not gives_none(old.returns):
        yield "", "break", "may now return None"

    holders = []
    for function in (old, new):
        function.public = True
        holders.append(griffe.Module("holder"))
        holders[-1].members["function"] = function
    found = list(griffe.find_breaking_changes(*holders))
    kinds = {breakage.kind for breakage in found}
    kind = griffe.BreakageKind
    for breakage in found:
        before, after = breakage.old_value, breakage.new_value
        match breakage.kind:
            case kind.PARAMETER_REMOVED:
                yield before.name, "break", f"parameter `{before.name}` is gone"
            case kind.PARAMETER_CHANGED_REQUIRED:
                yield after.name, "break", f"parameter `{after.name}` is now required"
            case kind.PARAMETER_ADDED_REQUIRED:
                yield after.name, "break", f"parameter `{after.name}` is new and required"
            case kind.PARAMETER_CHANGED_KIND:
                yield after.name, "break", f"parameter `{after.name}` is now {after.kind.value}"
            case kind.PARAMETER_CHANGED_DEFAULT:
                told = f"`{after.name}` is now {after.default} by default, not {before.default}"
                yield after.name, "break", f"parameter {told}"
            # What follows a parameter that is gone or new has moved by that alone.
            case kind.PARAMETER_MOVED if not kinds & {
                kind.PARAMETER_REMOVED,
                kind.PARAMETER_ADDED_REQUIRED,
            }:
                yield after.name, "break", f"parameter `{after.name}` has moved"
    known = {parameter.name for parameter in old.parameters}
    for parameter in new.parameters:
        if parameter.name not in known and not parameter.required:
            yield parameter.name, "new", f"parameter `{parameter.name}` is new"


def ancestors(item: griffe.Class, surface: Surface) -> set[str]:
    """Return the ancestors that users can name: exported ones, and those from outside."""
    exported = {found.path: path for path, found in surface.items() if found is not None}
    return {
        path if inner is None else exported[inner.path]
        for path, inner in bases(item)
        if inner is None or inner.path in exported
    }


def maker(path: str, surface: Surface) -> griffe.Function:
    """Return the ``__init__`` of a class, one without parameters where it has none of its own."""
    made = surface.get(f"{path}.__init__")
    if made is not None and made.is_function:
        return made
    own = griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
    return griffe.Function("__init__", parameters=griffe.Parameters(own))


def object_changes(path: str, old: Surface, new: Surface) -> Iterator[Change]:
    """Yield how a public object of both versions changed, but for its members."""
    before, after = old[path], new[path]
    if before is None or after is None:
        return
    if before.kind is not after.kind:
        yield Change("break", path, f"{before.kind.value} turned into {after.kind.value}")
    elif before.is_function:
        for _, kind, what in function_changes(before, after):
            yield Change(kind, path, what)
    elif before.is_class:
        for base in ancestors(before, old) - ancestors(after, new):
            yield Change("break", path, f"class no longer inherits {base}")
        # How a class from outside is made is not known here.
        if f"{path}.__init__" in old or all(inner for _, inner in bases(before)):
            for name, kind, what in function_changes(maker(path, old), maker(path, new)):
                # A parameter that comes or goes with its attribute is told once, as that.
                told, other = (old, new) if kind == "break" else (new, old)
                if f"{path}.{name}" not in told or f"{path}.{name}" in other:
                    yield Change(kind, path, what)


def compare(old: Surface, new: Surface) -> list[Change]:
    """Return what the public objects of one version have lost and won in another."""
    changes = set()
    for path in old.keys() | new.keys():
        parent, _, name = path.rpartition(".")
        if name == "__init__":
            continue
        if path not in new:
            if parent in new:  # else its parent is told to be gone
                changes.add(Change("break", path, f"{word(old[path])} is gone"))
        elif path not in old:
            if parent in old:
                item = new[path]
                abstract = item is not None and "abstractmethod" in item.labels
                kind = "break" if abstract else "new"
                changes.add(Change(kind, path, f"{'abstract ' * abstract}{word(item)} is new"))
        else:
            changes.update(object_changes(path, old, new))
    return sorted(changes)


def word(item: griffe.Object | None) -> str:
    """Return what a person calls an object."""
    if item is None:
        return "name"
    return "method" if item.is_function and item.parent.is_class else str(item.kind.value)


def main() -> int:
    """Compare two folders and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path, help="src folder of the room as it was")
    parser.add_argument("new", type=Path, help="src folder of the room as it is")
    parser.add_argument("--json", action="store_true", help="print for machines")
    options = parser.parse_args()
    try:
        rooms = package_of(options.old), package_of(options.new)
        if rooms[0] != rooms[1]:
            raise ValueError(f"{rooms[0]} and {rooms[1]} are two rooms; name one room twice")
        changes = compare(load(options.old), load(options.new))
    except (OSError, ValueError) as error:
        print(f"api: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([asdict(change) for change in changes], indent=2))
    else:
        for change in changes:
            print(f"{change.kind:5}  {change.object}: {change.what}")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # who reads may stop reading, as head does
    sys.exit(main())
