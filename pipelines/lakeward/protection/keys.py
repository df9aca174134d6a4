"""The secret key of tokens. It is outside the lake and never in SQL; only its id is recorded.

A key is an error if other users can read its file, if it is in the lake, or if it is too short.
"""

import hashlib
import hmac
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from lakeward.core.errors import ProtectionError
from lakeward.core.settings import Settings

# Bytes; as long as the hash (RFC 2104 §3: a shorter key weakens the function).
MIN_KEY_BYTES = 32
# Hex digits of a token: 128 bits, so that a collision among 10^12 values is unlikely.
DIGITS = 32
# Hex digits of a key's id: enough to distinguish a plant's keys.
ID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A secret key with a public id."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Derived from the secret by a one-way function, so that two keys can't have one id."""
        return hmac.new(self.secret, b"lakeward token key id", hashlib.sha256).hexdigest()[:ID_DIGITS]

    def tokeniser(self) -> "Tokeniser":
        """The function that makes tokens of this key."""
        return Tokeniser(f"{self.id}:", hmac.new(self.secret, digestmod=hashlib.sha256))


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
        ProtectionError: The file can't be read, others may read it, it lies in the lake, or the key is too short.
    """
    if settings.token_key is not None:
        return _key(settings.token_key.encode(), "LAKEWARD_TOKEN_KEY")
    if settings.token_key_file is None:
        return None
    return _key(_content(settings.token_key_file, lake), str(settings.token_key_file))


def _content(file: Path, lake: Path) -> bytes:
    try:
        if file.resolve().is_relative_to(lake.resolve()):
            raise ProtectionError("token_key_in_lake", file=file)
        with file.open("rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)  # of the open file, so that the checked file is the one read
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ProtectionError("token_key_readable", file=file, mode=f"{mode:04o}")
            return stream.read().strip()
    except OSError:
        raise ProtectionError("token_key_missing", file=file) from None


def _key(secret: bytes, where: str) -> TokenKey:
    if len(secret) < MIN_KEY_BYTES:
        raise ProtectionError("token_key_short", where=where, expected=MIN_KEY_BYTES, found=len(secret))
    return TokenKey(secret)
