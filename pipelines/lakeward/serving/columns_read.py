"""The columns that a checked statement may read, from DuckDB's parse tree: never fewer than it reads, sometimes more."""

from collections.abc import Mapping, Sequence
from typing import Any

from lakeward.serving.parse_tree import Tree, all_nodes, fold_case, named_parts

# Joins over all columns that both sides have.
_JOINS_BY_ALL = frozenset(["NATURAL", "POSITIONAL"])
Columns = Mapping[str, Sequence[str]]
# Parts of a tree by which columns are read without a name of their own.
_ALL_KINDS = frozenset(["STAR", "POSITIONAL_REFERENCE", "SHOW_REF", "PIVOT"])


def columns_read(parsed: Tree, tables: Columns) -> list[tuple[str, str]]:
    """Table and column of everything that the statement may read.

    A name may be of any table that is read. A star, a whole row, renamed columns, or a name that is no column stands for all.

    Args:
        tables: The views that it reads, as `layer.name`, with their columns.
    """
    named = _Names()
    named.walk(parsed["statements"])
    names = named.column_names()
    by_name = [(fold_case(column), table, column) for table, columns in tables.items() for column in columns]
    known = {name for name, _, _ in by_name} | named.aliases
    takes_all = named.takes_all or not names <= known - named.tables
    return sorted((table, column) for name, table, column in by_name if takes_all or name in names)


class _Names:
    """Names of columns, of tables and their aliases, and of the items of selections, in lower case."""

    def __init__(self) -> None:
        self.references: list[list[str]] = []
        self.tables: set[str] = set()
        self.aliases: set[str] = set()
        self.takes_all = False

    def walk(self, value: Any) -> None:
        """Collect the names of all nodes of `value`."""
        for node in all_nodes(value):
            kind = node.get("type")
            if not isinstance(kind, str):  # the type of a value has a type that is a mapping
                continue
            self.references.extend([fold_case(part) for part in parts] for parts in named_parts(node))
            if kind in _ALL_KINDS or node.get("column_name_alias") or node.get("ref_type") in _JOINS_BY_ALL:
                self.takes_all = True
            alias = fold_case(node.get("alias") or "")
            (self.tables if "column_name_alias" in node else self.aliases).add(alias)
            if kind == "BASE_TABLE":
                self.tables.update(map(fold_case, (node["table_name"], node["schema_name"])))

    def column_names(self) -> set[str]:
        """Every name that may be a column: of `a.b.c` the last one, and those before it that are no table."""
        qualifiers = {part for reference in self.references for part in reference[:-1]} - self.tables
        return qualifiers | {reference[-1] for reference in self.references}
