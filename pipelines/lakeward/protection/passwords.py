"""Passwords of accounts for the portal: stored as argon2id hashes, compared in the time of one hash, known account or not."""

import secrets
from functools import cache
from importlib import import_module
from typing import Any

from lakeward.core.errors import MachineError, UsageError

# Characters; the maximum bounds the work of one hash.
SHORTEST, LONGEST = 12, 256
# 19 MiB, two passes, one lane (OWASP's first choice of argon2id): 60 ms, so that log-ins don't slow down readers.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
# Bytes of a generated password: 20 characters.
GENERATED_BYTES = 15


def new_password() -> str:
    """A random password of 120 bits."""
    return secrets.token_urlsafe(GENERATED_BYTES)


def check_new_password(password: str, account: str) -> None:
    """Check that a password may be used by this account.

    Raises:
        UsageError: It is too short, too long, of few different characters, or holds the name of the account.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError("password_length", found=len(password), shortest=SHORTEST, longest=LONGEST)
    if len(set(password)) <= 3 or account.lower() in password.lower():
        raise UsageError("password_simple", account=account)


def hash_password(password: str) -> str:
    """The hash to store, with its parameters and salt.

    Raises:
        MachineError: The extra `portal` is not installed.
    """
    return str(_hasher().hash(password))


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether the hash is of this password; without a hash False, after the same time.

    Raises:
        MachineError: The extra `portal` is not installed.
    """
    hasher, errors = _hasher(), import_module("argon2.exceptions")
    try:
        matches = hasher.verify(password_hash or _hash_of_nothing(), password[:LONGEST])
    except (errors.VerificationError, errors.InvalidHashError):
        return False
    return bool(matches) and password_hash is not None and len(password) <= LONGEST


@cache
def _hash_of_nothing() -> str:
    return hash_password(new_password())


@cache
def _hasher() -> Any:
    try:
        argon2 = import_module("argon2")
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="portal") from error
    return argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
