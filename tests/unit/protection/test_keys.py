"""A key of tokens is secret, long enough and outside the lake, or it is refused."""

import hashlib
import hmac

import pytest

from lakeward.core.errors import ProtectionError
from lakeward.core.settings import Settings
from lakeward.protection.keys import TokenKey, token_key

SECRET = "0123456789abcdef" * 4


def settings(tmp_path, mode=0o600, content=SECRET, folder=""):
    file = tmp_path / folder / "token.key"
    file.parent.mkdir(exist_ok=True)
    file.write_text(content)
    file.chmod(mode)
    return Settings(start=tmp_path, token_key_file=file)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644, 0o777, 0o601])
def test_key_file_that_others_can_touch_is_refused(tmp_path, mode):
    with pytest.raises(ProtectionError) as refused:
        token_key(settings(tmp_path, mode), tmp_path / "lake")
    assert (refused.value.code, refused.value.facts["mode"]) == ("token_key_readable", f"{mode:04o}")


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_key_file_of_its_owner_alone_is_taken(tmp_path, mode):
    assert token_key(settings(tmp_path, mode), tmp_path / "lake") == TokenKey(SECRET.encode())


def test_key_in_the_lake_is_refused(tmp_path):
    with pytest.raises(ProtectionError) as refused:
        token_key(settings(tmp_path, folder="lake"), tmp_path / "lake")
    assert refused.value.code == "token_key_in_lake"


def test_key_that_could_be_guessed_is_refused(tmp_path):
    with pytest.raises(ProtectionError) as refused:
        token_key(settings(tmp_path, content="secret\n"), tmp_path / "lake")
    assert refused.value.code == "token_key_short"
    assert "secret" not in str(refused.value).replace("openssl", "")


def test_key_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ProtectionError) as refused:
        token_key(Settings(start=tmp_path, token_key_file=tmp_path / "none"), tmp_path / "lake")
    assert refused.value.code == "token_key_missing"


def test_without_a_key_there_is_none(tmp_path):
    assert token_key(Settings(start=tmp_path), tmp_path / "lake") is None
    assert token_key(Settings(start=tmp_path, token_key=SECRET), tmp_path / "lake") == TokenKey(SECRET.encode())


def test_token_is_the_hmac_of_the_text_under_the_key():
    key = TokenKey(SECRET.encode())
    expected = hmac.new(SECRET.encode(), "张伟".encode(), hashlib.sha256).hexdigest()[:32]
    assert key.tokeniser()("张伟") == f"{key.id}:{expected}"
    assert TokenKey(b"x" * 32).tokeniser()("张伟") != key.tokeniser()("张伟")


def test_secret_shows_in_no_representation():
    key = TokenKey(SECRET.encode())
    assert SECRET not in repr((key, key.tokeniser(), Settings.load(environ={"LAKEWARD_TOKEN_KEY": SECRET})))
