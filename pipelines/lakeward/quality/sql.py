"""Writing SQL: names and texts quoted, relations nested. DuckDB's dialect, kept to what sqlglot can translate."""

from collections.abc import Iterable, Mapping, Sequence


def any_of(conditions: Iterable[str]) -> str:
    """True where one of `conditions` is; never NULL."""
    return f"coalesce({' OR '.join(f'({c})' for c in conditions) or 'FALSE'}, FALSE)"


def select(items: Mapping[str, str]) -> str:
    """SELECT items `expression AS alias`."""
    return ", ".join(f"{expression} AS {alias}" for alias, expression in items.items())


def stack(rows: str, layers: Sequence[Mapping[str, str]]) -> str:
    """`rows` with the columns of each layer added, as a relation; a layer may use the ones before it."""
    for layer in layers:
        if layer:
            rows = f"(SELECT *, {select(layer)} FROM {rows})"
    return rows
