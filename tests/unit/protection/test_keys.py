"""A key of tokens is secret, long enough and outside the lake, or it is refused."""

import base64
import hashlib
import hmac
import os

import pytest

from lakeward.core.errors import ProtectionError
from lakeward.core.settings import Settings
from lakeward.protection.keys import Scheme, TokenKey, key_text, parse_key, token_key

SECRET = "0123456789abcdef" * 4
BINARY = hashlib.sha256(b"test").digest()
HEX = BINARY.hex()


def settings(tmp_path, mode=0o600, content=SECRET, folder="keys"):
    file = tmp_path / folder / "token.key"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    file.chmod(mode)
    return Settings(start=tmp_path, token_key_file=file)


def refusal(settings, lake):
    with pytest.raises(ProtectionError) as refused:
        token_key(settings, lake)
    return refused.value


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644, 0o777, 0o601])
def test_key_file_that_others_can_touch_is_refused(tmp_path, mode):
    refused = refusal(settings(tmp_path, mode), tmp_path / "lake")
    assert (refused.code, refused.facts["mode"]) == ("token_key_readable", f"{mode:04o}")


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_key_file_of_its_owner_alone_is_taken(tmp_path, mode):
    assert token_key(settings(tmp_path, mode), tmp_path / "lake") == TokenKey(SECRET.encode())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_key_file_of_another_user_is_refused(tmp_path):
    keyed = settings(tmp_path)
    os.chown(keyed.token_key_file, 65534, 65534)
    assert refusal(keyed, tmp_path / "lake").code == "token_key_owner"


def test_folder_in_which_others_can_replace_the_key_is_refused(tmp_path):
    keyed = settings(tmp_path)
    keyed.token_key_file.parent.chmod(0o777)
    assert refusal(keyed, tmp_path / "lake").code == "token_key_folder"
    keyed.token_key_file.parent.chmod(0o1777)
    assert token_key(keyed, tmp_path / "lake")


def test_link_is_followed_only_within_its_folder(tmp_path):
    keyed = settings(tmp_path, folder="elsewhere")
    links = tmp_path / "keys"
    (links / "..data").mkdir(parents=True)
    (links / "far.key").symlink_to(keyed.token_key_file)
    assert refusal(Settings(start=tmp_path, token_key_file=links / "far.key"), tmp_path / "lake").code == "token_key_link"
    keyed.token_key_file.rename(links / "..data" / "token.key")
    (links / "near.key").symlink_to("..data/token.key")
    assert token_key(Settings(start=tmp_path, token_key_file=links / "near.key"), tmp_path / "lake") == TokenKey(SECRET.encode())


def test_key_in_the_lake_is_refused_also_by_a_link(tmp_path):
    keyed = settings(tmp_path, folder="lake")
    assert refusal(keyed, tmp_path / "lake").code == "token_key_in_lake"
    (tmp_path / "alias").symlink_to(tmp_path / "lake")
    aliased = Settings(start=tmp_path, token_key_file=tmp_path / "alias" / "token.key")
    assert refusal(aliased, tmp_path / "lake").code == "token_key_in_lake"
    (tmp_path / "near.key").symlink_to(keyed.token_key_file)
    assert refusal(Settings(start=tmp_path, token_key_file=tmp_path / "near.key"), tmp_path / "lake").code == "token_key_in_lake"


def test_key_that_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "loop").symlink_to("loop")
    codes = [
        refusal(Settings(start=tmp_path, token_key_file=tmp_path / n), tmp_path / "lake").code for n in ("pipe", "loop", "none")
    ]
    assert codes == ["token_key_no_file", "token_key_missing", "token_key_missing"]
    assert refusal(settings(tmp_path, content=b"x" * 70000), tmp_path / "lake").code == "token_key_no_file"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("secret\n", "token_key_short"),
        ("", "token_key_short"),
        (" " * 40, "token_key_short"),
        ("a" * 64, "token_key_weak"),
        ("password" * 8, "token_key_weak"),
        (bytes(32), "token_key_weak"),
        (bytes(range(32)), "token_key_weak"),
        ("lakeward-key:2:sm4-cmac:hex:" + SECRET, "token_key_format"),
        ("lakeward-key:1:sm4:hex:" + SECRET, "token_key_format"),
        ("lakeward-key:1:sm4-cmac:hex:" + SECRET[:-1], "token_key_format"),
        ("lakeward-key:1:sm4-cmac:hex:" + SECRET[:32] + " " + SECRET[32:], "token_key_format"),
        ("lakeward-key:1:sm4-cmac:raw:" + SECRET, "token_key_format"),
        ("lakeward-key\n" + SECRET, "token_key_format"),
        ("lakeward-key:1:sm4-cmac:hex:" + SECRET[:32], "token_key_short"),
        ("lakeward-key:1:sm4-cmac:hex:" + "ab" * 32, "token_key_weak"),
    ],
)
def test_key_that_could_be_guessed_or_misread_is_refused(tmp_path, content, code):
    refused = refusal(settings(tmp_path, content=content), tmp_path / "lake")
    assert refused.code == code
    assert SECRET[:16] not in str(refused)


