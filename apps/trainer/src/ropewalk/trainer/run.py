"""The command line: what it takes, and how its errors are told."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from ropewalk.trainer.configuration import TrainerConfig
    from ropewalk.trainer.pipelines.evaluate import Score
    from ropewalk.trainer.pipelines.train import Training

# One thread adds up in one order, so the model is the same on every machine; and on rows like the
# flights, more of them take longer as soon as anything else runs. A larger machine's user sets
# these before the start; they are read when numpy and scikit-learn are loaded.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

# What a shell would say of a program that was ended by SIGINT or SIGPIPE.
INTERRUPTED, BROKEN_PIPE = 130, 141
# Wide enough for a table where there is no terminal to ask.
WIDTH = 100


def _version() -> str:
    try:
        return version("ropewalk-trainer")
    except PackageNotFoundError:
        return "run from source"


_CONFIG = click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=Path("apps/trainer/flights.yaml"),
    show_default=True,
    show_envvar=True,
    help="What to train on, and which candidates: YAML.",
)
_SET = click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Replace a value of the configuration, such as seed=1. Can be repeated.",
)
_VERIFYING_KEY = click.option(
    "--verifying-key",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="ROPEWALK_VERIFYING_KEY",
    show_envvar=True,
    help="A public key, PEM: refuse a bundle that was not signed with its private one.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="ropewalk-trainer")
@click.pass_context
def cli(context: click.Context) -> None:
    """Train candidate models on earlier rows, judge them on later ones, and keep the best.

    Without a command it trains, as with: train.

    \b
    Example:
      ropewalk-trainer train --set choose_by=mae --output artifacts/by_mae
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    if context.invoked_subcommand is None:
        with train.make_context("train", [], parent=context) as inner:
            train.invoke(inner)


