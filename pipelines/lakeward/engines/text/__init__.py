"""Parsing of text files as SQL over numbered lines, for any engine with a `TextSqlDialect`."""