def test_without_a_key_there_is_none(tmp_path):
    assert token_key(Settings(start=tmp_path), tmp_path / "lake") is None
    assert token_key(Settings(start=tmp_path, token_key=SECRET), tmp_path / "lake") == TokenKey(SECRET.encode())


@pytest.mark.parametrize("content", [SECRET, SECRET + "\n", SECRET + "\r\n", " " + SECRET + "\t\n", b"\n\x85" + BINARY + b" "])
def test_key_of_before_keeps_its_id(tmp_path, content):
    before = content.encode().strip() if isinstance(content, str) else content.strip()
    found = token_key(settings(tmp_path, content=content), tmp_path / "lake")
    assert found == TokenKey(before)
    assert found.id == hmac.new(before, b"lakeward token key id", hashlib.sha256).hexdigest()[:8]


@pytest.mark.parametrize("edge", [b"\n", b" ", b"\t", b"\x0b", b"\x0c", b"\r"])
def test_random_bytes_that_look_like_white_space_at_an_end_are_part_of_the_key(tmp_path, edge):
    for content in (edge + BINARY[1:], BINARY[1:] + edge):
        assert token_key(settings(tmp_path, content=content), tmp_path / "lake").secret == content


def test_file_and_variable_give_one_key(tmp_path):
    for content in (SECRET, f"lakeward-key:1:sm4-cmac:hex:{HEX}", f"lakeward-key:1:hmac-sha256:hex:{HEX}\n"):
        by_variable = token_key(Settings(start=tmp_path, token_key=content), tmp_path / "lake")
        assert by_variable == token_key(settings(tmp_path, content=content), tmp_path / "lake")
    assert refusal(Settings(start=tmp_path, token_key=SECRET + "\n"), tmp_path / "lake").code == "token_key_blank"
    kept = base64.b64encode(f"{SECRET}\n".encode()).decode()
    assert parse_key(f"lakeward-key:1:hmac-sha256:base64:{kept}".encode(), "-").secret == f"{SECRET}\n".encode()


def test_two_schemes_never_share_an_id_and_a_written_key_is_read():
    keys = [parse_key(key_text(BINARY, scheme).encode(), "-") for scheme in Scheme]
    assert keys == [TokenKey(BINARY, scheme) for scheme in Scheme]
    assert {key.id[:-8] for key in keys} == {"", "sm4-", "kek-", "sm2-"}


def test_subkeys_of_other_labels_are_other_keys():
    key = TokenKey(BINARY, Scheme.CMAC)
    labels = [("token", "", "phone", "plant"), ("token", "", "phone", "party"), ("token", "phone", "", "plant"), ("tokenphone",)]
    assert len({key.subkey(*label) for label in labels}) == len(labels)


def test_token_is_the_hmac_of_the_text_under_the_key():
    key = TokenKey(SECRET.encode())
    expected = hmac.new(SECRET.encode(), "张伟".encode(), hashlib.sha256).hexdigest()[:32]
    assert key.tokeniser()("张伟") == f"{key.id}:{expected}"
    assert TokenKey(b"x" * 32).tokeniser()("张伟") != key.tokeniser()("张伟")


def test_secret_shows_in_no_representation():
    key = TokenKey(SECRET.encode())
    assert SECRET not in repr((key, key.tokeniser(), Settings.load(environ={"LAKEWARD_TOKEN_KEY": SECRET})))


def test_doctor_names_keys_and_what_is_wrong_with_them(tmp_path):
    from lakeward.flows.operations.key_checks import check_keys, uses_protection

    good = settings(tmp_path, content=f"lakeward-key:1:sm4-cmac:hex:{HEX}\n")
    assert list(check_keys(good)) == [("token key", f"sm4-{TokenKey(BINARY, Scheme.CMAC).id[4:]} (sm4-cmac)", "")]
    assert uses_protection(good)
    ((name, found, repair),) = check_keys(settings(tmp_path, mode=0o644))
    assert (name, found) == ("token key", None)
    assert "chmod 600" in repair
    assert not list(check_keys(Settings(start=tmp_path)))
