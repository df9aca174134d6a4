"""What a query reads: the columns, with what the reader sees of them, and the versions of the tables."""

from collections.abc import Collection, Mapping
from pathlib import Path

from lakeward.core.names import TableName
from lakeward.engines.protocols import Engine
from lakeward.grading.grade import Grade
from lakeward.protection.policy import Action
from lakeward.serving.plan import ServedColumn, ServedTable
from lakeward.serving.snapshots import newest_version

# Grades of which an answer leaves a digest.
DIGEST_GRADES = frozenset([Grade.CORE, Grade.IMPORTANT])

ReadColumns = Mapping[str, ServedColumn]


class TableVersions:
    """The newest versions of the served tables. After the first look, only newer commits are looked for."""

    def __init__(self, tables: Collection[ServedTable], engine: Engine) -> None:
        self._folders = {str(table.name): table.folder for table in tables}
        self._engine = engine
        self._known: dict[str, int] = {}

    def of(self, names: Collection[str]) -> dict[str, int]:
        """Table -> its newest version, of the tables that exist."""
        return {name: self._version(name, folder) for name in sorted(names) if (folder := self._folders[name])}

    def _version(self, name: str, folder: str) -> int:
        if "://" not in folder:
            self._known[name] = newest_version(Path(folder) / "_delta_log", self._known.get(name))
            return self._known[name]
        info = self._engine.info(TableName.parse(name))
        return info.version if info else 0


def column_facts(columns: ReadColumns) -> dict[str, str]:
    """`layer.table.column` -> action, grade and level, separated by blanks; `-` for what there is not."""
    return {name: _facts(column) for name, column in columns.items()}


def needs_digest(columns: ReadColumns) -> bool:
    """Whether the answer may hold important or core data in any form."""
    grades = {column.grade.grade for column in columns.values() if column.grade and column.decision.action is not Action.DENY}
    return bool(grades & DIGEST_GRADES)


def _facts(column: ServedColumn) -> str:
    grade = column.grade.grade if column.grade else None
    level = column.grade.level if column.grade else None
    return f"{column.decision.action} {grade or '-'} {level or '-'}"
