"""The command line of a store: what it takes, and how its errors are told."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from getpass import getuser
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ropewalk.models.store import ModelStore, Move, Version

# What a shell would say of a program that was ended by SIGINT or SIGPIPE.
INTERRUPTED, BROKEN_PIPE = 130, 141
# The parts of a bundle that tell where it comes from, and in what two may differ.
TOLD = ("input_schema", "output_schema", "metrics", "lineage")


def _version() -> str:
    try:
        return version("ropewalk-models")
    except PackageNotFoundError:
        return "run from source"


_STORE = click.option(
    "--store",
    metavar="URL",
    envvar="ROPEWALK_STORE",
    show_envvar=True,
    default="artifacts/store",
    show_default=True,
    help="The store: a folder, s3://, abfs://.",
)
_KEY = click.option(
    "--verifying-key",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="ROPEWALK_VERIFYING_KEY",
    show_envvar=True,
    help="A public key, PEM: refuse what was not signed with its private one.",
)
_WHY = click.option("--why", required=True, metavar="TEXT", help="Kept in the alias's history.")
_WHO = click.option(
    "--who", metavar="NAME", help="Kept in the history.  [default: the name of your account]"
)
_EXPECTED = click.option(
    "--expected",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    help="The version that the alias stood for when this was decided, 0 for none: if it no longer "
    "does, nothing is moved.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="ropewalk-models")
def cli() -> None:
    """Look after the versions of models in a store, and the aliases that stand for them.

    \b
    A version is written MODEL/NUMBER or MODEL@ALIAS, such as flights/3 or flights@production.

    \b
    Example:
      ropewalk-models show flights@production --store artifacts/store
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)


@cli.command("list")
@click.argument("model", required=False)
@_STORE
@_JSON
def list_versions(model: str | None, store: str, as_json: bool) -> None:
    """Tell which versions there are, and which aliases stand for them.

    \b
    Example:
      ropewalk-models list flights
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    place = _open(store)
    rows: list[dict[str, object]] = []
    standing: dict[str, list[str]] = {}
    for name in [model] if model else place.models():
        for alias in place.aliases(name):
            number = place.history(name, alias)[-1].to_version
            standing.setdefault(f"{name}/{number}", []).append(alias)
        rows += [
            {**_described(one), "aliases": standing.get(str(one), [])}
            for one in place.versions(name)
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        aliases = ", ".join(standing.get(str(row["version"]), []))
        click.echo(f"{row['version']:20} {row['when']}  {row['who']:12} {aliases}".rstrip())
    if not rows:
        click.echo(f"no versions{f' of {model}' if model else ''} in {store}")


@cli.command()
@click.argument("reference", metavar="VERSION")
@_STORE
@_KEY
@_JSON
def show(reference: str, store: str, verifying_key: Path | None, as_json: bool) -> None:
    """Tell where a version comes from: data, configuration, commit, packages, and who moved it.

    \b
    Example:
      ropewalk-models show flights@production
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    place = _open(store)
    found = place.resolve(reference)
    parts = _parts(place, found, verifying_key)
    history = [
        {"alias": alias, **move.told()}
        for alias in place.aliases(found.model)
        for move in place.history(found.model, alias)
        if found.number in (move.from_version, move.to_version)
    ]
    if as_json:
        told = {**_described(found), "history": history}
        told |= parts
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"{found}  sha256:{found.digest}\npublished {found.when} by {found.who}\n")
    for name in ("lineage", "metrics"):
        click.echo(name)
        for key, value in _leaves(parts[name]):
            click.echo(f"  {key} = {_short(value)}")
    click.echo("history" if history else "no alias ever stood for it")
    for step in history:
        before = step["from"] or "nothing"
        click.echo(
            f"  {step['when']}  {step['alias']}: {before} -> {step['to']}"
            f" by {step['who']}: {step['why']}"
        )


