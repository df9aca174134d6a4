"""Signatures of checkpoints. A scheme is one entry of `SCHEMES`: Ed25519 today; SM2 needs an entry with the same three functions."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Protocol

from lakeward.core.errors import MachineError

# Scheme of a checkpoint without a signature.
UNSIGNED = "none"
# Extra that brings the signatures, and the package that it needs.
EXTRA, PACKAGE = "protect", "cryptography"
# Hex digits of the id of a public key.
KEY_ID_DIGITS = 16


class SignatureScheme(Protocol):
    """A scheme of signatures; its keys are made from 32 secret bytes."""

    def public_key(self, seed: bytes) -> bytes:
        """The public key of a seed."""
        ...

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """Sign a message."""
        ...

    def verify(self, public_key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the signature is of this message by this key."""
        ...


class Ed25519:
    """Ed25519 (RFC 8032), by the package `cryptography`."""

    def public_key(self, seed: bytes) -> bytes:
        """The public key of a seed."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 -- an extra

        return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """Sign a message."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 -- an extra

        return Ed25519PrivateKey.from_private_bytes(seed).sign(message)

    def verify(self, public_key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the signature is of this message by this key."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 -- an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 -- an extra

        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


ED25519 = "ed25519"
SCHEMES: Mapping[str, SignatureScheme] = {ED25519: Ed25519()}


@dataclass(frozen=True, slots=True)
class SealKey:
    """A key that signs checkpoints.

    Args:
        seed: 32 secret bytes.
        scheme: Name of its scheme.
    """

    seed: bytes = field(repr=False)
    scheme: str = ED25519

    @property
    def public_key(self) -> str:
        """The public key, as hex digits."""
        return SCHEMES[self.scheme].public_key(self.seed).hex()

    def sign(self, message: bytes) -> str:
        """The signature of a message, as hex digits."""
        return SCHEMES[self.scheme].sign(self.seed, message).hex()


def make_seal_key(secret: bytes) -> SealKey:
    """The key of a project's secret, by a label of its own: no other key of the same secret is the same.

    Raises:
        MachineError: The extra that signs is not installed.
    """
    check_extra()
    return SealKey(hmac.new(secret, b"lakeward seal ed25519", hashlib.sha256).digest())


def public_key_id(public_key: str) -> str:
    """Id of a public key."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:KEY_ID_DIGITS]


def check_extra() -> None:
    """Check that signatures can be made and verified.

    Raises:
        MachineError: The extra is not installed.
    """
    if find_spec(PACKAGE) is None:
        raise MachineError("extra_missing", extra=EXTRA)


def is_signature(scheme: str, public_key: str, signature: str, message: bytes) -> bool:
    """Whether the signature is of this message by this key; hex digits that are none are no signature."""
    try:
        key, found = bytes.fromhex(public_key), bytes.fromhex(signature)
    except ValueError:
        return False
    return scheme in SCHEMES and SCHEMES[scheme].verify(key, found, message)
