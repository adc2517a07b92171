import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ropewalk.predictor import run
from ropewalk.predictor.pipelines import predict, serve

Command = Callable[..., tuple[object, str, str]]


@pytest.fixture(autouse=True)
def _keep_signals() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Give what runs the command line and tells exit code, standard output and error."""

    def start(*arguments: str | Path) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["ropewalk-predictor", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run.main()
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return start


def test_a_file_is_predicted_and_told_with_what_comes_next(
    command: Command, workplace: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.csv"

    code, out, err = command(
        "predict", workplace / "ready.csv", "--bundle", workplace / "bundle", "--output", output
    )

    assert (code, err) == (0, "")
    assert out.startswith("predicted arr_delay in minutes for 300 rows\n")
    assert str(output) in out
    assert "serve" in out
    assert output.exists()


def test_the_summary_is_also_json(command: Command, workplace: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    options = ("--bundle", workplace / "bundle", "--output", output, "--keep", "flight", "--json")

    code, out, _ = command("predict", workplace / "ready.csv", *options)

    summary = json.loads(out)
    assert code == 0
    assert (summary["rows"], summary["output"]) == (300, str(output))
    assert len(summary["model"]["digest"]) == 64
    assert output.read_text().startswith('"flight","prediction"\n"0000",')


def test_options_can_come_from_the_environment(
    command: Command, workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROPEWALK_PREDICTOR_PREDICT_BUNDLE", str(workplace / "bundle"))
    monkeypatch.setenv("ROPEWALK_PREDICTOR_PREDICT_OUTPUT", str(tmp_path / "out.csv"))
    monkeypatch.setenv("ROPEWALK_PREDICTOR_PREDICT_JSON", "1")

    code, out, _ = command("predict", workplace / "ready.csv")

    assert code == 0
    assert json.loads(out)["rows"] == 300


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["predict"], "Missing argument 'SOURCE'; see ropewalk-predictor predict --help"),
        (["predikt"], "No such command 'predikt'"),
        (["predict", "a.csv", "--prot", "1"], "No such option '--prot'"),
        (["serve", "--port", "99999"], "Invalid value for '--port': 99999 is not in the range"),
        (["predict", "a.csv", "--bundle", "nowhere"], "nowhere: no bundle there; make one: ./pan"),
        (["predict", "a.csv", "--output", "a.xlsx"], "a.xlsx: no predictions can be written as"),
        (["predict", "a.yaml"], "a.yaml: no such file"),
        (["serve", "--host", "256.0.0.1"], "can't listen on 256.0.0.1, port 8080: "),
    ],
)
def test_what_the_user_can_put_right_is_one_line(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    code, out, err = command(*arguments)

    assert (code, out) == (2, "")
    assert err.startswith(f"predictor: {told}")
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_fault_of_our_own_is_not_hidden(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(serve, "serve", broken)

    with pytest.raises(RuntimeError, match="a fault"):
        command("serve")


def test_ctrl_c_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(predict, "predict", interrupted)

    code, out, err = command("predict", "a.csv")

    assert (code, out, err) == (130, "", "predictor: interrupted\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Predict with a model bundle."),
        (["--help"], "Predict with a model bundle."),
        (["predict", "--help"], "Example:"),
        (["serve", "--help"], "Example:"),
        (["serve", "--help"], "ROPEWALK_PREDICTOR_SERVE_PORT"),
        (["--version"], "ropewalk-predictor"),
    ],
)
def test_help_is_given(command: Command, arguments: list[str], told: str) -> None:
    code, out, err = command(*arguments)

    assert (code, err) == (0, "")
    assert told in out


@pytest.mark.parametrize(("arguments", "code"), [(["predict", "a.csv"], 143), (["serve"], 0)])
def test_sigterm_leaves_in_order(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    def terminated(*arguments: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(predict, "predict", terminated)
    monkeypatch.setattr(serve, "serve", terminated)

    assert command(*arguments) == (code, "", "")
