"""Keys of encrypted columns: rotated and wrapped anew without writing data, and destroyed for good."""

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError, MachineError, ProtectionError, UsageError
from lakeward.flows import (
    KeyAuthor,
    approve_key_change,
    create_key_file,
    destroy_key,
    list_decisions,
    list_keys,
    rewrap_keys,
    rotate_key,
    seal_logs,
)
from lakeward.flows.base.column_keys import open_column_keys
from lakeward.flows.base.key_decisions import append_key_decision, read_key_decisions
from lakeward.flows.base.workspace import open_workspace
from support.accounts import ADMIN, ANALYST, STEWARD, make_accounts
from support.policies import write_policy
from support.sealed_lake import faults_of, rewrite
from support.served_lake import make_lake

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")), reason="needs the extra protect"
)
COLUMN = "silver.orders.phone"
LI = KeyAuthor(by="li.wei", reason="contract ended")
LI_REASON = KeyAuthor(reason="contract ended")
OTHER_ADMIN = replace(ADMIN, name="zhou.m", person=ADMIN.person)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_lake(tmp_path_factory.mktemp("lake") / "project")


@pytest.fixture
def settings(project, tmp_path):
    """The project with a lake and a wrapping key of its own."""
    create_key_file(tmp_path / "kek", "key-wrap")
    return replace(project, lake=str(tmp_path / "lake"), wrapping_key_file=tmp_path / "kek")


def keys_of(settings, column=COLUMN):
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        return open_column_keys(workspace, engine, column)


def seal(settings, *values):
    import pyarrow as pa

    from lakeward.protection.ciphertexts import ColumnCipher

    return ColumnCipher.of(keys_of(settings)[-1][1])(pa.array(values, pa.string()))


def opened(settings, column):
    from lakeward.protection.ciphertexts import decrypt_column

    return decrypt_column(column, {key.id: key for _, key in keys_of(settings)}).to_pylist()


def lake_text(settings):
    files = (file for file in Path(settings.lake).rglob("*") if file.is_file())
    return b"".join(file.read_bytes() for file in files)


def test_rotation_leaves_old_values_readable_and_new_ones_under_the_new_key(settings):
    first = rotate_key(settings, COLUMN, "sm4", LI)
    old = seal(settings, "19900004321", None)
    second = rotate_key(settings, COLUMN, "aes", LI)
    new = seal(settings, "19900004321")
    assert [(key.generation, key.state, key.algorithm) for key in list_keys(settings)] == [
        (1, "decrypt_only", "sm4"),
        (2, "active", "aes"),
    ]
    assert old[0].as_py()[:4].hex() == first.key_id
    assert new[0].as_py()[:4].hex() == second.key_id
    assert opened(settings, old) + opened(settings, new) == [b"19900004321", None, b"19900004321"]


def test_no_key_lies_in_the_lake_in_clear(settings):
    rotate_key(settings, COLUMN, "sm4", LI)
    secret = keys_of(settings)[0][1].secret
    assert len(secret) == 32
    everything = lake_text(settings)
    assert secret not in everything
    assert secret.hex().encode() not in everything
    folder = Path(settings.lake) / ".keys"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_destroyed_key_erases_its_values_and_says_who_and_why(settings):
    key = rotate_key(settings, COLUMN, "sm4", LI)
    sealed, before = seal(settings, "19900004321"), (Path(settings.lake) / ".keys" / key.key_id).read_bytes()
    gone = destroy_key(settings, key.key_id, LI)
    assert (gone.state, gone.changed_by, gone.reason) == ("destroyed", "li.wei", "contract ended")
    assert list_keys(settings) == [gone]
    assert not list((Path(settings.lake) / ".keys").iterdir())
    assert before not in lake_text(settings)  # no copy in a table either
    with pytest.raises(ProtectionError) as refused:
        opened(settings, sealed)
    assert (refused.value.code, refused.value.facts["key"]) == ("ciphertext_key", key.key_id)
    assert destroy_key(settings, key.key_id, LI).state == "destroyed"  # again after a kill
    assert rotate_key(settings, COLUMN, "sm4", LI).generation == 2


