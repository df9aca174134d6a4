"""Tokens of an identity provider at the server: the same check as on the command line, and the same words for every wrong one."""

import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import lakeward
from lakeward.core.errors import ProtectionError
from support.flight_server import running_server
from support.shared_servers import copy_with_accounts

ISSUER = "https://id.plant.example/realms/plant"
PROVIDER = """\
issuer: https://id.plant.example/realms/plant
audience: lakeward
keys: jwks.json
groups:
  plant-analysts: {roles: [analyst]}
  plant-engineers: {roles: [engineer]}
"""
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def web_token(key=KEY, **more):
    now = datetime.now(UTC)
    claims = {"iss": ISSUER, "aud": "lakeward", "sub": "7f3c-li.wei", "iat": now, "exp": now + timedelta(hours=1)}
    return jwt.encode({**claims, "groups": ["plant-analysts"], **more}, key, "ES256", headers={"kid": "ec"})


@pytest.fixture(scope="module")
def served(canary_lake, tmp_path_factory):
    root = tmp_path_factory.mktemp("provider") / "plant"
    settings, _ = copy_with_accounts(canary_lake, root)
    folder = root / "expectations/policies"
    (folder / "oidc.yaml").write_text(PROVIDER, encoding="utf-8")
    public = {**jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "ec", "use": "sig"}
    (folder / "jwks.json").write_text(json.dumps({"keys": [public]}), encoding="utf-8")
    with (root / "expectations/project.yaml").open("a", encoding="utf-8") as file:
        file.write("oidc: expectations/policies/oidc.yaml\n")
    with running_server(settings.start) as server:
        yield settings, server


def test_groups_of_a_token_are_the_roles_of_its_account(served):
    settings, server = served
    with lakeward.connect(server.address, token=web_token()) as con:
        assert con.sql("select phone from silver.visits where visit = 'V1'").fetchall() == [("199***0137",)]
    both = web_token(groups=["plant-analysts", "plant-engineers"])
    with lakeward.connect(server.address, token=both, role="engineer") as con:
        assert con.sql("select cost from silver.visits where visit = 'V1'").fetchall() == [(73037.26,)]
    with pytest.raises(ProtectionError) as refused:
        lakeward.connect(server.address, token=web_token(), role="engineer")
    assert refused.value.code == "account_role"
    entries = [
        json.loads(line) for file in (settings.start / "lake/.access").glob("*.jsonl") for line in file.read_text().splitlines()
    ]
    assert {entry["principal"] for entry in entries} == {f"oidc:{ISSUER}#7f3c-li.wei"}


@pytest.mark.parametrize(
    "token",
    [
        web_token(OTHER),
        web_token(exp=datetime.now(UTC) - timedelta(hours=1), iat=datetime.now(UTC) - timedelta(hours=2)),
        web_token(aud="another"),
        web_token(iss="https://id.other.example"),
        web_token(groups=["visitors"]),
        web_token(exp=datetime.now(UTC) + timedelta(days=30)),
        web_token().rpartition(".")[0] + ".",
    ],
    ids=["other key", "over", "other audience", "other issuer", "no group", "too long a life", "no signature"],
)
def test_a_wrong_token_is_refused_in_the_words_of_every_wrong_one(served, token):
    with pytest.raises(ProtectionError) as refused:
        lakeward.connect(served[1].address, token=token)
    assert refused.value.code == "server_unauthenticated"
    assert refused.value.facts == {}


@pytest.mark.exhaustive
def test_a_provider_whose_key_is_replaced_ends_its_sessions(served):
    settings, server = served
    with lakeward.connect(server.address, token=web_token()) as con:
        rows = con.sql("select 1")
        file = settings.start / "expectations/policies/jwks.json"
        before = file.read_text(encoding="utf-8")
        try:
            file.write_text('{"keys": []}', encoding="utf-8")
            with pytest.raises(ProtectionError):
                rows.fetchall()
        finally:
            file.write_text(before, encoding="utf-8")
        assert con.sql("select 2").fetchall() == [(2,)]
