"""The functions of a session that hold keys: they make tokens and ciphertexts, and no key is in SQL. The guard lets no query call them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
from duckdb.func import PythonUDFType

from lakeward.core.sql import literal
from lakeward.engines.embedded.databases import plain_database
from lakeward.protection.keys import Scheme, TokenKey
from lakeward.protection.masking import ENCRYPT, TOKENISE, Treatment
from lakeward.protection.normal_form import normal_form
from lakeward.protection.policy import NO_CATEGORY, Action
from lakeward.protection.read_request import OWN_PARTY
from lakeward.serving.plan import ServedColumn

if TYPE_CHECKING:
    from lakeward.protection.ciphertexts import ColumnKey
    from lakeward.protection.tokens import BatchTokeniser


@dataclass(frozen=True, slots=True)
class ColumnFunctions:
    """Functions for the columns of one session.

    Args:
        key: The key of tokens; None without one, and then no column may need a token.
        column_keys: By `layer.table.column`, the key that encrypts it.
        recipient: Who gets the rows. By SM4-CMAC tokens of two recipients can't be joined.
    """

    key: TokenKey | None = None
    recipient: str = OWN_PARTY
    column_keys: "Mapping[str, ColumnKey]" = field(default_factory=dict)

    def register(self, con: duckdb.DuckDBPyConnection, columns: Iterable[ServedColumn]) -> None:
        """Create the functions that the columns need."""
        columns = tuple(columns)
        for column in columns:
            if column.decision.action is Action.ENCRYPT:
                self._register_cipher(con, column)
        for category in sorted({category_of(column) for column in columns if column.decision.action is Action.TOKENISE}):
            self._register_tokens(con, category)
            if self.key and self.key.scheme is Scheme.HMAC:  # one function for every category
                return

    def treatment(self, column: ServedColumn) -> Treatment:
        """How the column is protected, with the names of its functions."""
        token, normal = self._token_name(category_of(column)), self._normal(column)
        encrypt = _function_name(ENCRYPT, column.place)
        return Treatment(token=token, normal=normal, encrypt=encrypt, band=column.band, unit=column.unit)

    def token(self, column: ServedColumn, text: str) -> str:
        """The token of one text, the same as in a query.

        Raises:
            AssertionError: There is no key.
        """
        assert self.key is not None
        if self.key.scheme is Scheme.HMAC:
            return self.key.tokeniser()(text)
        with plain_database() as con:
            normal = con.execute(f"SELECT {normal_form('t', self._normal(column))} FROM (SELECT {literal(text)} AS t)")
            return self._batch_tokeniser(category_of(column)).token(normal.fetchall()[0][0])

    def _register_tokens(self, con: duckdb.DuckDBPyConnection, category: str) -> None:
        assert self.key is not None
        name = self._token_name(category)
        if self.key.scheme is Scheme.HMAC:
            con.create_function(name, self.key.tokeniser(), ["VARCHAR"], "VARCHAR")
        else:
            con.create_function(name, self._batch_tokeniser(category), ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)

    def _register_cipher(self, con: duckdb.DuckDBPyConnection, column: ServedColumn) -> None:
        from lakeward.protection.ciphertexts import ColumnCipher  # noqa: PLC0415 -- needs an extra

        cipher = ColumnCipher.of(self.column_keys[column.place])
        name = _function_name(ENCRYPT, column.place)
        con.create_function(name, cipher, ["VARCHAR"], "BLOB", type=PythonUDFType.ARROW)

    def _batch_tokeniser(self, category: str) -> "BatchTokeniser":
        from lakeward.protection.tokens import BatchTokeniser  # noqa: PLC0415 -- needs an extra

        assert self.key is not None
        return BatchTokeniser.of(self.key, category, self.recipient)

    def _token_name(self, category: str) -> str:
        if self.key is None or self.key.scheme is Scheme.HMAC:
            return TOKENISE
        return _function_name(TOKENISE, category)

    def _normal(self, column: ServedColumn) -> str:
        """The category whose normal form is taken; HMAC tokens are of the texts as they are."""
        return NO_CATEGORY if self.key is None or self.key.scheme is Scheme.HMAC else category_of(column)


def _function_name(front: str, subject: str) -> str:
    return f"{front}_{hashlib.sha256(subject.encode()).hexdigest()[:16]}"


def category_of(column: ServedColumn) -> str:
    """The category of the column's content."""
    return (column.grade.category if column.grade else None) or NO_CATEGORY
