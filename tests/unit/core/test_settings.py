"""Settings from the environment: bytes that no path and no log can hold are named by their variable; a secret may be any bytes."""

import os

import pytest

from lakeward.core.errors import SettingsError
from lakeward.core.settings import Settings

NO_TEXT = os.fsdecode(b"/tmp/\xff")


@pytest.mark.parametrize("name", ["LAKE", "PROJECT", "SEAL_KEY_FILE", "PURPOSE", "CONN_BROKER"])
def test_a_value_that_is_no_text_is_named(tmp_path, name):
    with pytest.raises(SettingsError) as refused:
        Settings.load(tmp_path, environ={f"LAKEWARD_{name}": NO_TEXT})
    assert (refused.value.code, refused.value.facts) == ("setting_not_utf8", {"variable": f"LAKEWARD_{name}"})


@pytest.mark.parametrize("name", ["TOKEN", "TOKEN_KEY", "WRAPPING_KEY", "SECRET_MAIL"])
def test_a_secret_may_be_any_bytes(tmp_path, name):
    Settings.load(tmp_path, environ={f"LAKEWARD_{name}": NO_TEXT})
