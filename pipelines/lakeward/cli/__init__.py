"""The command line: parses, calls one flow, renders. Exit codes are `core.errors.ExitCode`."""

from lakeward.cli.main import main

__all__ = ["main"]
