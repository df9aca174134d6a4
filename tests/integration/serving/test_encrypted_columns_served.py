"""A column that the policy encrypts: ciphertexts for the reader, the values back for a role that may see them, and denied without a key."""

from dataclasses import replace
from importlib import resources
from importlib.util import find_spec

import pytest

from lakeward.core.errors import ProtectionError
from lakeward.flows import KeyAuthor, create_key_file, destroy_key, list_keys, rotate_key
from lakeward.flows.serving import anonymity, decryption
from lakeward.flows.serving.anonymity import AnonymityQuestion
from support.served_lake import SECRETS, connect_as, grades_of, make_lake

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")), reason="needs the extra protect"
)
RULE = """\
rules:
  - {id: phones-encrypted, why: For the backup, roles: [cdo], grades: [general], categories: [personal.phone], action: encrypt}
  - {id: costs-encrypted, why: For the backup, roles: [cdo], grades: [important], categories: [none], action: encrypt}
"""
COLUMN = "silver.orders.phone"
LI = KeyAuthor(by="li.wei", reason="contract ended")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    settings = make_lake(folder / "project")
    policy = (resources.files("lakeward") / "expectations/policies/serving.yaml").read_text(encoding="utf-8")
    file = folder / "project" / "expectations" / "policies" / "serving.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(policy.replace("rules:\n", RULE, 1).replace("version:", "format: 2\nversion:", 1), encoding="utf-8")
    create_key_file(folder / "kek", "key-wrap")
    settings = replace(settings, wrapping_key_file=folder / "kek")
    rotate_key(settings, COLUMN, "sm4", LI)
    return settings


def decrypted(settings, values, role):
    return decryption.decrypt_values(settings, COLUMN, values, role, grade_lookup=grades_of)


def test_reader_gets_ciphertexts_and_the_steward_the_values(settings):
    with connect_as(settings, "cdo") as con:
        rows = con.sql("select phone from silver.orders order by order_id")
        sealed = [value for (value,) in rows.fetchall()]
        assert rows.types == ("BLOB",)
        assert "phone" in con.explain_mask(COLUMN).column
        assert con.explain_mask(COLUMN).action == "encrypt"
        assert con.sql("select count(*) from silver.orders a join silver.orders b using (phone)").fetchone() == (2,)
    assert [value and value[:4].hex() for value in sealed] == [list_keys(settings)[0].key_id] * 2 + [None]
    assert not any(secret.encode() in value for secret in SECRETS for value in sealed if value)
    assert decrypted(settings, sealed, "steward") == [SECRETS[0], SECRETS[1], None]
    for role in ("cdo", "analyst"):
        with pytest.raises(ProtectionError) as refused:
            decrypted(settings, sealed, role)
        assert refused.value.code == "query_column_hidden"


def test_column_without_a_key_is_denied_and_says_what_it_needs(settings):
    with connect_as(settings, "cdo") as con:
        assert "cost" not in con.sql("from silver.orders").columns
        assert "lakeward key rotate" in con.explain_mask("silver.orders.cost").why
    with connect_as(replace(settings, wrapping_key_file=None), "cdo") as con:
        assert "phone" not in con.sql("from silver.orders").columns


def test_ciphertexts_tell_persons_apart_as_their_values_do(settings):
    question = AnonymityQuestion(table="silver.orders", quasi_identifiers=("phone",), person="id_number", seen_by="cdo")
    assert anonymity.measure_anonymity(settings, question, "steward", grade_lookup=grades_of).k == 1


def test_no_query_can_encrypt(settings):
    with connect_as(settings, "cdo") as con:
        con.sql("select count(phone) from silver.orders").fetchall()
        database = next(iter(con._session._databases.values()))[0][0]
        names = database.execute("select function_name from duckdb_functions() where function_name like 'lakeward%'").fetchall()
        assert names
        for (name,) in names:
            with pytest.raises(ProtectionError):
                con.sql(f"select {name}('19900004321')")


def test_values_of_an_older_key_are_read_and_those_of_a_destroyed_one_are_not(settings):
    with connect_as(settings, "cdo") as con:
        old = con.sql("select phone from silver.orders order by order_id").fetchone()[0]
    first = list_keys(settings)[0]
    rotate_key(settings, COLUMN, "sm4", LI)
    with connect_as(settings, "cdo") as con:
        new = con.sql("select phone from silver.orders order by order_id").fetchone()[0]
    assert old[:4] != new[:4]
    assert decrypted(settings, [old, new], "steward") == [SECRETS[0]] * 2
    destroy_key(settings, first.key_id, LI)
    with pytest.raises(ProtectionError) as refused:
        decrypted(settings, [old, new], "steward")
    assert refused.value.facts["key"] == first.key_id
    assert decrypted(settings, [new], "steward") == [SECRETS[0]]
