"""The command line in a process of its own: signals, pipes, and how fast it says what it can."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

# Pants brings a module that a test imports, and these tests start it.
import ropewalk.predictor.run  # noqa: F401 (for Pants, see above)

Predictor = tuple[list[str], dict[str, str]]


def begins_to_write(process: "subprocess.Popen[str]", output: Path) -> None:
    """Wait until a process has written some of its output."""
    give_up = time.monotonic() + 60
    unfinished = f".{output.name}.unfinished-*"
    while not any(path.stat().st_size for path in output.parent.glob(unfinished)):
        assert process.poll() is None, "it ended"
        assert time.monotonic() < give_up, "it took too long"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def long_source(tmp_path_factory: pytest.TempPathFactory, ready: pd.DataFrame) -> Path:
    """Give rows that take some seconds to predict."""
    path = tmp_path_factory.mktemp("long") / "rows.parquet"
    pd.concat([ready] * 2_000, ignore_index=True).to_parquet(path)
    return path


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [
        (signal.SIGINT, 130, "predictor: interrupted\n"),
        (signal.SIGTERM, 143, ""),
    ],
)
def test_a_signal_in_the_middle_leaves_nothing_half_written(
    predictor: Predictor,
    workplace: Path,
    long_source: Path,
    tmp_path: Path,
    number: signal.Signals,
    code: int,
    told: str,
) -> None:
    command, environment = predictor
    (tmp_path / "out.csv").write_text("yesterday's")
    arguments = ["predict", long_source, "--bundle", workplace / "bundle", "--output", "out.csv"]

    with subprocess.Popen(
        [*command, *map(str, arguments)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        begins_to_write(process, tmp_path / "out.csv")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

    assert (process.returncode, out, err) == (code, "", told)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "yesterday's"


def test_a_killed_run_is_no_trouble_for_the_next(
    predictor: Predictor, workplace: Path, long_source: Path, tmp_path: Path
) -> None:
    command, environment = predictor
    options = ["--bundle", str(workplace / "bundle"), "--output", "out.csv"]

    with subprocess.Popen(
        [*command, "predict", str(long_source), *options], cwd=tmp_path, env=environment, text=True
    ) as process:
        begins_to_write(process, tmp_path / "out.csv")
        process.kill()
    killed = (tmp_path / "out.csv").exists()
    source = str(workplace / "ready.csv")
    subprocess.run(
        [*command, "predict", source, *options],
        cwd=tmp_path,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )

    assert not killed
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 301


def test_nobody_reading_is_no_error(predictor: Predictor, workplace: Path, tmp_path: Path) -> None:
    command, environment = predictor
    reading, writing = os.pipe()
    os.close(reading)
    arguments = [
        *("predict", str(workplace / "ready.csv"), "--bundle", str(workplace / "bundle")),
        *("--output", str(tmp_path / "out.csv")),
    ]

    ended = subprocess.run(
        [*command, *arguments],
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)

    assert (ended.returncode, ended.stderr) == (141, "")
    assert (tmp_path / "out.csv").exists()


def test_help_waits_for_no_heavy_import(predictor: Predictor) -> None:
    command, environment = predictor
    code = "import sys; sys.argv[1:] = ['serve', '--help']; " + command[-1].replace(
        "main()", "sys.exit = lambda code: print(code, sorted(sys.modules)); main()"
    )

    ended = subprocess.run(
        [*command[:-1], code], env=environment, capture_output=True, text=True, check=True
    )

    assert "ropewalk-predictor serve --port 8080" in ended.stdout
    for heavy in ("pandas", "numpy", "sklearn", "pyarrow", "uvicorn", "jsonschema"):
        assert f"'{heavy}'" not in ended.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="reads a process's peak from /proc")
def test_memory_does_not_grow_with_the_file(
    predictor: Predictor, workplace: Path, long_source: Path, tmp_path: Path
) -> None:
    command, environment = predictor
    # Not getrusage: it begins with what the parent had.
    code = command[-1].replace(
        "main()",
        "import sys; sys.exit = lambda code: print(*[line.split()[1] for line in "
        "open('/proc/self/status') if line.startswith('VmHWM')], file=sys.stderr); main()",
    )

    def peak(source: Path) -> int:
        options = ["--bundle", str(workplace / "bundle"), "--output", str(tmp_path / "out.csv")]
        ended = subprocess.run(
            [*command[:-1], code, "predict", str(source), *options],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return int(ended.stderr)

    short = tmp_path / "short.parquet"
    pd.read_parquet(long_source).head(200_000).to_parquet(short)

    kilobytes = peak(long_source) - peak(short)
    assert kilobytes < 40_000
