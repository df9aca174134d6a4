"""The secret key of tokens. It is outside the lake and never in SQL; only its id is recorded.

A key names its scheme and encoding in front of it. One without this line is a key of before: HMAC-SHA-256 under its bytes.
"""

import base64
import hashlib
import hmac
import itertools
import os
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from lakeward.core.errors import ProtectionError
from lakeward.core.settings import Settings
from lakeward.protection.key_file import read_key_file

# Bytes; as long as the hash (RFC 2104 §3: a shorter key weakens the function).
MIN_KEY_BYTES = 32
# Hex digits of a token: 128 bits, so that a collision among 10^12 values is unlikely.
DIGITS = 32
# Hex digits of a key's id: enough to distinguish a plant's keys.
ID_DIGITS = 8
# Front of a key that names its scheme and encoding: `lakeward-key:1:SCHEME:ENCODING:SECRET`.
FORMAT, FORMAT_VERSION = "lakeward-key", "1"
# A secret that repeats so few bytes, or has so few different ones, was not drawn at random.
LEAST_PERIOD, LEAST_DIFFERENT = 9, 8
_ENCODED = re.compile(r"[0-9A-Za-z+/]+=*")


class Scheme(StrEnum):
    """What a key is for. Ids differ in their beginning, so no two schemes share one."""

    HMAC = "hmac-sha256"
    CMAC = "sm4-cmac"
    WRAP = "key-wrap"  # makes no tokens: the keys of encrypted columns lie under it
    SM2 = "sm2"  # makes no tokens: signs checkpoints


_ID_FRONTS = {Scheme.HMAC: "", Scheme.CMAC: "sm4-", Scheme.WRAP: "kek-", Scheme.SM2: "sm2-"}


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A secret key with a public id."""

    secret: bytes = field(repr=False)
    scheme: Scheme = Scheme.HMAC

    @property
    def id(self) -> str:
        """Derived from the secret by a one-way function, so that two keys can't have one id."""
        label = "lakeward token key id" if self.scheme is Scheme.HMAC else f"lakeward token key id {self.scheme}"
        digits = hmac.new(self.secret, label.encode(), hashlib.sha256).hexdigest()[:ID_DIGITS]
        return _ID_FRONTS[self.scheme] + digits

    def tokeniser(self) -> "Tokeniser":
        """The function that makes HMAC tokens of this key."""
        return Tokeniser(f"{self.id}:", hmac.new(self.secret, digestmod=hashlib.sha256))

    def subkey(self, *label: str, length: int = 16) -> bytes:
        """The key of `label` (purpose, table, column or category, recipient, generation), of at most 32 bytes.

        Different labels give independent keys; none reveals the secret.
        """
        return derive_key(self.secret, label, length)


def scheme_of_id(key_id: str) -> Scheme:
    """The scheme of a key by its id."""
    fronts = {front: scheme for scheme, front in _ID_FRONTS.items() if front and key_id.startswith(front)}
    return next(iter(fronts.values()), Scheme.HMAC)


def derive_key(secret: bytes, label: tuple[str, ...], length: int) -> bytes:
    """HMAC-SHA-256 of a label under `secret`; each part has its length in front, so that no two labels are one text."""
    parts = (part.encode() for part in label)
    text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.new(secret, b"lakeward subkey" + text, hashlib.sha256).digest()[:length]


@dataclass(frozen=True, slots=True)
class Tokeniser:
    """HMAC-SHA-256 of texts: the same text gives the same token, in every column and session."""

    prefix: str
    keyed: hmac.HMAC = field(repr=False)

    def __call__(self, text: str) -> str:
        """The token of `text`: key id, colon, 32 hex digits."""
        mac = self.keyed.copy()
        mac.update(text.encode("utf-8", "surrogatepass"))
        return self.prefix + mac.hexdigest()[:DIGITS]


def token_key(settings: Settings, lake: Path) -> TokenKey | None:
    """The key from the settings; None without one: then no value is tokenised, and such columns are hidden.

    Raises:
        ProtectionError: The file can't be read, others may read or replace it, it lies in the lake, or the key is not valid.
    """
    return _key(settings.token_key, settings.token_key_file, lake, "LAKEWARD_TOKEN_KEY")


