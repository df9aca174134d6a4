"""Signatures of checkpoints: Ed25519, or SM2 where the rules of commercial cryptography (商用密码) ask for it. One entry of `SCHEMES` each."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Protocol

from lakeward.core.errors import MachineError

# Scheme of a checkpoint without a signature.
UNSIGNED = "none"
# Order of the group of SM2 (GB/T 32918.5-2017), and the id of a signer where two parties agreed on none (GM/T 0009-2012 §10).
SM2_ORDER = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
SM2_SIGNER = b"1234567812345678"
# Bytes of each half of a signature, and of a coordinate.
SM2_BYTES = 32
# First byte of a public key that holds both coordinates.
SM2_UNCOMPRESSED = 4
# Hex digits of the id of a public key.
KEY_ID_DIGITS = 16


class SignatureScheme(Protocol):
    """A scheme of signatures; its keys are made from 32 secret bytes.

    Attributes:
        extra: Extra that brings it.
        package: Package that it needs.
    """

    extra: str
    package: str

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

    extra, package = "protect", "cryptography"

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


class Sm2:
    """SM2 with SM3 (GB/T 32918.2-2016), by the package `gmalg`; a public key is `04 ‖ x ‖ y`, a signature `r ‖ s`."""

    extra, package = "gm", "gmalg"

    def public_key(self, seed: bytes) -> bytes:
        """The public key of a seed."""
        import gmalg  # noqa: PLC0415 -- an extra

        return bytes(gmalg.SM2().generate_pk(_sm2_secret(seed)))

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """Sign a message."""
        import gmalg  # noqa: PLC0415 -- an extra

        return b"".join(half.rjust(SM2_BYTES, b"\0") for half in gmalg.SM2(_sm2_secret(seed), SM2_SIGNER).sign(message))

    def verify(self, public_key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the signature is of this message by this key."""
        import gmalg  # noqa: PLC0415 -- an extra
        import gmalg.errors  # noqa: PLC0415 -- an extra

        if len(signature) != 2 * SM2_BYTES or len(public_key) != 1 + 2 * SM2_BYTES or public_key[0] != SM2_UNCOMPRESSED:
            return False
        try:
            return bool(gmalg.SM2(uid=SM2_SIGNER, pk=public_key).verify(message, signature[:SM2_BYTES], signature[SM2_BYTES:]))
        except (gmalg.errors.GMError, ValueError):
            return False


def _sm2_secret(seed: bytes) -> bytes:
    """The secret number of a seed, from 1 to the order less 2."""
    return (int.from_bytes(seed, "big") % (SM2_ORDER - 2) + 1).to_bytes(SM2_BYTES, "big")


ED25519, SM2 = "ed25519", "sm2"
SCHEMES: Mapping[str, SignatureScheme] = {ED25519: Ed25519(), SM2: Sm2()}


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


def make_seal_key(secret: bytes, scheme: str = ED25519) -> SealKey:
    """The key of a project's secret, by a label of its own: no other key of the same secret is the same.

    Raises:
        MachineError: The extra that signs is not installed.
    """
    check_extra(scheme)
    return SealKey(hmac.new(secret, f"lakeward seal {scheme}".encode(), hashlib.sha256).digest(), scheme)


def public_key_id(public_key: str) -> str:
    """Id of a public key."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:KEY_ID_DIGITS]


def check_extra(scheme: str) -> None:
    """Check that signatures of a scheme can be made and verified.

    Raises:
        MachineError: The extra is not installed.
    """
    if find_spec(SCHEMES[scheme].package) is None:
        raise MachineError("extra_missing", extra=SCHEMES[scheme].extra)


def is_signature(scheme: str, public_key: str, signature: str, message: bytes) -> bool:
    """Whether the signature is of this message by this key; hex digits that are none are no signature.

    Raises:
        MachineError: The extra that verifies is not installed.
    """
    try:
        key, found = bytes.fromhex(public_key), bytes.fromhex(signature)
    except ValueError:
        return False
    if scheme not in SCHEMES:
        return False
    check_extra(scheme)
    return SCHEMES[scheme].verify(key, found, message)
