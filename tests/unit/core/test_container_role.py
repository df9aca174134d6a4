"""Credentials of the role that a container runs as, from a real address on loopback."""

import pytest

from lakeward.core.errors import MachineError, SettingsError
from lakeward.core.storage.container_role import RoleCredentials, role_credentials
from support.task_role import TOKEN, credentials, task_role

FULL, RELATIVE = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
ROLE = credentials("ASIAROLE", "secret-of-the-role", "session")


def test_the_role_is_asked_for_where_the_environment_says():
    with task_role(ROLE) as role:
        found = role_credentials(role.variables)
    assert found == RoleCredentials(key_id="ASIAROLE", secret="secret-of-the-role", token="session")
    assert role.asked == ["/v2/credentials/plant?id=1"]
    assert "ASIAROLE" not in repr(found)
    assert "secret" not in repr(found)


def test_a_machine_without_a_role_is_asked_nothing():
    assert role_credentials({"AWS_REGION": "eu-central-1", FULL: ""}) is None


def test_the_token_may_lie_in_a_file(tmp_path):
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    with task_role(ROLE) as role:
        named = {FULL: role.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")}
        assert role_credentials(named) is not None
        with pytest.raises(SettingsError) as refused:
            role_credentials({**named, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "none")})
    assert (refused.value.code, refused.value.facts["found"]) == ("role_token_not_readable", "FileNotFoundError")


@pytest.mark.parametrize(
    "said", ["", "[]", "no json", "{}", '{"AccessKeyId": "A", "SecretAccessKey": null}', '{"AccessKeyId": 1}']
)
def test_an_answer_without_credentials_is_an_error(said):
    with task_role(said) as role, pytest.raises(MachineError) as refused:
        role_credentials(role.variables)
    assert (refused.value.code, refused.value.facts["found"]) == ("role_credentials_refused", "HTTP 200")


def test_a_refusal_and_a_silence_are_errors_without_the_token():
    with task_role(ROLE) as role:
        with pytest.raises(MachineError) as refused:
            role_credentials({FULL: role.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "of-another"})
        assert refused.value.facts["found"] == "HTTP 403"
    with pytest.raises(MachineError) as silent:
        role_credentials(role.variables)
    assert silent.value.facts["found"] == "ConnectionRefusedError"
    assert TOKEN not in str(silent.value)


def test_the_token_goes_to_no_other_place():
    with task_role(ROLE) as other, task_role("", moved_to=other.url) as role, pytest.raises(MachineError) as refused:
        role_credentials(role.variables)
    assert (refused.value.facts["found"], other.asked) == ("HTTP 302", [])


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        (FULL, "http://plant.example/credentials"),
        (FULL, "ftp://127.0.0.1/credentials"),
        (FULL, "127.0.0.1"),
        (FULL, "http://127.0.0.1:port/"),
        (FULL, "http://[::1"),
        (RELATIVE, "@plant.example/credentials"),
        (RELATIVE, ".plant.example/credentials"),
    ],
)
def test_secrets_are_not_asked_for_across_a_network_without_tls(variable, address):
    with pytest.raises(SettingsError) as refused:
        role_credentials({variable: address})
    assert (refused.value.code, refused.value.facts) == ("role_address_not_valid", {"variable": variable})
