"""Whether a session can make tokens: DuckDB calls a function of Python only where the packages of an extra are installed."""

import functools
from importlib.util import find_spec

import duckdb

from lakeward.engines.connections import connect
from lakeward.protection.keys import Scheme
from lakeward.protection.masking import TOKENISE

# Extra that each scheme needs, and the packages of it that are tried or looked up.
EXTRAS = {Scheme.HMAC: "tokens", Scheme.CMAC: "protect"}


@functools.cache
def can_tokenise(scheme: Scheme = Scheme.HMAC) -> bool:
    """Tried, not guessed: a package may be there and not load."""
    return _can_call_python() if scheme is Scheme.HMAC else can_protect()


@functools.cache
def can_protect() -> bool:
    """Whether the packages of the extra `protect` load, and have SM4."""
    if any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")):
        return False
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 -- needs an extra

        from lakeward.protection.block_cipher import BatchMac, BlockAlgorithm, BlockKey  # noqa: PLC0415 -- needs an extra
    except (ImportError, AttributeError, OSError):  # a package is there and does not load
        return False
    try:
        BatchMac.of(BlockKey(BlockAlgorithm.SM4, bytes(16)))
    except UnsupportedAlgorithm:
        return False
    return _can_call_python()


@functools.cache
def _can_call_python() -> bool:
    with connect() as con:
        try:
            con.create_function(TOKENISE, lambda text: text, ["VARCHAR"], "VARCHAR")
            con.execute(f"SELECT {TOKENISE}('')").fetchall()
        except duckdb.Error:
            return False
    return True
