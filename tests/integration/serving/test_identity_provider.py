"""Tokens of an identity provider: verified offline by real keys; roles come from groups, and forged ones are refused."""

import base64
import hashlib
import hmac
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from lakeward.core.errors import LakewardError, ProtectionError
from lakeward.flows import add_account, approve_purpose, request_purpose, signer_name
from lakeward.flows.serving.connection import open_connection
from lakeward.protection.register import AccountRegister
from support.accounts import ANALYST, STEWARD, make_accounts
from support.policies import write_policy
from support.served_lake import grades_of, make_lake

ISSUER, AUDIENCE = "https://id.plant.example/realms/plant", "lakeward"
NAME = f"oidc:{ISSUER}#7f3c-li.wei"
FILE = """\
issuer: https://id.plant.example/realms/plant
audience: lakeward
keys: jwks.json
groups:
  plant-analysts: {roles: [analyst], purposes: [process-quality]}
  plant-stewards: {roles: [steward]}
  suppliers: {roles: [analyst], party: supplier-a}
  visitors: {roles: [visitor]}
"""
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def public(key, kid):
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


KEYS = [public(RSA_KEY, "rsa"), public(EC_KEY, "ec"), public(SHORT_KEY, "short")]
SYMMETRIC = {"kty": "oct", "kid": "oct", "k": base64.urlsafe_b64encode(b"k" * 32).decode().rstrip("=")}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    settings = make_lake(root)
    write_policy(root)
    folder = root / "expectations" / "policies"
    (folder / "oidc.yaml").write_text(FILE, encoding="utf-8")
    (folder / "jwks.json").write_text(json.dumps({"keys": [*KEYS, SYMMETRIC]}), encoding="utf-8")
    with (root / "expectations" / "project.yaml").open("a", encoding="utf-8") as file:
        file.write("oidc: expectations/policies/oidc.yaml\n")
    return settings


def claims(**more):
    now = datetime.now(UTC)
    found = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "7f3c-li.wei",
        "iat": now,
        "exp": now + timedelta(hours=1),
        "groups": ["plant-analysts"],
    }
    return {name: value for name, value in {**found, **more}.items() if value is not None}


def token(key=RSA_KEY, kid="rsa", algorithm="RS256", headers=None, **more):
    return jwt.encode(claims(**more), key, algorithm, headers={"kid": kid, **(headers or {})} if kid else headers)


def owner(settings, text):
    return replace(settings, token=text)


def code_of(call, *arguments):
    with pytest.raises(LakewardError) as error:
        call(*arguments)
    return error.value.code


def test_groups_give_roles_purposes_and_party(settings):
    with open_connection(owner(settings, token()), None, grades_of, "process-quality") as con:
        assert con.explain_mask("silver.orders.cost").rule == "bands"
        assert con._log.principal == NAME
    with open_connection(owner(settings, token(groups=["suppliers", "unknown"])), None, grades_of) as con:
        assert con.sql("from silver.orders").columns == ("order_id", "machine")
    both = owner(settings, token(EC_KEY, "ec", "ES256", groups=["plant-analysts", "plant-stewards"]))
    assert code_of(open_connection, both, None, grades_of) == "role_missing"
    with open_connection(both, "steward", grades_of) as con:
        assert con.sql("select count(*) from silver.orders").fetchone() == (3,)
    assert code_of(open_connection, owner(settings, token()), "steward", grades_of) == "account_role"
    assert signer_name(both) == NAME


def test_claims_inside_other_claims(settings, tmp_path):
    copy = make_lake(tmp_path)
    (tmp_path / "oidc.yaml").write_text(FILE.replace("groups:", "claim: realm_access.roles\ngroups:", 1), encoding="utf-8")
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": KEYS[:1]}), encoding="utf-8")
    with (tmp_path / "expectations" / "project.yaml").open("a", encoding="utf-8") as file:
        file.write("oidc: oidc.yaml\n")
    found = token(kid=None, groups=None, realm_access={"roles": ["plant-analysts"]})
    assert signer_name(owner(copy, found)) == NAME


