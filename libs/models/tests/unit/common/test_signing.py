from __future__ import annotations

import json
import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_signing
import pytest
from cryptography.hazmat.primitives.asymmetric import ec  # pants: no-infer-dep

from ropewalk.models.common.signing import SIGNATURE, sign_folder, verify_signature
from ropewalk.models.errors import BundleError

Keys = tuple[Path, Path]


@pytest.fixture
def folder(tmp_path: Path, keys: Keys) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "card.md").write_bytes(b"A model.")
    (folder / "manifest.json").write_bytes(b"{}")
    sign_folder(folder, keys[0])
    return folder


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_takes_what_was_signed_by_the_key(
    tmp_path: Path, make_keys: Callable[..., Keys], curve: ec.EllipticCurve
) -> None:
    private, public = make_keys(curve)
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "card.md").touch()

    sign_folder(folder, private)
    verify_signature(folder, public)

    assert sorted(os.listdir(folder)) == ["card.md", SIGNATURE]


def test_others_can_verify_it_with_the_library_alone(folder: Path, keys: Keys) -> None:
    verifying = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=keys[1])

    verifying.verify(folder, folder / SIGNATURE)


def _change(folder: Path) -> None:
    (folder / "card.md").write_bytes(b"A modem.")


def _add(folder: Path) -> None:
    (folder / "card.md.orig").touch()


def _add_what_git_ignores(folder: Path) -> None:
    (folder / ".gitignore").touch()


def _take_away(folder: Path) -> None:
    (folder / "card.md").unlink()


@pytest.mark.parametrize(
    ("attack", "name"),
    [
        (_change, "card.md"),
        (_add, "card.md.orig"),
        (_add_what_git_ignores, ".gitignore"),
        (_take_away, "card.md"),
    ],
)
def test_refuses_what_was_not_signed(
    folder: Path, keys: Keys, attack: Callable[[Path], None], name: str
) -> None:
    attack(folder)

    with pytest.raises(BundleError, match=f"^{name}: is not what was signed: don't use"):
        verify_signature(folder, keys[1])


def test_refuses_what_a_signature_by_the_key_leaves_out(folder: Path, keys: Keys) -> None:
    # By the library's own ways, with which the owner of the key may have signed something.
    signing = model_signing.signing.Config().use_elliptic_key_signer(private_key=keys[0])
    hashing = model_signing.hashing.Config().set_ignored_paths(paths=["card.md", SIGNATURE])
    signing.set_hashing_config(hashing).sign(folder, folder / SIGNATURE)

    with pytest.raises(BundleError, match=r"^card\.md: is not signed: don't use"):
        verify_signature(folder, keys[1])


def test_refuses_a_signature_by_another_key(
    folder: Path, keys: Keys, make_keys: Callable[..., Keys]
) -> None:
    others = make_keys()
    (folder / SIGNATURE).unlink()
    sign_folder(folder, others[0])

    verify_signature(folder, others[1])
    with pytest.raises(BundleError, match=r"^model\.sig: is no signature by the key that belongs"):
        verify_signature(folder, keys[1])


def test_refuses_another_key_that_claims_to_be_this_one(
    folder: Path, keys: Keys, make_keys: Callable[..., Keys]
) -> None:
    hint = json.loads((folder / SIGNATURE).read_text())["verificationMaterial"]
    others = make_keys()
    (folder / SIGNATURE).unlink()
    sign_folder(folder, others[0])
    signature = json.loads((folder / SIGNATURE).read_text())
    (folder / SIGNATURE).write_text(json.dumps({**signature, "verificationMaterial": hint}))

    with pytest.raises(BundleError, match=r"^model\.sig: is no signature .*InvalidSignature"):
        verify_signature(folder, keys[1])


def _other_payload(signature: dict[str, Any]) -> None:
    payload = b64decode(signature["dsseEnvelope"]["payload"]).replace(b"card.md", b"card.me")
    signature["dsseEnvelope"]["payload"] = b64encode(payload).decode()


def _no_signatures(signature: dict[str, Any]) -> None:
    signature["dsseEnvelope"]["signatures"] = []


def _no_envelope(signature: dict[str, Any]) -> None:
    del signature["dsseEnvelope"]


@pytest.mark.parametrize("change", [_other_payload, _no_signatures, _no_envelope, dict.clear])
def test_refuses_a_signature_that_was_changed(
    folder: Path, keys: Keys, change: Callable[[dict[str, Any]], None]
) -> None:
    signature = json.loads((folder / SIGNATURE).read_text())
    change(signature)
    (folder / SIGNATURE).write_text(json.dumps(signature))

    with pytest.raises(BundleError, match=r"^model\.sig: is no signature by the key") as caught:
        verify_signature(folder, keys[1])

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_refuses_what_is_no_signature(folder: Path, keys: Keys, content: bytes) -> None:
    (folder / SIGNATURE).write_bytes(content)

    with pytest.raises(BundleError, match=r"^model\.sig: is no signature by the key"):
        verify_signature(folder, keys[1])


def test_refuses_what_is_not_signed(folder: Path, keys: Keys) -> None:
    (folder / SIGNATURE).unlink()

    with pytest.raises(BundleError, match=r"^model\.sig: missing, and .*public\.pem is to verify"):
        verify_signature(folder, keys[1])


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (None, 0o600, r"can't be read \(No such file or directory\)"),
        # pragma: allowlist nextline secret (a key's frame, with no key in it)
        (f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n".encode(), 0o600, "is no {kind} key in PEM"),
        (SECRET.encode(), 0o600, "is no {kind} key in PEM"),
        (SECRET.encode() * 10_000, 0o600, "is no file of a key"),
        (SECRET.encode(), 0o606, "others can {can} it: chmod 6"),
    ],
)
@pytest.mark.parametrize("kind", ["private", "public"])
def test_tells_in_one_line_what_is_wrong_with_a_key_and_nothing_of_it(
    folder: Path, tmp_path: Path, content: bytes | None, mode: int, told: str, kind: str
) -> None:
    key = tmp_path / "key.pem"
    if content is not None:
        key.write_bytes(content)
        key.chmod(mode)
    use, what, can = {
        "private": (sign_folder, "signing", "read"),
        "public": (verify_signature, "verifying", "change"),
    }[kind]

    with pytest.raises(BundleError, match=told.format(kind=kind, can=can)) as caught:
        use(folder, key)

    assert str(caught.value).startswith(f"{what} key {key}: ")
    assert "\n" not in str(caught.value)
    assert SECRET not in repr(caught.value) + repr(caught.value.__cause__)


def test_refuses_a_key_that_is_no_file(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for place in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(BundleError, match="is no file of a key"):
            verify_signature(folder, place)


def test_refuses_the_wrong_half_another_curve_and_a_key_with_a_password(
    folder: Path, keys: Keys, make_keys: Callable[..., Keys]
) -> None:
    other, _ = make_keys(ec.SECP256K1())
    closed, _ = make_keys(password=b"secret")
    keys[1].chmod(0o600)

    for key in (keys[1], other, closed):
        with pytest.raises(BundleError, match="is no private key in PEM without a password"):
            sign_folder(folder, key)
    with pytest.raises(BundleError, match="is no public key in PEM"):
        verify_signature(folder, keys[0])


def test_tells_what_to_install(folder: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "model_signing", None)

    for use, key in [(sign_folder, keys[0]), (verify_signature, keys[1])]:
        with pytest.raises(BundleError, match=r"pip install ropewalk-models\[signing\]$"):
            use(folder, key)
