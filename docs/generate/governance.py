"""The page of governance tables, from the contracts that describe them."""

from typing import Any

import yaml

from generate.markdown import code, page, table
from generate.sources import SHIPPED

INTRODUCTION = """\
What Lakeward knows of its own work lies in Delta tables of the schema `governance`, beside the data: `lake/governance/<table>`. Each is made
when it is first written to. `lakeward query` does not serve them; DuckDB, Spark or any other reader of Delta opens them.
Rows are only appended; of `series_state` alone `lakeward maintain` removes what was renewed. A column in bold is never null."""


def governance() -> str:
    """The page, in Markdown."""
    files = sorted((SHIPPED / "governance").glob("*.odcs.yaml"))
    parts = [part for file in files for part in _table(yaml.safe_load(file.read_text(encoding="utf-8")))]
    return page("Governance tables", "`expectations/governance/*.odcs.yaml`", INTRODUCTION, *parts)


def _table(contract: dict[str, Any]) -> list[str]:
    said = contract["description"]
    rows = [_column(column) for column in contract["schema"][0]["properties"]]
    return [
        f"## {code('governance.' + contract['name'])}",
        f"{said['purpose']}\n\n{said['usage']}",
        table(("column", "type", "meaning"), rows),
    ]


def _column(column: dict[str, Any]) -> tuple[str, str, str]:
    name = code(column["name"])
    return f"**{name}**" if column.get("required") else name, column["physicalType"], column.get("description", "")
