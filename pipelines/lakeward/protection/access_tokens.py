"""Access tokens of accounts: shown once and stored only as a hash.

A secret of 256 random bits needs no slow hash. A token is looked up by its id, and its hash is compared in constant time.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

# Bytes of the id, which may be shown, and of the secret.
ID_BYTES, SECRET_BYTES = 6, 32
_FORM = re.compile(r"lw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token with its secret.

    Args:
        id: 12 hex digits that identify the token; not secret.
    """

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The token as its owner stores it: `lw_<id>_<secret>`."""
        return f"lw_{self.id}_{self.secret}"

    @property
    def sha256(self) -> str:
        """The hash that the register stores: 64 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def has_hash(self, stored: str) -> bool:
        """Whether `stored` is the hash of this token, compared in constant time."""
        return hmac.compare_digest(self.sha256, stored)


def new_access_token() -> AccessToken:
    """Create a random token."""
    return AccessToken(secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES))


def parse_access_token(text: str) -> AccessToken | None:
    """Parse a token, ignoring blanks and line ends around it; None if the text is not a token."""
    found = _FORM.fullmatch(text.strip())
    return AccessToken(found[1], found[2]) if found else None
