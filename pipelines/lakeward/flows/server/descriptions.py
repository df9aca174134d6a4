"""The columns of statements that were described before: clients ask for them twice before they run a statement."""

from collections.abc import Callable

import pyarrow as pa

from lakeward.flows.server.statement_facts import StatementFacts
from lakeward.serving.flight_sql.messages import Statement

Description = tuple[StatementFacts, pa.Schema | None]
# Statements that are known, and their longest text.
_STATEMENTS, _LENGTH = 200, 10_000


class Descriptions:
    """What statements of one worker return: its views never change, so that the columns are those of the first time.

    Args:
        describe: Checks a statement, and names its columns.
    """

    def __init__(self, describe: Callable[[Statement], Description]) -> None:
        self._describe = describe
        self._known: dict[str, Description] = {}

    def of(self, statement: Statement) -> Description:
        """The facts and columns of a statement. It is checked anew when it runs."""
        if statement.values or len(statement.text) > _LENGTH:
            return self._describe(statement)
        found = self._known.get(statement.text)
        if found is None:
            found = self._describe(statement)
            if len(self._known) >= _STATEMENTS:
                self._known.clear()
            self._known[statement.text] = found
        return found