@cli.command()
@_CONFIG
@_SET
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    show_envvar=True,
    help="Where the bundle and the report go.  [default: artifacts/NAME, the configuration's name]",
)
@click.option(
    "--signing-key",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="ROPEWALK_SIGNING_KEY",
    show_envvar=True,
    help="A private key, PEM, to sign the bundle with.",
)
@click.option(
    "--store",
    metavar="URL",
    envvar="ROPEWALK_STORE",
    show_envvar=True,
    help="A store: publish the bundle there too, as NAME@candidate.",
)
@_JSON
def train(
    config: Path,
    overrides: tuple[str, ...],
    output: Path | None,
    signing_key: Path | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Fit every candidate, judge it on later rows, and save the best.

    Leaves a bundle (the model and all that belongs to it), a report for people, and rows to try
    the predictor on.

    \b
    Example:
      ropewalk-trainer train --config apps/trainer/flights.yaml --set test_from=2013-11-01
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    asked = _read(config, overrides)
    # Imported here, so that --help does not wait for pandas and scikit-learn.
    from ropewalk.trainer.pipelines.train import CANDIDATE, publish, save
    from ropewalk.trainer.pipelines.train import train as run

    folder = output or Path("artifacts") / asked.name
    with _progress() as on_step:
        training = run(asked, on_step)
        on_step("saving")
        results = save(training, folder, signing_key)
        version = publish(training, results, store) if store else None
    if as_json:
        told = {
            "rows": training.data.counts,
            "scores": [asdict(score) for score in training.scores],
            "winner": training.winner.name,
            "chosen_by": asked.choose_by,
            "coverage": asdict(training.coverage),
        }
        told |= {name: str(path) for name, path in vars(results).items()}
        told |= {"version": str(version)} if version else {}
        click.echo(json.dumps(told, indent=2))
        return
    _tell(training)
    predictor = "./pants run apps/predictor --" if Path("pants").exists() else "ropewalk-predictor"
    is_default = results.bundle == Path("artifacts/flights/bundle")
    bundle = "" if is_default else f" --bundle {results.bundle}"
    if version:
        click.echo(f"published as {version}, {asked.name}@{CANDIDATE} in {store}")
    click.echo(
        f"\nbundle  {results.bundle}\nreport  {results.report}\n\nnext\n"
        f"  {predictor} predict {results.rows_to_try}{bundle}\n"
        f"  {predictor} serve{bundle}"
    )


@cli.command()
@_CONFIG
@_SET
@click.option(
    "--bundle",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The bundle to judge.  [default: artifacts/NAME/bundle]",
)
@_VERIFYING_KEY
@_JSON
def evaluate(
    config: Path,
    overrides: tuple[str, ...],
    bundle: Path | None,
    verifying_key: Path | None,
    as_json: bool,
) -> None:
    """Judge a bundle on the test rows of a configuration, against its naive models.

    \b
    Example:
      ropewalk-trainer evaluate --bundle artifacts/flights/bundle --set test_from=2013-12-01
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    asked = _read(config, overrides)
    from ropewalk.trainer.pipelines.evaluate import evaluate as run

    with _progress() as on_step:
        on_step("judging")
        scores = run(asked, bundle or Path("artifacts") / asked.name / "bundle", verifying_key)
    if as_json:
        click.echo(json.dumps([asdict(score) for score in scores], indent=2))
    else:
        _print(_score_table(scores, asked.choose_by))


@cli.command()
def schema() -> None:
    """Print the JSON Schema of a configuration, for editors that complete and check YAML.

    \b
    Example:
      ropewalk-trainer schema > trainer.schema.json
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    from ropewalk.trainer.configuration import TrainerConfig

    click.echo(json.dumps(TrainerConfig.model_json_schema(), indent=2))


def _read(path: Path, overrides: tuple[str, ...]) -> "TrainerConfig":
    for override in overrides:
        if "=" not in override:
            raise click.UsageError(f"--set {override}: write KEY=VALUE")
    from ropewalk.trainer.configuration import read_config

    return read_config(path, dict(override.split("=", 1) for override in overrides))


@contextmanager
def _progress() -> "Iterator[Callable[[str], None]]":
    """Show what is being done, on a terminal only."""
    from rich.console import Console
    from rich.status import Status

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step: None
        return
    with Status("", console=console) as status:
        yield lambda step: status.update(f"{step} ...")


def _tell(training: "Training") -> None:
    data, config, winner = training.data, training.config, training.winner
    click.echo(f"{data.rows_read:,} rows read from {config.source}")
    for reason, count in data.dropped.items():
        click.echo(f"{count:,} dropped: {reason}")
    first, last = data.test[config.prediction_time].agg(["min", "max"])
    click.echo(
        f"{len(data.train):,} to learn from, {len(data.test):,} later ones to be judged on "
        f"({first:%Y-%m-%d} to {last:%Y-%m-%d})\n"
    )
    _print(_score_table(training.scores, config.choose_by))
    measure = config.choose_by.upper()
    error = getattr(winner, config.choose_by)
    gain = getattr(winner, f"{config.choose_by}_skill")
    if winner.is_baseline:
        click.echo(f"\n{winner.name} wins: no model has a smaller {measure} than {error:.2f}")
    else:
        click.echo(
            f"\n{winner.name} wins: the smallest {measure}, {error:.2f}, "
            f"{gain:.1f} % less than the best naive model's"
        )
    held, unit = training.coverage, data.schema.columns[config.target].unit
    click.echo(
        f"its {100 * held.level:g} % intervals held {100 * held.inside:.1f} % of the later rows, "
        f"{held.width:.1f}{f' {unit}' if unit else ''} wide on average"
    )


def _score_table(scores: "list[Score]", choose_by: str) -> "Table":
    from rich.table import Table

    best = min(scores, key=lambda score: getattr(score, choose_by))
    table = Table("model", box=None, pad_edge=False)
    for title in ("RMSE", "skill %", "MAE", "skill %"):
        table.add_column(title, justify="right")
    for score in scores:
        table.add_row(
            score.name,
            f"{score.rmse:.2f}",
            f"{score.rmse_skill:.1f}",
            f"{score.mae:.2f}",
            f"{score.mae_skill:.1f}",
            style="bold" if score is best else "dim" if score.is_baseline else "",
        )
    return table


def _print(table: "Table") -> None:
    from rich.console import Console

    console = Console()
    Console(width=None if console.is_terminal else WIDTH).print(table)


def main() -> None:
    """Run the command line; exit with 0, with 2 on what the user can put right, or as a shell."""
    code = 0
    try:
        # Not cli.main(), which has ways of its own to tell errors and interrupts.
        with cli.make_context(
            "ropewalk-trainer", sys.argv[1:], auto_envvar_prefix="ROPEWALK_TRAINER"
        ) as context:
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.UsageError as error:
        place = error.ctx.command_path if error.ctx else "ropewalk-trainer"
        code = _fail(f"{error.format_message().rstrip('.')}; see {place} --help", 2)
    except KeyboardInterrupt:
        code = _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Nobody reads: that is no error, but Python would make one of what is still unwritten.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    except OSError as error:
        # Of a rename, the second is the one that the user knows.
        place = error.filename2 or error.filename
        code = _fail(f"{place}: {error.strerror}; choose another --output", 2)
    except _user_errors() as error:
        code = _fail(str(error), 2)
    sys.exit(code)


def _user_errors() -> tuple[type[Exception], ...]:
    """Give what users can put right; by the time that one is raised, all of it is imported."""
    from ropewalk.data_loaders import DataLoaderError
    from ropewalk.features import FeatureError
    from ropewalk.models import ModelError
    from ropewalk.trainer.errors import TrainerError

    return (DataLoaderError, FeatureError, ModelError, TrainerError)


def _fail(told: str, code: int) -> int:
    click.echo(f"trainer: {' '.join(told.split())}", err=True)
    return code
