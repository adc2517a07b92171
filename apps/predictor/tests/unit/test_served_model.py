import logging
import shutil
from pathlib import Path
from threading import Barrier, Thread

import model_signing  # noqa: F401 (signatures are verified with it)
import OpenSSL  # noqa: F401 (model_signing needs it)
import pytest

from ropewalk.models import Bundle, frame_to_rows
from ropewalk.predictor import served_model
from ropewalk.predictor.model import load_model
from ropewalk.predictor.served_model import Served, ServedModel


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ropewalk.predictor")


def test_a_bundle_that_appears_is_taken_after_a_second(
    workplace: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    model = ServedModel(tmp_path / "bundle", clock)

    before = model.take()
    shutil.copytree(workplace / "bundle", tmp_path / "bundle")
    clock.now += 0.9
    at_once = model.take()
    clock.now += 0.2
    later = model.take()

    assert (before, at_once, model.reason) == (None, None, "there is no model yet")
    assert later is not None
    assert later.bundle.target == "arr_delay"
    assert "no bundle there; make one" in caplog.messages[0]
    assert f"loaded, model {later.identity['digest']}" in caplog.messages[1]


def test_the_same_trouble_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    model = ServedModel(tmp_path / "bundle", clock)

    for _ in range(5):
        model.take()
        clock.now += 1
    (tmp_path / "bundle").mkdir()
    model.take()

    assert len(caplog.messages) == 2
    assert "manifest.json" in caplog.messages[1]
    assert model.reason == "the model can't be loaded; the server's log says why"


def test_a_damaged_bundle_is_not_taken_until_it_is_whole(
    workplace: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(workplace / "bundle", tmp_path / "bundle")
    card = tmp_path / "bundle" / "card.md"
    sound = card.read_bytes()
    card.write_bytes(sound.replace(b"model", b"Model"))
    clock = Clock()
    model = ServedModel(tmp_path / "bundle", clock)

    damaged = model.take()
    card.write_bytes(sound)
    clock.now += 1
    whole = model.take()

    assert damaged is None
    assert "card.md: its sha256 is not the one in manifest.json" in caplog.messages[0]
    assert "\n" not in caplog.messages[0]
    assert whole is not None


def test_what_nobody_foresaw_keeps_no_server_from_living(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(folder: Path, verifying_key: Path | None) -> Bundle:
        raise MemoryError

    monkeypatch.setattr(served_model, "load_model", broken)

    assert ServedModel(workplace / "bundle").take() is None
    assert caplog.messages == ["MemoryError"]


def test_nobody_waits_while_another_loads(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loading, go_on = Barrier(2), Barrier(2)

    def slow(folder: Path, verifying_key: Path | None) -> Bundle:
        loading.wait(10)
        go_on.wait(10)
        return load_model(folder)

    monkeypatch.setattr(served_model, "load_model", slow)
    model = ServedModel(workplace / "bundle")
    first = Thread(target=model.take)
    first.start()
    loading.wait(10)

    meanwhile = model.take()
    go_on.wait(10)
    first.join(10)

    assert meanwhile is None
    assert model.take() is not None


@pytest.mark.parametrize(
    ("moment", "fine"),
    [
        ("2013-10-01T05:00:00Z", True),
        ("2013-10-01T05:00:00.25+02:00", True),
        ("2013-10-01T05:00:00", False),
        ("2013-10-01", False),
        ("0001-01-01T00:00:00+01:00", False),
        ("9999-12-31T23:59:59-01:00", False),
        ("noon", False),
    ],
)
def test_a_moment_has_an_offset_and_a_place_in_utc(bundle: Bundle, moment: str, fine: bool) -> None:
    row = {**frame_to_rows(bundle.example)[0], "leaves_at": moment}

    errors = list(Served.of(bundle).rows.iter_errors(row))

    assert [error.validator for error in errors] == ([] if fine else ["format"])


def test_a_bundle_that_the_key_does_not_verify_is_not_served(
    workplace: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = workplace / "public.pem"
    key.write_text("-----BEGIN PUBLIC KEY-----\n")

    model = ServedModel(workplace / "bundle", verifying_key=key)

    assert model.take() is None
    assert "no public key" in caplog.text
