"""The command line: what it takes, and how its errors are told."""

import json
import os
import signal
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType

import click

# What a shell would say of a program that was ended by SIGINT, SIGPIPE or SIGTERM.
INTERRUPTED, BROKEN_PIPE, TERMINATED = 130, 141, 143

DEFAULT_BUNDLE = Path("artifacts/flights/bundle")

_BUNDLE = click.option(
    "--bundle",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=DEFAULT_BUNDLE,
    show_default=True,
    show_envvar=True,
    help="The model, as the trainer made it.",
)
_VERIFYING_KEY = click.option(
    "--verifying-key",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="ROPEWALK_VERIFYING_KEY",
    show_envvar=True,
    help="A public key, PEM: refuse a bundle that was not signed with its private one.",
)


def _version() -> str:
    try:
        return version("ropewalk-predictor")
    except PackageNotFoundError:
        return "run from source"


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="ropewalk-predictor")
@click.pass_context
def cli(context: click.Context) -> None:
    """Predict with a model bundle.

    Either all rows of a file at once (predict), or one request after another over HTTP (serve).
    Each option can be given as an environment variable too.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command()
@click.argument("source", type=click.Path(path_type=Path))
@_BUNDLE
@_VERIFYING_KEY
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=Path("predictions.csv"),
    show_default=True,
    show_envvar=True,
    help="Where predictions go: .csv or .parquet. It appears when all of it is written.",
)
@click.option(
    "--keep",
    metavar="COLUMN",
    multiple=True,
    show_envvar=True,
    help="Copy this column of SOURCE beside the predictions. Can be repeated.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    envvar="ROPEWALK_PREDICTOR_PREDICT_JSON",
    show_envvar=True,
    help="Print the summary as JSON.",
)
def predict(
    source: Path,
    bundle: Path,
    verifying_key: Path | None,
    output: Path,
    keep: tuple[str, ...],
    as_json: bool,
) -> None:
    """Predict every row of SOURCE.

    SOURCE is a .csv or .parquet file with the model's input columns, or a .yaml file that
    describes raw rows: the columns that these lack are then made from all of them. The output has
    a column named prediction, its rows in the order of SOURCE.

    \b
    Example:
      ropewalk-predictor predict artifacts/flights/predict_me.csv --output predictions.csv
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    # Not the system's own end: leaving in order, it removes what is half-written.
    _on_sigterm(TERMINATED)
    # Imported here, so that --help does not wait for pandas and scikit-learn.
    from ropewalk.predictor.pipelines.predict import predict as run

    summary = run(source, bundle, output, keep, verifying_key)
    if as_json:
        click.echo(json.dumps(asdict(summary)))
        return
    model = summary.model
    unit = f" in {model['unit']}" if model["unit"] else ""
    name = f"{model['name']}, " if model["name"] else ""
    command = "./pants run apps/predictor --" if Path("pants").exists() else "ropewalk-predictor"
    chosen = "" if bundle == DEFAULT_BUNDLE else f" --bundle {bundle}"
    click.echo(
        f"predicted {model['target']}{unit} for {summary.rows:,} rows\n\n"
        f"predictions  {summary.output}\n"
        f"model        {name}sha256 {model['digest']}\n\n"
        f"next\n  {command} serve{chosen}"
    )


@cli.command()
@_BUNDLE
@_VERIFYING_KEY
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    show_envvar=True,
    help="The address to listen on; 0.0.0.0 for every address of this machine.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    show_envvar=True,
    help="The port to listen on; 0 for a free one.",
)
def serve(bundle: Path, verifying_key: Path | None, host: str, port: int) -> None:
    """Answer requests over HTTP.

    It starts without a model too, and serves one as soon as it is there. A model that it has, it
    keeps until it ends. SIGTERM lets it finish what it has begun.

    \b
    Example:
      ropewalk-predictor serve --port 8080
      curl -s http://127.0.0.1:8080/example |
        curl -s http://127.0.0.1:8080/predict -H 'Content-Type: application/json' -d @-
    """  # noqa: D301 (click's own \b, which a raw text would hide from it)
    _on_sigterm(0)
    from ropewalk.predictor.pipelines.serve import serve as run

    run(bundle, host, port, verifying_key)


def main() -> None:
    """Run the command line; exit with 0, with 2 on what the user can put right, or as a shell."""
    code = 0
    try:
        # Not cli.main(), which has ways of its own to tell errors and interrupts.
        with cli.make_context(
            "ropewalk-predictor", sys.argv[1:], auto_envvar_prefix="ROPEWALK_PREDICTOR"
        ) as context:
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.UsageError as error:
        told = error.format_message()
        code = _fail(f"{told.rstrip('.')}; see {_help(error)}", 2)
    except KeyboardInterrupt:
        code = _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Nobody reads: that is no error, but Python would make one of what is still unwritten.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    except _user_errors() as error:
        code = _fail(str(error), 2)
    sys.exit(code)


def _user_errors() -> tuple[type[Exception], ...]:
    """Give what users can put right; by the time that one is raised, all of it is imported."""
    from ropewalk.data_loaders import DataLoaderError
    from ropewalk.features import FeatureError
    from ropewalk.models import ModelError
    from ropewalk.predictor.errors import PredictorError

    return (DataLoaderError, FeatureError, ModelError, PredictorError)


def _help(error: click.UsageError) -> str:
    return f"{error.ctx.command_path if error.ctx else 'ropewalk-predictor'} --help"


def _fail(told: str, code: int) -> int:
    click.echo(f"predictor: {' '.join(told.split())}", err=True)
    return code


def _on_sigterm(code: int) -> None:
    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(code)

    signal.signal(signal.SIGTERM, leave)
