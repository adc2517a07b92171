"""Who made a bundle: a signature over all of its files, with a key of elliptic curves.

References
----------
The OpenSSF model signing format, of which `model.sig` is one: https://github.com/ossf/model-signing-spec
"""

from __future__ import annotations

import json
import os
import stat
from base64 import b64decode
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ropewalk.models.common.manifest import StoredFile
from ropewalk.models.errors import BundleError, reason

if TYPE_CHECKING:
    from model_signing.hashing import Config  # pants: no-infer-dep

SIGNATURE = "model.sig"
_MAX_KEY_BYTES = 64 * 1024


def sign_folder(folder: Path, signing_key: Path) -> None:
    """Sign all files of a folder, and leave the signature among them.

    Parameters
    ----------
    folder : Path
        The files, and no others.
    signing_key : Path
        A private key of the curve P-256, P-384 or P-521, in PEM, without a password, that others
        can't read.

    Raises
    ------
    BundleError
        If the key is no such key, or the extra `signing` is not installed.

    Examples
    --------
    >>> sign_folder(Path("bundle"), Path("no/such/key.pem"))
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.BundleError: signing key no/such/key.pem: can't be read (...): ...
    """
    _check_key("signing key", signing_key, forbidden=stat.S_IRWXO | stat.S_IWGRP)
    signing = _library().signing.Config()
    try:
        signing.use_elliptic_key_signer(private_key=signing_key)
    except Exception as error:  # Whatever the key makes the library raise.
        raise BundleError(
            f"signing key {signing_key}: is no private key in PEM without a password, of the curve"
            " P-256, P-384 or P-521: make one with openssl ecparam -genkey -noout -name prime256v1"
        ) from error
    signing.set_hashing_config(_hashing()).sign(folder, folder / SIGNATURE)


def verify_signature(folder: Path, verifying_key: Path) -> None:
    """Refuse files that were not signed with a key, before any other byte of them is parsed.

    Parameters
    ----------
    folder : Path
        The files, where nobody else can change them.
    verifying_key : Path
        The public key, in PEM, that belongs to the private one with which they must be signed.

    Raises
    ------
    BundleError
        If there is no signature, it is by another key or of other files, or the key or the extra
        `signing` is missing.

    Examples
    --------
    >>> verify_signature(Path("bundle"), Path("no/such/key.pem"))
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.BundleError: verifying key no/such/key.pem: can't be read (...): ...
    """
    _check_key("verifying key", verifying_key, forbidden=stat.S_IWOTH)
    verifying = _library().verifying.Config()
    try:
        verifying.use_elliptic_key_verifier(public_key=verifying_key)
    except Exception as error:  # Whatever the key makes the library raise.
        raise BundleError(
            f"verifying key {verifying_key}: is no public key in PEM of the curve P-256, P-384 or"
            " P-521: make it of the private one with openssl ec -pubout"
        ) from error
    if not (folder / SIGNATURE).exists():
        raise BundleError(
            f"{SIGNATURE}: missing, and {verifying_key} is to verify it: sign the bundle, or don't"
            " use it"
        )
    try:
        verifying.set_hashing_config(_hashing()).verify(folder, folder / SIGNATURE)
        signed = _signed(folder)
    except Exception as error:  # Whatever the file makes the library raise.
        if str(error).startswith("Signature mismatch"):  # So it is by that key.
            raise BundleError(
                f"{_changed(folder)}: is not what was signed: don't use this bundle"
            ) from error
        raise BundleError(
            f"{SIGNATURE}: is no signature by the key that belongs to {verifying_key}"
            f" ({reason(error)}): don't use this bundle"
        ) from error
    for path in folder.iterdir():
        # A signature may say itself what it leaves out.
        if path.name not in {SIGNATURE, *signed}:
            raise BundleError(f"{path.name}: is not signed: don't use this bundle")


def _signed(folder: Path) -> dict[str, str]:
    """Give the hash of each file that the signature is about."""
    envelope = json.loads((folder / SIGNATURE).read_bytes())["dsseEnvelope"]
    resources = json.loads(b64decode(envelope["payload"]))["predicate"]["resources"]
    return {entry["name"]: entry["digest"] for entry in resources}


def _changed(folder: Path) -> str:
    """Name the files that were added, changed or taken away."""
    found = {path.name: StoredFile.of(path).sha256 for path in folder.iterdir()}
    del found[SIGNATURE]
    return ", ".join(sorted({name for name, _ in found.items() ^ _signed(folder).items()}))


def _check_key(what: str, path: Path, forbidden: int) -> None:
    try:
        found = os.stat(path)
        is_key = stat.S_ISREG(found.st_mode) and found.st_size <= _MAX_KEY_BYTES
        with open(path if is_key else os.devnull, "rb"):
            pass
    except OSError as error:
        raise BundleError(
            f"{what} {path}: can't be read ({error.strerror}): name a file in PEM"
        ) from error
    if not is_key:
        raise BundleError(f"{what} {path}: is no file of a key: name a file in PEM")
    if found.st_mode & forbidden:
        can, mode = ("read", "600") if forbidden & stat.S_IROTH else ("change", "644")
        raise BundleError(f"{what} {path}: others can {can} it: chmod {mode} {path}")


def _hashing() -> Config:
    # Not even what belongs to git is left out, only the signature itself.
    config: Config = _library().hashing.Config().use_file_serialization(max_workers=1)
    return config.set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)


def _library() -> ModuleType:
    """Import what few need, and what takes half a second."""
    try:
        import model_signing  # pants: no-infer-dep
    except ImportError as error:
        raise BundleError(
            "keys need packages that are not installed: pip install ropewalk-models[signing]"
        ) from error
    return model_signing