def hs256_with_public_key():
    """Signed with the text of the public key, which everyone has."""
    pem = RSA_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return signed_by({"alg": "HS256", "kid": "rsa"}, lambda head: hmac.new(pem, head, hashlib.sha256).digest())


def signed_by(header, sign):
    body = {**claims(), "iat": int(claims()["iat"].timestamp()), "exp": int(claims()["exp"].timestamp())}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, body)]
    head = b".".join(parts)
    return (head + b"." + base64.urlsafe_b64encode(sign(head)).rstrip(b"=")).decode()


def tampered():
    head, _, signature = token().split(".")
    more = base64.urlsafe_b64encode(
        json.dumps({**jwt.decode(token(), options={"verify_signature": False}), "groups": ["plant-stewards"]}).encode()
    )
    return ".".join((head, more.decode().rstrip("="), signature))


def signed_by_short_key():
    return signed_by({"alg": "RS256", "kid": "short"}, lambda head: SHORT_KEY.sign(head, padding.PKCS1v15(), hashes.SHA256()))


HOUR = timedelta(hours=1)
REFUSED = {
    "signed with the public key": (hs256_with_public_key, "oidc_token_invalid"),
    "none": (lambda: signed_by({"alg": "none"}, lambda _: b""), "oidc_token_invalid"),
    "none in capitals": (lambda: signed_by({"alg": "NoNe", "kid": "rsa"}, lambda _: b""), "oidc_token_invalid"),
    "a symmetric key of the file": (lambda: token(b"k" * 32, "oct", "HS256"), "oidc_token_invalid"),
    "a symmetric key under another name": (lambda: signed_by({"alg": "RS256", "kid": "oct"}, lambda _: b"x"), "oidc_key_unknown"),
    "a key of somebody else": (lambda: token(OTHER_KEY), "oidc_token_invalid"),
    "an unknown key": (lambda: token(OTHER_KEY, "other"), "oidc_key_unknown"),
    "no key named where there are several": (lambda: token(kid=None), "oidc_key_unknown"),
    "a short key": (signed_by_short_key, "oidc_key_unknown"),
    "a key of another kind": (lambda: token(EC_KEY, "rsa", "ES256"), "oidc_token_invalid"),
    "an algorithm that is not declared": (lambda: token(algorithm="RS512"), "oidc_token_invalid"),
    "a key in the header": (lambda: token(OTHER_KEY, "own", headers={"jwk": public(OTHER_KEY, "own")}), "oidc_key_unknown"),
    "a critical header": (lambda: token(headers={"crit": ["x"], "x": 1}), "oidc_token_invalid"),
    "changed claims": (tampered, "oidc_token_invalid"),
    "expired": (lambda: token(iat=datetime.now(UTC) - 3 * HOUR, exp=datetime.now(UTC) - HOUR), "oidc_token_expired"),
    "not yet valid": (lambda: token(nbf=datetime.now(UTC) + HOUR), "oidc_token_invalid"),
    "issued in the future": (lambda: token(iat=datetime.now(UTC) + HOUR, exp=datetime.now(UTC) + 2 * HOUR), "oidc_token_invalid"),
    "lives too long": (lambda: token(exp=datetime.now(UTC) + 25 * HOUR), "oidc_token_long"),
    "another issuer": (lambda: token(iss="https://id.other.example"), "oidc_token_invalid"),
    "issuer with a slash": (lambda: token(iss=ISSUER + "/"), "oidc_token_invalid"),
    "another audience": (lambda: token(aud="grafana"), "oidc_token_invalid"),
    **{
        f"no {name}": (lambda name=name: token(**{name: None}), "oidc_token_invalid")
        for name in ("iss", "aud", "sub", "iat", "exp")
    },
    "no groups": (lambda: token(groups=None), "oidc_no_role"),
    "unknown groups": (lambda: token(groups=["admins"]), "oidc_no_role"),
    "groups as a text": (lambda: token(groups="plant-analysts"), "oidc_no_role"),
    "two parties": (lambda: token(groups=["plant-analysts", "suppliers"]), "oidc_parties"),
    "a subject with a line end": (lambda: token(sub="li\nwei"), "oidc_token_invalid"),
    "no token at all": (lambda: "a.b.c", "oidc_token_invalid"),
    "very long": (lambda: token(more="x" * 20_000), "oidc_token_invalid"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_token_that_proves_nothing_is_refused(settings, case):
    make, code = REFUSED[case]
    assert code_of(signer_name, owner(settings, make())) == code


def test_a_web_token_needs_a_declared_provider(tmp_path):
    assert code_of(signer_name, owner(make_lake(tmp_path), token())) == "oidc_not_declared"


@pytest.mark.parametrize(
    ("found", "replacement", "code"),
    [
        ("roles: [steward]", "roles: [admin]", "oidc_admin"),
        ("roles: [steward]", "roles: []", "contract_value"),
        ("audience: lakeward\n", "", "contract_missing"),
        ("groups:\n", "algorithms: [HS256]\ngroups:\n", "policy_unknown_name"),
        ("keys: jwks.json", "keys: missing.json", "oidc_keys"),
        ("issuer:", "isuer:", "contract_unknown_key"),
        ("realms/plant", "'realms#plant'", "contract_value"),
    ],
)
def test_a_slip_in_the_file_is_named(tmp_path, found, replacement, code):
    settings = make_lake(tmp_path)
    (tmp_path / "oidc.yaml").write_text(FILE.replace(found, replacement), encoding="utf-8")
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": KEYS}), encoding="utf-8")
    with (tmp_path / "expectations" / "project.yaml").open("a", encoding="utf-8") as file:
        file.write("oidc: oidc.yaml\n")
    assert code_of(signer_name, owner(settings, token())) == code
    (tmp_path / "oidc.yaml").unlink()
    assert code_of(signer_name, owner(settings, token())) == "oidc_file_missing"


def test_two_subjects_are_two_persons_and_one_of_each_kind_is_not_known_to_be(settings):
    analyst, steward = owner(settings, token()), owner(settings, token(sub="steward", groups=["plant-stewards"]))
    own = owner(settings, token(groups=["plant-stewards"]))
    number = request_purpose(analyst, "failure-analysis", "rotor").request
    assert code_of(approve_purpose, own, number, "mine") == "purpose_same_person"
    register = make_accounts(settings, STEWARD)
    assert code_of(approve_purpose, register[STEWARD.name], number, "agreed") == "purpose_same_person"
    accounts = AccountRegister("register")
    assert accounts.are_two_persons(NAME, f"oidc:{ISSUER}#steward")
    assert not accounts.are_two_persons(NAME, f"oidc:{ISSUER}/other#steward")  # one person can be in two providers
    assert approve_purpose(steward, number, "agreed").decided_by == f"oidc:{ISSUER}#steward"
    assert code_of(add_account, steward, ANALYST) == "account_token_invalid"  # the register belongs to its own admins


@pytest.fixture
def own(tmp_path):
    """A lake of its own, whose provider's files lie in `id`."""
    settings = make_lake(tmp_path)
    write_policy(tmp_path)
    (tmp_path / "id").mkdir()
    (tmp_path / "id" / "oidc.yaml").write_text(FILE, encoding="utf-8")
    (tmp_path / "id" / "jwks.json").write_text(json.dumps({"keys": KEYS}), encoding="utf-8")
    with (tmp_path / "expectations" / "project.yaml").open("a", encoding="utf-8") as file:
        file.write("oidc: id/oidc.yaml\n")
    return settings


@pytest.mark.parametrize("name", ["oidc.yaml", "jwks.json"])
def test_a_file_that_others_can_write_or_replace_proves_nothing(own, name):
    file = own.start / "id" / name
    mine = owner(own, token())
    for mode, code in [(0o664, "oidc_file_writable"), (0o646, "oidc_file_writable"), (0o644, None), (0o600, None)]:
        file.chmod(mode)
        assert signer_name(mine) == NAME if code is None else code_of(signer_name, mine) == code
    file.parent.chmod(0o777)
    assert code_of(signer_name, mine) == "oidc_file_folder"
    file.parent.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(file, 65534, 65534)
        assert code_of(signer_name, mine) == "oidc_file_owner"
        os.chown(file, 0, 0)
    moved = own.start / name
    file.rename(moved)
    file.symlink_to(moved)
    assert code_of(signer_name, mine) == "oidc_file_link"
    file.unlink()
    (own.start / "lake" / name).write_bytes(moved.read_bytes())
    (own.start / "id" / name).symlink_to(own.start / "lake" / name)
    assert code_of(signer_name, mine) == "oidc_file_in_lake"


def test_a_key_that_is_removed_or_replaced_ends_an_open_session(own):
    keys = own.start / "id" / "jwks.json"
    with open_connection(owner(own, token()), None, grades_of) as con:
        assert con.sql("select count(*) from silver.orders").fetchone() == (3,)
        keys.write_text(json.dumps({"keys": [*KEYS, public(OTHER_KEY, "other")]}), encoding="utf-8")
        assert con.sql("select count(*) from silver.orders").fetchone() == (3,)
        rows = con.sql("select count(*) from silver.orders")
        keys.write_text(json.dumps({"keys": KEYS[1:]}), encoding="utf-8")
        assert code_of(con.sql, "select count(*) from silver.orders") == "oidc_key_unknown"
        assert code_of(rows.fetchall) == "oidc_key_unknown"
        keys.write_text(json.dumps({"keys": [public(OTHER_KEY, "rsa")]}), encoding="utf-8")
        assert code_of(con.sql, "select count(*) from silver.orders") == "oidc_token_invalid"


def test_a_key_that_is_rotated_behind_a_link_or_in_another_file_ends_an_open_session(own):
    folder = own.start / "id"
    for name, keys in (("first", KEYS), ("second", KEYS[1:])):
        (folder / name).mkdir()
        (folder / name / "jwks.json").write_text(json.dumps({"keys": keys}), encoding="utf-8")
    (folder / "..data").symlink_to("first")
    (folder / "jwks.json").unlink()
    (folder / "jwks.json").symlink_to("..data/jwks.json")
    with open_connection(owner(own, token()), None, grades_of) as con:
        assert con.sql("select count(*) from silver.orders").fetchone() == (3,)
        (folder / "oidc.yaml").write_text(FILE.replace("jwks.json", "other.json"), encoding="utf-8")
        (folder / "other.json").write_text(json.dumps({"keys": KEYS}), encoding="utf-8")
        assert con.sql("select count(*) from silver.orders").fetchone() == (3,)
        assert con.sql("select count(*) from silver.orders").fetchone() == (3,)
        (folder / "other.json").write_text(json.dumps({"keys": KEYS[1:]}), encoding="utf-8")
        assert code_of(con.sql, "select count(*) from silver.orders") == "oidc_key_unknown"
    (folder / "oidc.yaml").write_text(FILE, encoding="utf-8")
    with open_connection(owner(own, token()), None, grades_of) as con:
        (folder / "..new").symlink_to("second")
        (folder / "..new").rename(folder / "..data")
        assert code_of(con.sql, "select count(*) from silver.orders") == "oidc_key_unknown"


def test_one_subject_of_two_issuers_is_two_accounts_and_not_known_to_be_two_persons(own):
    file = own.start / "id" / "oidc.yaml"
    asked = request_purpose(owner(own, token()), "failure-analysis", "rotor")
    file.write_text(FILE.replace("/realms/plant", "/realms/partner"), encoding="utf-8")
    other = owner(own, token(iss=ISSUER.replace("realms/plant", "realms/partner"), groups=["plant-stewards"]))
    assert signer_name(other) == NAME.replace("realms/plant", "realms/partner")
    with pytest.raises(ProtectionError) as refused:
        approve_purpose(other, asked.request, "agreed")
    assert refused.value.code == "purpose_same_person"