@cli.command()
@click.argument("first", metavar="VERSION")
@click.argument("second", metavar="OTHER")
@_STORE
@_KEY
@_JSON
def diff(first: str, second: str, store: str, verifying_key: Path | None, as_json: bool) -> None:
    """Tell in what two versions differ: schemas, metrics, configuration, lineage; key by key.

    \b
    Example:
      ropewalk-models diff flights@production flights@candidate
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    place = _open(store)
    before, after = (
        dict(_leaves(_parts(place, place.resolve(one), verifying_key))) for one in (first, second)
    )
    differ = {
        key: [before.get(key), after.get(key)]
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key) or (key in before) != (key in after)
    }
    if as_json:
        click.echo(json.dumps(differ, indent=2))
        return
    for key, (old, new) in differ.items():
        click.echo(f"{key}\n  - {_short(old)}\n  + {_short(new)}")
    if not differ:
        click.echo("no difference")


@cli.command()
@click.argument("references", metavar="[VERSION]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Verify every version of every model.")
@_STORE
@_KEY
@_JSON
def verify(
    references: tuple[str, ...],
    every: bool,
    store: str,
    verifying_key: Path | None,
    as_json: bool,
) -> None:
    """Verify the signature (with a key), manifest and hashes of versions; exit code 1 if one fails.

    No model is loaded: whoever loads one verifies all of this again, and replays its example.

    \b
    Example:
      ropewalk-models verify --all --verifying-key public.pem
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    from ropewalk.models import BundleError, StoreError

    if every == bool(references):
        raise click.UsageError("give versions to verify, or --all")
    place = _open(store)
    found = [place.resolve(one) for one in references]
    if every:
        found = list(chain.from_iterable(place.versions(name) for name in place.models()))
    faults = {}
    for one in found:
        try:
            place.verify(one, verifying_key)
            faults[str(one)] = ""
        except (BundleError, StoreError) as error:
            faults[str(one)] = " ".join(str(error).split())
    if as_json:
        click.echo(json.dumps([{"version": one, "fault": told} for one, told in faults.items()]))
    else:
        for name, told in faults.items():
            click.echo(f"{name}: {told or 'ok'}")
    if any(faults.values()):
        raise click.exceptions.Exit(1)


@cli.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("model")
@_STORE
@_KEY
@_WHO
@_JSON
def publish(
    bundle: Path, model: str, store: str, verifying_key: Path | None, who: str | None, as_json: bool
) -> None:
    """Publish BUNDLE, a folder or a single file, as the next version of MODEL.

    A bundle that is there already keeps its version.

    \b
    Example:
      ropewalk-models publish artifacts/flights/bundle flights
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    made = _open(store).publish(bundle, model, who=who or _user(), verifying_key=verifying_key)
    click.echo(json.dumps(_described(made)) if as_json else f"published as {made}")


@cli.command()
@click.argument("reference", metavar="VERSION")
@click.argument("folder", type=click.Path(path_type=Path))
@_STORE
@_KEY
def fetch(reference: str, folder: Path, store: str, verifying_key: Path | None) -> None:
    """Copy a version to FOLDER, once it is verified.

    \b
    Example:
      ropewalk-models fetch flights@production artifacts/flights/bundle
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    place = _open(store)
    found = place.resolve(reference)
    place.fetch(found, folder, verifying_key)
    click.echo(f"{found} is in {folder}")