def wrapping_key(settings: Settings, lake: Path) -> TokenKey | None:
    """The key that keys of encrypted columns lie under; None without one: then no column is encrypted, and none decrypted.

    Raises:
        ProtectionError: As `token_key`.
    """
    return _key(settings.wrapping_key, settings.wrapping_key_file, lake, "LAKEWARD_WRAPPING_KEY")


def key_of_file(file: Path, lake: Path, variable: str = "LAKEWARD_WRAPPING_KEY") -> TokenKey:
    """The key of a file.

    Raises:
        ProtectionError: As `token_key`.
    """
    return _of_purpose(parse_key(read_key_file(file, lake, f"{variable}_FILE"), str(file)), str(file), variable)


def _key(text: str | None, file: Path | None, lake: Path, variable: str) -> TokenKey | None:
    if text is not None:
        return _of_purpose(_key_of_variable(os.fsencode(text), variable), variable, variable)
    return None if file is None else key_of_file(file, lake, variable)


def _of_purpose(key: TokenKey, where: str, variable: str) -> TokenKey:
    """The key, if it is for what the variable is for: no secret serves two purposes."""
    expected = [Scheme.WRAP] if variable == "LAKEWARD_WRAPPING_KEY" else [Scheme.HMAC, Scheme.CMAC]
    if key.scheme not in expected:
        raise ProtectionError("token_key_format", where=where, expected=", ".join(expected))
    return key


def _key_of_variable(content: bytes, where: str) -> TokenKey:
    """White space around a secret was part of it in a variable and not in a file: its tokens must not change unseen."""
    if content != content.strip() and not content.startswith(FORMAT.encode()):
        raise ProtectionError("token_key_blank", variable=where)
    return parse_key(content, where)


def parse_key(content: bytes, where: str) -> TokenKey:
    """The key that `content` of a file or a variable holds.

    Args:
        where: Name of the file or variable in messages.

    Raises:
        ProtectionError: The format is not known, or the secret is too short or easy to guess.
    """
    key = _formatted_key(content, where) if content.startswith(FORMAT.encode()) else TokenKey(_plain_secret(content))
    if len(key.secret) < MIN_KEY_BYTES:
        raise ProtectionError("token_key_short", where=where, expected=MIN_KEY_BYTES, found=len(key.secret))
    if is_weak(key.secret):
        raise ProtectionError("token_key_weak", where=where)
    return key


def key_text(secret: bytes, scheme: Scheme) -> str:
    """The line that a new key file holds."""
    return f"{FORMAT}:{FORMAT_VERSION}:{scheme}:base64:{base64.b64encode(secret).decode()}\n"


def is_weak(secret: bytes) -> bool:
    """Whether the secret repeats itself, counts, or has few different bytes."""
    period = (secret + secret).find(secret, 1)
    steps = {(b - a) % 256 for a, b in itertools.pairwise(secret)}
    return period < LEAST_PERIOD or len(set(secret)) < LEAST_DIFFERENT or len(steps) == 1


def _formatted_key(content: bytes, where: str) -> TokenKey:
    parts = content.rstrip(b"\r\n").decode("utf-8", "replace").split(":")
    schemes = [scheme.value for scheme in Scheme]
    secret = _decoded(parts[3], parts[4]) if len(parts) == 5 else None
    if secret is None or parts[:2] != [FORMAT, FORMAT_VERSION] or parts[2] not in schemes:
        raise ProtectionError("token_key_format", where=where, expected=", ".join(schemes))
    return TokenKey(secret, Scheme(parts[2]))


def _decoded(encoding: str, text: str) -> bytes | None:
    if encoding not in {"hex", "base64"} or not _ENCODED.fullmatch(text):
        return None
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _plain_secret(content: bytes) -> bytes:
    """The bytes without white space around them, as ids and tokens of before need it.

    White space at the ends of random bytes belongs to them, where without it they would be too short.
    """
    trimmed = content.strip()
    return trimmed if len(trimmed) >= MIN_KEY_BYTES or _is_text(content) else content


def _is_text(content: bytes) -> bool:
    return content.isascii() and content.decode("ascii").strip().isprintable()