@pytest.mark.exhaustive
def test_keys_are_wrapped_anew_and_values_stay(settings, tmp_path):
    rotate_key(settings, COLUMN, "sm4", LI)
    rotate_key(settings, "silver.orders.id_number", "sm4", LI)
    sealed = seal(settings, "19900004321")
    new = create_key_file(tmp_path / "kek2", "key-wrap")
    assert len(rewrap_keys(settings, tmp_path / "kek2", LI)) == 2
    assert rewrap_keys(settings, tmp_path / "kek2", LI) == []  # again after a kill
    assert {key.wrapping_key_id for key in list_keys(settings)} == {new.key_id}
    with pytest.raises(ProtectionError) as refused:
        keys_of(settings)
    assert refused.value.code == "key_wrapped_by_other"
    assert opened(replace(settings, wrapping_key_file=tmp_path / "kek2"), sealed) == [b"19900004321"]


def test_wrapped_key_that_was_changed_or_swapped_is_refused(settings):
    one, other = (rotate_key(settings, column, "sm4", LI).key_id for column in (COLUMN, "silver.orders.id_number"))
    folder = Path(settings.lake) / ".keys"
    content = (folder / one).read_bytes()
    for wrong in (content[:-1] + bytes([content[-1] ^ 1]), (folder / other).read_bytes(), content[:30]):
        (folder / one).write_bytes(wrong)
        with pytest.raises(ProtectionError) as refused:
            keys_of(settings)
        assert refused.value.code == "ciphertext_changed"
    (folder / one).unlink()
    with pytest.raises(ProtectionError) as refused:
        keys_of(settings)
    assert refused.value.code == "key_file_missing"


def test_changes_need_a_key_a_name_and_a_reason(settings, tmp_path):
    with pytest.raises(ProtectionError) as refused:
        rotate_key(replace(settings, wrapping_key_file=None), COLUMN, "sm4", LI)
    assert refused.value.code == "wrapping_key_missing"
    create_key_file(tmp_path / "tokens")
    with pytest.raises(ProtectionError) as refused:
        rotate_key(replace(settings, wrapping_key_file=tmp_path / "tokens"), COLUMN, "sm4", LI)
    assert refused.value.code == "token_key_format"
    key = rotate_key(settings, COLUMN, "sm4", LI).key_id
    wrong = {
        "key_author_missing": lambda: rotate_key(settings, COLUMN, "sm4", KeyAuthor()),
        "key_algorithm": lambda: rotate_key(settings, COLUMN, "des", LI),
        "column_not_found": lambda: rotate_key(settings, "silver.orders.phones", "sm4", LI),
        "key_reason_missing": lambda: destroy_key(settings, key, KeyAuthor(by="li.wei", reason=" ")),
        "key_unknown": lambda: destroy_key(settings, "00000000", LI),
        "key_scheme": lambda: create_key_file(tmp_path / "x", "des"),
    }
    for code, call in wrong.items():
        with pytest.raises(UsageError) as missing:
            call()
        assert missing.value.code == code
    with pytest.raises(MachineError) as exists:
        create_key_file(tmp_path / "tokens")
    assert exists.value.code == "key_file_not_written"
    assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o600


def test_with_accounts_only_an_admin_changes_keys(settings, tmp_path):
    owners = make_accounts(replace(settings, accounts=tmp_path / "accounts.jsonl"), ANALYST)
    for wrong in (owners[ANALYST.name], replace(owners[ANALYST.name], token=None)):
        with pytest.raises(ProtectionError) as refused:
            rotate_key(wrong, COLUMN, "sm4", KeyAuthor())
        assert refused.value.code == "key_admin"
    key = rotate_key(owners[ADMIN.name], COLUMN, "sm4", KeyAuthor())
    assert (key.changed_by, key.verified) == (ADMIN.name, True)


def refused_code(call, *arguments):
    with pytest.raises(LakewardError) as refused:
        call(*arguments)
    return refused.value.code


