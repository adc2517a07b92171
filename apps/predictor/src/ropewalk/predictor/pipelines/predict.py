"""Predict every row of a source, and write the predictions to a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ropewalk.models import Bundle
from ropewalk.predictor.errors import PredictorError
from ropewalk.predictor.model import ask, identify, load_model
from ropewalk.predictor.output import check_output, write_table
from ropewalk.predictor.source import files_of, read_rows

PREDICTION = "prediction"


@dataclass(frozen=True)
class Summary:
    """What was predicted.

    Attributes
    ----------
    rows : int
        Rows of the source, each with a prediction.
    output : str
        Where the predictions are.
    model : dict
        Which model it was, as `ropewalk.predictor.model.identify` says it.
    """

    rows: int
    output: str
    model: dict[str, object]


def predict(
    source: Path,
    folder: Path,
    output: Path,
    keep: Sequence[str] = (),
    verifying_key: Path | None = None,
) -> Summary:
    """Predict every row of a source.

    Parameters
    ----------
    source : Path
        The rows, as `ropewalk.predictor.source.read_rows` takes them.
    folder : Path
        The bundle.
    output : Path
        A ``.csv`` or ``.parquet`` file: the columns kept, and ``prediction``, in the order of
        the source. It appears when all of it is written.
    keep : sequence of str
        Columns of the source to copy, to tell rows by.

    Returns
    -------
    Summary
        What was predicted.

    Raises
    ------
    DataLoaderError, ModelError, PredictorError
        If the source, the bundle or the output can't be used: what to do is in the message.
    """
    check_output(output)
    for file in files_of(source):
        if output.exists() and file.exists() and output.samefile(file):
            raise PredictorError(f"{output}: the source is read from it; choose another --output")
    if PREDICTION in keep:
        raise PredictorError(f"--keep {PREDICTION}: the predictions have this name; leave it out")
    bundle = load_model(folder, verifying_key)
    rows = write_table(output, _answers(source, bundle, keep))
    return Summary(rows, str(output), identify(bundle))


def _answers(source: Path, bundle: Bundle, keep: Sequence[str]) -> Iterator[pd.DataFrame]:
    kept = list(dict.fromkeys(keep))
    for chunk in read_rows(source, bundle, kept):
        yield chunk[kept].assign(**{PREDICTION: ask(bundle, chunk)})
