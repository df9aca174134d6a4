"""The register of accounts: append-only lines of JSON, each with the hash of the file before it.

The hashes show lines that were changed, removed, inserted or moved. A writer of the file could recompute them or truncate the
file; to detect that, each lake stores how far it has seen the register (`RegisterMark`).
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeward.core.errors import ProtectionError
from lakeward.core.persons import is_same_person
from lakeward.protection.access_tokens import parse_access_token
from lakeward.protection.accounts import OIDC_PREFIX, Account, Entry, account_of, check_active

# End of each line: the hash of the file up to it.
_CHAIN = re.compile(rb',"chain":"([0-9a-f]{64})"\}\n\Z')
_BEFORE, _AFTER = b',"chain":"', b'"}\n'
_CHAIN_BYTES = len(_BEFORE) + 64 + len(_AFTER)


@dataclass(frozen=True, slots=True)
class RegisterMark:
    """How far a register was seen: its length in bytes, and its last hash."""

    size: int
    chain: str


@dataclass(frozen=True, slots=True)
class AccountRegister:
    """The register at one time.

    Args:
        file: Path for messages.
        content: All its lines.
    """

    file: str
    content: bytes = b""

    @property
    def has_accounts(self) -> bool:
        """Whether any account was ever added."""
        return bool(self.content)

    def check(self) -> None:
        """Check the hashes of all lines.

        Raises:
            ProtectionError: A line was changed, removed, inserted or moved, or the file is no register.
        """
        if self.content and not _is_chained(memoryview(self.content)[:-_CHAIN_BYTES], self.content[-_CHAIN_BYTES:]):
            raise ProtectionError("accounts_tampered", file=self.file, line=self._first_broken_line())

    def mark(self) -> RegisterMark | None:
        """Its length and last hash; None if it is empty."""
        return RegisterMark(len(self.content), _chain_of(self.content)) if self.content else None

    def extends(self, mark: RegisterMark) -> bool:
        """Whether it begins with the register that `mark` describes."""
        before = self.content[: mark.size]
        return len(before) == mark.size and before.endswith(_BEFORE + mark.chain.encode("utf-8", "replace") + _AFTER)

    def with_entry(self, entry: Mapping[str, object]) -> "AccountRegister":
        """Append one line; returns the new register."""
        body = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()[:-1]
        chain = hashlib.sha256(self.content + body).hexdigest()
        return AccountRegister(self.file, self.content + body + _BEFORE + chain.encode() + _AFTER)

    def account(self, name: str) -> Account | None:
        """The account with this name; None if there is none.

        Raises:
            ProtectionError: Its entries are not valid.
        """
        return self._fold(name, [entry for entry in self._entries("account", name) if entry["account"] == name])

    def accounts(self) -> list[Account]:
        """All accounts in the order in which they were added."""
        by_name: dict[str, list[Entry]] = {}
        for entry in self.entries():
            by_name.setdefault(entry["account"], []).append(entry)
        return [account for name, entries in by_name.items() if (account := self._fold(name, entries))]

    def entries(self) -> Iterator[Entry]:
        """All entries, the oldest first.

        Raises:
            ProtectionError: A line is no entry.
        """
        return map(self._parse, self.content.split(b"\n")[:-1])

    def authenticate(self, token: str, now: datetime) -> Account:
        """The account of a token.

        Raises:
            ProtectionError: The token is unknown, replaced or expired, or its account is revoked.
        """
        if not token.strip():
            raise ProtectionError("account_token_empty")
        account = self._owner(token)
        if account is None:
            raise ProtectionError("account_token_invalid", file=self.file)
        check_active(account, now)
        return account

    def are_two_persons(self, one: str, other: str) -> bool:
        """Whether these accounts belong to two different persons, and the first one is not revoked.

        Two subjects of one identity provider are two persons. Of subjects of two providers, or one and an account of the register,
        that is not known: False.

        Raises:
            ProtectionError: The entries of one are not valid.
        """
        if one.startswith(OIDC_PREFIX) and other.startswith(OIDC_PREFIX):
            return one != other and one.partition("#")[0] == other.partition("#")[0]  # the issuer
        first, second = self.account(one), self.account(other)
        if first is None or second is None or first.revoked:
            return False
        return first.name != second.name and not is_same_person(first.person, second.person)

    def _owner(self, text: str) -> Account | None:
        token = parse_access_token(text)
        if token is None:
            return None
        names = {entry["account"] for entry in self._entries("token", token.id) if entry.get("token") == token.id}
        account = self.account(names.pop()) if len(names) == 1 else None
        # Compared for an unknown id, too, so that the time does not reveal it.
        is_owner = token.has_hash(account.token_sha256 if account else "0" * 64)
        return account if account and is_owner and account.token_id == token.id else None

    def _fold(self, name: str, entries: list[Entry]) -> Account | None:
        try:
            return account_of(entries)
        except (KeyError, TypeError, ValueError):
            raise ProtectionError("accounts_tampered", file=self.file, line=self._line_of(name)) from None

    def _entries(self, key: str, value: str) -> Iterator[Entry]:
        """Entries that contain `key` with `value`; other lines are not parsed, since there may be ten thousand."""
        needle = _needle(key, value)
        at = self.content.find(needle)
        while at >= 0:
            end = self.content.index(b"\n", at)
            yield self._parse(self.content[self.content.rfind(b"\n", 0, at) + 1 : end])
            at = self.content.find(needle, end)

    def _parse(self, line: bytes) -> dict[str, Any]:
        try:
            entry = json.loads(line)
            if isinstance(entry, dict) and isinstance(entry.get("account"), str):
                return entry
        except (RecursionError, ValueError):
            pass
        at = self.content[: self.content.find(line)].count(b"\n") + 1
        raise ProtectionError("accounts_tampered", file=self.file, line=at)

    def _line_of(self, name: str) -> int:
        """Number of the last line of this account."""
        return self.content[: self.content.rfind(_needle("account", name))].count(b"\n") + 1

    def _first_broken_line(self) -> int:
        digest = hashlib.sha256()
        number = 0
        for number, line in enumerate(self.content.splitlines(keepends=True), 1):
            digest.update(line[:-_CHAIN_BYTES])
            if not _is_chain(digest.hexdigest(), line[-_CHAIN_BYTES:]):
                return number
            digest.update(line[-_CHAIN_BYTES:])
        return number


def _needle(key: str, value: str) -> bytes:
    """The bytes of `key` with `value` in a line."""
    return json.dumps({key: value}, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")[1:-1]


def is_one_person(register: AccountRegister, one: str, other: str) -> bool:
    """Whether these accounts are one, or belong to one person; False where that is not known.

    Raises:
        ProtectionError: The entries of one are not valid.
    """
    if one == other or one.startswith(OIDC_PREFIX) or other.startswith(OIDC_PREFIX):
        return one == other
    first, second = register.account(one), register.account(other)
    return first is not None and second is not None and is_same_person(first.person, second.person)


def _is_chained(body: memoryview, end: bytes) -> bool:
    return _is_chain(hashlib.sha256(body).hexdigest(), end)


def _is_chain(expected: str, end: bytes) -> bool:
    found = _CHAIN.fullmatch(end)
    return found is not None and found[1].decode() == expected


def _chain_of(content: bytes) -> str:
    return content[-_CHAIN_BYTES:][len(_BEFORE) : -len(_AFTER)].decode()
