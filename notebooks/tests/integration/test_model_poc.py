"""The proof of concept runs from top to bottom, and what it concludes holds."""

import json
import os
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOK = Path("notebooks/model_poc.ipynb")
TELL = "print(scores.to_json())"
WITH_WEATHER = "boosting, timetable + weather"


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Give the cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def read() -> NotebookNode:
    """Read the notebook as it is committed."""
    notebook: NotebookNode = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    """Run the notebook in a kernel, with one more cell that tells the scores."""
    home = tmp_path_factory.mktemp("home")
    notebook = read()
    tell = nbformat.v4.new_code_cell(TELL, id="tell")  # type: ignore[no-untyped-call]
    notebook.cells.append(tell)
    with pytest.MonkeyPatch.context() as patch:
        # The kernel is a process of its own: it finds what this one can import, wherever that is.
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        patch.setenv("OMP_NUM_THREADS", "1")
        # Nobody's own settings, and no kernel but the one of this Python.
        for name in ("JUPYTER_PATH", "MPLBACKEND"):
            patch.delenv(name, raising=False)
        for name in (
            "HOME",
            "IPYTHONDIR",
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
            "MPLCONFIGDIR",
        ):
            patch.setenv(name, str(home))
        NotebookClient(notebook, kernel_name="python3", timeout=300).execute()
    return notebook


@pytest.fixture(scope="module")
def scores(executed: NotebookNode) -> pd.DataFrame:
    """Give the scores that the notebook computed, a row a model."""
    [told] = code_cells(executed)[-1].outputs
    return pd.DataFrame(json.loads(told.text))


def test_the_committed_notebook_is_valid_and_holds_no_results() -> None:
    committed = read()

    cells = code_cells(committed)

    nbformat.validate(committed)
    assert cells
    assert [cell.id for cell in cells if cell.outputs] == []
    assert [cell.id for cell in cells if cell.execution_count is not None] == []


def test_every_cell_runs_in_order(executed: NotebookNode) -> None:
    cells = code_cells(executed)

    counts = [cell.execution_count for cell in cells]

    assert counts == list(range(1, len(cells) + 1))


def test_it_shows_plots_and_no_warnings(executed: NotebookNode) -> None:
    outputs = [output for cell in code_cells(executed) for output in cell.outputs]

    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    warnings = [output.text for output in outputs if output.get("name") == "stderr"]

    assert len(figures) >= 2
    assert warnings == []


def test_boosting_with_the_weather_beats_both_naive_models(scores: pd.DataFrame) -> None:
    naive = scores.loc[["naive mean", "naive median"], "rmse"]

    boosting = scores.loc[WITH_WEATHER, "rmse"]

    assert boosting < naive.min()


def test_the_timetable_alone_is_worse_than_the_mean(scores: pd.DataFrame) -> None:
    rmse = scores["rmse"]

    assert rmse["boosting, timetable"] > rmse["naive mean"]


def test_the_median_is_best_by_mae(scores: pd.DataFrame) -> None:
    assert scores["mae"].idxmin() == "naive median"