def test_with_accounts_two_persons_destroy_a_key(settings, tmp_path):
    owners = make_accounts(replace(settings, accounts=tmp_path / "accounts.jsonl"), STEWARD, OTHER_ADMIN)
    admin, steward, same = (owners[one.name] for one in (ADMIN, STEWARD, OTHER_ADMIN))
    key, other = (rotate_key(admin, COLUMN, "sm4", KeyAuthor()).key_id for _ in range(2))
    why = KeyAuthor(reason="contract ended")
    assert refused_code(destroy_key, admin, key, why) == "key_approval_missing"
    assert refused_code(approve_key_change, replace(steward, token=None), key, "agreed") == "key_approval_token"
    assert refused_code(approve_key_change, steward, key, " ") == "key_reason_missing"
    assert refused_code(approve_key_change, steward, "00000000", "agreed") == "key_unknown"
    for wrong, code in [(admin, "key_approval_own"), (same, "key_approval_own")]:  # the same person under another account
        approve_key_change(wrong, key, "agreed")
        assert refused_code(destroy_key, admin, key, why) == code
    approve_key_change(steward, other, "another key")
    assert refused_code(destroy_key, admin, key, why) == "key_approval_own"
    assert [one.state for one in list_keys(admin)] == ["decrypt_only", "active"]

    assert approve_key_change(steward, key, "agreed") == STEWARD.name
    assert refused_code(destroy_key, steward, key, why) == "key_admin"
    assert destroy_key(admin, key, why).state == "destroyed"
    assert destroy_key(admin, key, why).state == "destroyed"  # again after a kill
    assert refused_code(approve_key_change, steward, key, "agreed") == "key_unknown"
    with open_workspace(settings).engine() as engine:
        newest = read_key_decisions(engine)[-1]
    assert (newest["event"], newest["decided_by"], newest["approved_by"]) == ("decide", ADMIN.name, STEWARD.name)
    of_key = [each for each in list_decisions(admin, kind="key") if key in (each.detail, each.subject.partition(":")[2])]
    assert {(each.action, each.by, each.approved_by) for each in of_key} == {
        *(("create", ADMIN.name, None), ("retire", ADMIN.name, None), ("destroy", ADMIN.name, STEWARD.name)),
        *(("approve", name, None) for name in (ADMIN.name, OTHER_ADMIN.name, STEWARD.name)),
    }
    assert [each.reason for each in of_key if each.action == "destroy"] == [why.reason]


def test_the_second_person_is_of_the_project_and_has_a_role_that_decides(settings, tmp_path):
    settings = replace(settings, start=make_lake(tmp_path / "project").start)
    write_policy(settings.start)
    guest = replace(STEWARD, name="guest", person="Guest", party="supplier-a")
    guest_admin = replace(ADMIN, name="guest.admin", person="Guest Admin", party="supplier-a")
    owners = make_accounts(replace(settings, accounts=tmp_path / "accounts.jsonl"), ANALYST, guest, guest_admin, STEWARD)
    admin = owners[ADMIN.name]
    key = rotate_key(admin, COLUMN, "sm4", KeyAuthor()).key_id
    for name in (ANALYST.name, guest.name, guest_admin.name):
        assert refused_code(approve_key_change, owners[name], key, "agreed") == "key_decider"
    assert refused_code(rotate_key, owners[guest_admin.name], COLUMN, "sm4", KeyAuthor()) == "key_decider"
    with open_workspace(settings).engine() as engine:  # as versions before took it
        now = datetime.now(UTC)
        cells = {"verified": True, "reason": "agreed", "decided_at": now}
        append_key_decision(engine, {"event": "approve", "subject": f"destroy:{key}", "decided_by": ANALYST.name, **cells})
    assert refused_code(destroy_key, admin, key, LI_REASON) == "key_approval_own"


def test_an_approval_of_last_week_is_none(settings, tmp_path):
    owners = make_accounts(replace(settings, accounts=tmp_path / "accounts.jsonl"), STEWARD)
    key = rotate_key(owners[ADMIN.name], COLUMN, "sm4", KeyAuthor()).key_id
    with open_workspace(settings).engine() as engine:
        old = {"event": "approve", "subject": f"destroy:{key}", "decided_by": STEWARD.name, "verified": True, "reason": "w"}
        append_key_decision(engine, {**old, "decided_at": datetime.now(UTC) - timedelta(days=7, minutes=1)})
    assert refused_code(destroy_key, owners[ADMIN.name], key, LI_REASON) == "key_approval_missing"


@pytest.mark.exhaustive
def test_history_of_keys_is_sealed(tmp_path):
    create_key_file(tmp_path / "kek", "key-wrap")
    settings = replace(make_lake(tmp_path / "project"), wrapping_key_file=tmp_path / "kek")
    rotate_key(settings, COLUMN, "sm4", LI)
    assert ("keys", 1) in [(each.log, each.entries) for each in seal_logs(settings)]
    assert faults_of(settings) == []
    rewrite(settings, "keys", "UPDATE t SET state = 'destroyed'")
    assert {log for log, _, _ in faults_of(settings)} == {"keys"}