@cli.command()
@click.argument("reference", metavar="VERSION")
@click.argument("alias")
@_STORE
@_WHY
@_WHO
@_EXPECTED
@_JSON
def promote(
    reference: str,
    alias: str,
    store: str,
    why: str,
    who: str | None,
    expected: int | None,
    as_json: bool,
) -> None:
    """Let ALIAS stand for a version, unless somebody else moves it meanwhile.

    \b
    Example:
      ropewalk-models promote flights@candidate staging --why "passed Integration"
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    place = _open(store)
    found = place.resolve(reference)
    move = place.promote(
        found.model, found.number, alias, why=why, who=who or _user(), expected=expected
    )
    _tell_move(f"{found.model}@{alias}", move, as_json)


@cli.command()
@click.argument("reference", metavar="MODEL@ALIAS")
@_STORE
@_WHY
@_WHO
@_EXPECTED
@_JSON
def rollback(
    reference: str, store: str, why: str, who: str | None, expected: int | None, as_json: bool
) -> None:
    """Move an alias back to the version that it stood for before.

    \b
    Example:
      ropewalk-models rollback flights@production --why "RMSE doubled since noon"
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    model, _, alias = reference.partition("@")
    if not alias:
        raise click.UsageError(f"'{reference}': write MODEL@ALIAS, such as flights@production")
    move = _open(store).rollback(model, alias, why=why, who=who or _user(), expected=expected)
    _tell_move(reference, move, as_json)


@cli.command()
@click.option(
    "--keep", type=int, default=10, show_default=True, help="Steps of each alias to honour."
)
@click.option(
    "--days", type=click.IntRange(min=0), default=7, show_default=True, help="Keep what is younger."
)
@click.option("--dry-run", is_flag=True, help="Remove nothing, only tell.")
@_STORE
@_WHO
@_JSON
def gc(keep: int, days: int, dry_run: bool, store: str, who: str | None, as_json: bool) -> None:
    """Remove versions that no alias points to or did lately, and what killed processes left.

    \b
    Example:
      ropewalk-models gc --dry-run
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    place = _open(store)
    found = place.gc(who=who or _user(), keep=keep, grace=timedelta(days=days), dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    word = "would remove" if dry_run else "removed"
    for name in (*found.versions, *found.bundles, *found.files):
        click.echo(f"{word} {name}")
    if not any(asdict(found).values()):
        click.echo("nothing to remove")


def _open(store: str) -> ModelStore:
    # Imported here, so that --help does not wait for pandas and scikit-learn.
    from ropewalk.models import ModelStore

    return ModelStore(store)


def _parts(
    place: ModelStore, found: Version, verifying_key: Path | None
) -> dict[str, Mapping[str, object]]:
    """Read what a version tells of itself, once all of it is verified."""
    with TemporaryDirectory() as folder:
        place.fetch(found, Path(folder) / "bundle", verifying_key)
        return {
            name: json.loads(Path(folder, "bundle", f"{name}.json").read_bytes()) for name in TOLD
        }


def _described(one: Version) -> dict[str, object]:
    return {"version": str(one), "digest": one.digest, "when": one.when, "who": one.who}


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Give each value that holds no mapping, by its dotted key."""
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        value = {str(number): item for number, item in enumerate(value)}
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 200 else f"{text[:197]}..."


def _tell_move(place: str, move: Move, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(move.told()))
    else:
        click.echo(f"{place}: {move.from_version or 'nothing'} -> {move.to_version}")


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError) as error:
        raise click.UsageError("this account has no name: give one with --who") from error


def main() -> None:
    """Run the command line; exit with 0, 1 if verify finds a fault, 2 on what one can put right."""
    code = 0
    try:
        # Not cli.main(), which has ways of its own to tell errors and interrupts.
        with cli.make_context("ropewalk-models", sys.argv[1:]) as context:
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.UsageError as error:
        place = error.ctx.command_path if error.ctx else "ropewalk-models"
        code = _fail(f"{error.format_message().rstrip('.')}; see {place} --help")
    except KeyboardInterrupt:
        code = _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Nobody reads: that is no error, but Python would make one of what is still unwritten.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    except _user_errors() as error:
        code = _fail(str(error))
    sys.exit(code)


def _user_errors() -> tuple[type[Exception], ...]:
    """Give what users can put right; by the time that one is raised, all of it is imported."""
    from ropewalk.models import ModelError

    return (ModelError,)


def _fail(told: str, code: int = 2) -> int:
    click.echo(f"models: {' '.join(told.split())}", err=True)
    return code
