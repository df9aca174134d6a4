"""Plugins of pydantic are kept out of models (`core.settings.without_plugins`), and the variable is as it was afterwards."""

import os

import pytest

from lakeward.core.settings import without_plugins

VARIABLE = "PYDANTIC_DISABLE_PLUGINS"


def fail_without_plugins(seen):
    with without_plugins():
        seen.append(os.environ[VARIABLE])  # noqa: TID251
        raise ImportError


@pytest.mark.parametrize("before", [None, "logfire"])
def test_the_variable_holds_within_and_is_restored_also_after_an_error(monkeypatch, before):
    monkeypatch.delenv(VARIABLE, raising=False)
    if before:
        monkeypatch.setenv(VARIABLE, before)
    seen = []

    with pytest.raises(ImportError):
        fail_without_plugins(seen)

    assert (seen, os.environ.get(VARIABLE)) == (["__all__"], before)  # noqa: TID251
