"""Keys to sign bundles with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import OpenSSL  # noqa: F401 (brings cryptography)
import pytest
from cryptography.hazmat.primitives import serialization  # pants: no-infer-dep
from cryptography.hazmat.primitives.asymmetric import ec  # pants: no-infer-dep

Keys = tuple[Path, Path]


@pytest.fixture
def make_keys(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Keys]:
    """Make a private key that others can't read, and the public one that belongs to it."""

    def make(curve: ec.EllipticCurve | None = None, password: bytes = b"") -> Keys:
        key = ec.generate_private_key(curve or ec.SECP256R1())
        closed = serialization.BestAvailableEncryption(password) if password else None
        folder = tmp_path_factory.mktemp("keys")
        private, public = folder / "private.pem", folder / "public.pem"
        private.touch(mode=0o600)
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                closed or serialization.NoEncryption(),
            )
        )
        public.write_bytes(
            key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        return private, public

    return make


@pytest.fixture
def keys(make_keys: Callable[..., Keys]) -> Keys:
    """Give a private key and the public one that belongs to it."""
    return make_keys()
