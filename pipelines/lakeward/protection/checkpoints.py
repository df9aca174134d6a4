"""A checkpoint: what a log was at one time, in one line of JSON that can be kept outside the lake and checked years later."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from lakeward.protection.signatures import UNSIGNED, SealKey, is_signature, public_key_id

HASH_ALGORITHM = "sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log was at one time.

    Args:
        origin: Name of the project.
        log: Name of the log.
        seal: Number of the seal, from 1.
        tree_size: Number of entries under the root.
        root: Root of the RFC 9162 tree of all entries, as hex digits.
        hash: Hash function of the tree.
        sealed_at: ISO 8601 time.
        scheme: Scheme of the signature; `none` without one.
        public_key, signature: Hex digits; empty without a signature.
    """

    origin: str
    log: str
    seal: int
    tree_size: int
    root: str
    hash: str = HASH_ALGORITHM
    sealed_at: str
    scheme: str = UNSIGNED
    public_key: str = ""
    signature: str = ""

    @property
    def is_signed(self) -> bool:
        """Whether it has a signature, valid or not."""
        return self.scheme != UNSIGNED

    @property
    def key_id(self) -> str | None:
        """Id of its key; None without a signature."""
        return public_key_id(self.public_key) if self.is_signed else None

    def line(self) -> str:
        """The line of JSON, without a line feed."""
        return _json(asdict(self))

    def message(self) -> bytes:
        """The bytes that are signed: the line without the signature."""
        return _json({key: value for key, value in asdict(self).items() if key != "signature"}).encode()

    def has_valid_signature(self) -> bool:
        """Whether its signature is of its own content by its own key."""
        return self.is_signed and is_signature(self.scheme, self.public_key, self.signature, self.message())


def make_checkpoint(key: SealKey | None, sealed_at: datetime, **content: Any) -> Checkpoint:
    """A checkpoint of `content`, signed if there is a key."""
    when = sealed_at.isoformat()
    if key is None:
        return Checkpoint(sealed_at=when, **content)
    unsigned = Checkpoint(sealed_at=when, scheme=key.scheme, public_key=key.public_key, **content)
    return Checkpoint(**{**asdict(unsigned), "signature": key.sign(unsigned.message())})


def parse_checkpoints(text: str) -> Iterator[Checkpoint | None]:
    """The checkpoints of a text, line by line; None for a line that is none. Blank lines are left out."""
    for line in text.split("\n"):  # a text in it may hold other ends of lines
        if line.strip():
            yield _parse(line)


def _parse(line: str) -> Checkpoint | None:
    try:
        found = json.loads(line)
    except (RecursionError, ValueError):
        return None
    kinds: Mapping[str, object] = {field.name: field.type for field in fields(Checkpoint)}
    if not isinstance(found, dict) or set(found) != set(kinds):
        return None
    fits = all(type(value) is kinds[name] for name, value in found.items())
    return Checkpoint(**found) if fits and found["tree_size"] >= 0 else None


def _json(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
