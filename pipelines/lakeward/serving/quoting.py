"""Names and paths, written so that DuckDB reads them as nothing but names and texts."""


def identifier(name: str) -> str:
    """`name` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text`, which holds no NUL, as a VARCHAR literal."""
    return "'" + text.replace("'", "''") + "'"
