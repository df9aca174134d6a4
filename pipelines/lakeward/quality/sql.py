"""Helpers that write SQL, in the part of DuckDB's dialect that sqlglot can translate."""

from collections.abc import Iterable, Mapping, Sequence


def any_of(conditions: Iterable[str]) -> str:
    """Condition: one of `conditions` is true; never NULL."""
    return f"coalesce({' OR '.join(f'({c})' for c in conditions) or 'FALSE'}, FALSE)"


def select(items: Mapping[str, str]) -> str:
    """SELECT items `expression AS alias`."""
    return ", ".join(f"{expression} AS {alias}" for alias, expression in items.items())


def stack(rows: str, layers: Sequence[Mapping[str, str]]) -> str:
    """`rows` with the columns of each layer added, as a relation; a layer can use earlier ones."""
    for layer in layers:
        if layer:
            rows = f"(SELECT *, {select(layer)} FROM {rows})"
    return rows
