"""Applies a decision to one invented value, for tests of a policy. Reads no table."""

from lakeward.contracts.model import DataType
from lakeward.contracts.types import sql_type
from lakeward.core.sql import literal
from lakeward.engines.embedded.databases import plain_database
from lakeward.protection.keys import TokenKey
from lakeward.protection.masking import PLAIN_TREATMENT, Treatment, protected_expression
from lakeward.protection.policy import AccessDecision, Action

# Key of tests: tokens must be the same everywhere, and useless elsewhere.
EXAMPLE_KEY = TokenKey(b"a key that everybody may know; for trials only")


def mask_example(value: str, type_: DataType, decision: AccessDecision, treatment: Treatment = PLAIN_TREATMENT) -> str | None:
    """The visible form of `value`, as text; None if hidden."""
    if decision.action in {Action.DENY, Action.AGGREGATE, Action.ENCRYPT}:
        return None
    is_token = decision.action is Action.TOKENISE
    expression = '"value"' if is_token else protected_expression('"value"', type_, decision, treatment)
    with plain_database() as con:
        query = f'SELECT CAST({expression} AS VARCHAR) FROM (SELECT CAST({literal(value)} AS {sql_type(type_)}) AS "value")'
        found = con.execute(query).fetchall()[0][0]
    if found is None:
        return None
    # Not by a function of the session: that needs an extra, and a policy is tested without it.
    return EXAMPLE_KEY.tokeniser()(found) if is_token else str(found)
