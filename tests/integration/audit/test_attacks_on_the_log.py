"""Whoever may write the files of the lake changes its logs: each change is named."""

import hashlib
import json
import shutil

import pytest

from lakeward.core.errors import ProtectionError
from lakeward.flows.base import governance
from lakeward.protection.log_entries import FIRST_PREV, entry_hash_sql
from support.sealed_lake import copy_of, faults_of, make_project, rewrite, seal, verify, write_session

HASHES = entry_hash_sql(governance.table_spec("access_log").columns)
# The chain of one session, computed anew as far as one statement per entry goes.
REHASH = f"UPDATE t SET hash = {HASHES} WHERE session_id = 's1'"
RELINK = "UPDATE t SET prev = (SELECT hash FROM t AS p WHERE p.session_id = t.session_id AND p.seq = t.seq - 1) WHERE session_id = 's1' AND seq > 1"
RECOMPUTE = [REHASH, *[RELINK, REHASH] * 3]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """Three sealed sessions, and one that is not sealed yet."""
    settings = make_project(tmp_path_factory.mktemp("sealed"))
    for name in ("s1", "s2", "s3"):
        write_session(settings, name, 4)
    assert seal(settings) == [("access_log", 1, 12)]
    write_session(settings, "s4", 4)
    return settings


@pytest.fixture
def lake(sealed, tmp_path):
    return copy_of(sealed, tmp_path)


def test_without_a_change_nothing_is_named(lake):
    found = verify(lake)
    (state,) = found.logs
    assert found.faults == ()
    assert (state.entries, state.before_chain, state.sealed, state.signed, state.seals) == (16, 0, 12, 12, 1)
    assert [note.code for note in found.notes] == ["access_unsealed"]
    assert found.notes[0].facts == {"entries": 4}


UPDATE = "UPDATE t SET {} WHERE session_id = '{}' AND seq = {}"
DELETE = "DELETE FROM t WHERE session_id = '{}' AND seq {}"
SWAP = "UPDATE t SET seq = CASE seq WHEN 2 THEN 3 ELSE 2 END WHERE session_id = '{}' AND seq IN (2, 3)"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([UPDATE.format("rows_out = 0", "s1", 2)], {("changed", ("s1/2",))}),
        ([UPDATE.format("rows_out = 0", "s4", 2)], {("changed", ("s4/2",))}),
        ([UPDATE.format("principal = NULL", "s1", 4)], {("changed", ("s1/4",))}),
        ([UPDATE.format("hash = repeat('a', 64)", "s4", 4)], {("changed", ("s4/4",))}),
        ([UPDATE.format("hash = NULL, prev = NULL", "s1", 2)], {("changed", ("s1/2",))}),
        ([UPDATE.format("hash = NULL", "s4", 4)], {("changed", ("s4/4",)), ("inserted", ("s4/4",))}),
        ([UPDATE.format("rows_out = 0", "s1", 2), *RECOMPUTE], {("changed", ("s1/2", "s1/3", "s1/4"))}),
        ([DELETE.format("s1", "= 2")], {("removed", ("s1/2",)), ("changed", ())}),
        ([DELETE.format("s4", "= 2")], {("removed", ("s4/2",)), ("changed", ())}),
        ([DELETE.format("s1", "> 2")], {("removed", ("s1/3", "s1/4"))}),
        ([DELETE.format("s4", "> 2")], {("truncated", ("s4/3", "s4/4"))}),
        (["DELETE FROM t WHERE session_id = 's2'"], {("removed", ("s2/1", "s2/2", "s2/3", "s2/4"))}),
        (["DELETE FROM t WHERE session_id = 's4'"], {("truncated", ("s4/1", "s4/2", "s4/3", "s4/4"))}),
        (["DELETE FROM t"], {("removed", tuple(f"s{s}/{n}" for s in (1, 2, 3) for n in (1, 2, 3, 4))), ("truncated", ())}),
        (["INSERT INTO t SELECT * FROM t WHERE session_id = 's1' AND seq = 4"], {("inserted", ("s1/4",))}),
        (["INSERT INTO t SELECT * FROM t WHERE session_id = 's4'"], {("inserted", ("s4/1", "s4/2", "s4/3", "s4/4"))}),
        (
            ["INSERT INTO t SELECT * REPLACE ('x' AS session_id) FROM t WHERE session_id = 's4'"],
            {("inserted", ("x/1", "x/2", "x/3", "x/4")), ("changed", ())},
        ),
        (
            ["INSERT INTO t SELECT * REPLACE ('s9' AS session_id, NULL AS hash, NULL AS prev) FROM t WHERE session_id = 's1'"],
            {("inserted", ("s9/1", "s9/2", "s9/3", "s9/4"))},
        ),
        ([SWAP.format("s1")], {("reordered", ("s1/2", "s1/3"))}),
        ([SWAP.format("s1"), *RECOMPUTE], {("changed", ("s1/2", "s1/3", "s1/4"))}),
        ([UPDATE.format("asked_at = asked_at - INTERVAL 1 DAY", "s3", 1)], {("changed", ("s3/1",))}),
        ([UPDATE.format(f"prev = '{FIRST_PREV}'", "s4", 3)], {("changed", ("s4/3",))}),
    ],
)
def test_a_change_of_the_access_log_is_named(lake, statements, expected):
    rewrite(lake, "access_log", *statements)
    found = {kind: entries for log, kind, entries in faults_of(lake) if log == "access_log"}
    for kind, entries in expected:
        if entries:
            assert set(entries) <= set(found.get(kind, ())), found
    assert found
    assert set(found) <= {kind for kind, _ in expected}, found


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("table", "statements", "kinds"),
    [
        ("seal_leaves", ["UPDATE t SET hash = repeat('a', 64) WHERE leaf = 3"], {"seal_changed", "changed", "inserted"}),
        ("seal_leaves", ["UPDATE t SET leaf = 5 - leaf WHERE leaf IN (2, 3)"], {"seal_changed"}),
        ("seal_leaves", ["DELETE FROM t WHERE leaf = 11"], {"seal_changed"}),
        ("seal_leaves", ["UPDATE t SET hash = 'zz' WHERE leaf = 1"], {"seal_changed", "changed", "inserted"}),
        ("seal_leaves", ["UPDATE t SET seq = 9 WHERE leaf = 1"], {"reordered"}),
        ("seals", ["UPDATE t SET tree_size = 11"], {"seal_changed"}),
        ("seals", ["UPDATE t SET root = repeat('a', 64)"], {"seal_changed"}),
        ("seals", ["DELETE FROM t"], {"seal_removed"}),
        ("seals", ["UPDATE t SET sealed_at = sealed_at - INTERVAL 1 HOUR"], {"seal_changed"}),
        ("seals", ['UPDATE t SET checkpoint = replace(checkpoint, \'"signature":"\', \'"signature":"00\')'], {"signature"}),
        ("seals", ["UPDATE t SET checkpoint = 'x'"], {"seal_changed"}),
        ("seals", ["UPDATE t SET checkpoint = checkpoint || chr(10) || checkpoint"], {"seal_changed"}),
        ("seal_leaves", ["UPDATE t SET hash = ''"], {"seal_changed", "changed", "inserted"}),
    ],
)
def test_a_change_of_the_seals_is_named(lake, table, statements, kinds):
    rewrite(lake, table, *statements)
    found = {kind for _, kind, _ in faults_of(lake)}
    assert found
    assert found <= kinds, found


@pytest.mark.exhaustive
def test_removed_seals_are_numbered(lake):
    seal(lake)
    write_session(lake, "s5", 1)
    seal(lake)
    rewrite(lake, "seals", "DELETE FROM t WHERE seal_seq = 2")
    assert ("access_log", "seal_removed", ("seal/2",)) in faults_of(lake)


def test_a_log_that_was_written_anew_with_another_key_is_named(lake, tmp_path):
    """Everything is computed anew, chains, leaves, seals and signatures: only the key, or a checkpoint from outside, shows it."""
    old = checkpoint_file(lake, tmp_path / "old.jsonl")
    forged = make_project(tmp_path / "forged", key="another-Key-of-somebody-Else-9871")
    for name in ("s1", "s2"):
        write_session(forged, name, 4)
    seal(forged)
    in_place = type(lake)(start=forged.start, seal_key_file=lake.seal_key_file)
    assert faults_of(in_place) == [("access_log", "signature", ("seal/1",))]
    without_key = type(lake)(start=forged.start)
    assert faults_of(without_key) == []
    assert [fault[1] for fault in faults_of(without_key, old)] == ["signature", "checkpoint"]


def pin_key(settings, file):
    """Name the key of the newest seal, and a file for checkpoints, in the project."""
    key = json.loads(checkpoint_file(settings, file).read_text())["public_key"]
    project = settings.start / "expectations" / "project.yaml"
    project.write_text(project.read_text() + f"checkpoints: {{public_key: '{key}', file: {file}}}\n")


@pytest.mark.exhaustive
def test_seals_that_are_taken_away_or_follow_unsigned_are_named(lake, tmp_path):
    pin_key(lake, tmp_path / "kept.jsonl")
    assert faults_of(lake) == []
    seal(type(lake)(start=lake.start))  # by a person without the key
    assert faults_of(lake) == [("access_log", "signature", ("seal/2",))]
    for table in ("seals", "seal_leaves"):
        shutil.rmtree(lake.start / "lake" / "governance" / table)
    assert faults_of(lake) == [("access_log", "checkpoint", ("checkpoint/1", "checkpoint/2"))]


@pytest.mark.exhaustive
def test_a_new_key_leaves_what_the_old_one_signed(lake, tmp_path):
    old = checkpoint_file(lake, tmp_path / "kept.jsonl").read_text()
    new = tmp_path / "new.key"
    new.write_text("another-Key-of-the-same-Owner-98")
    new.chmod(0o600)
    lake = type(lake)(start=lake.start, seal_key_file=new)
    seal(lake)
    pin_key(lake, tmp_path / "kept.jsonl")
    (tmp_path / "kept.jsonl").write_text(old + (tmp_path / "kept.jsonl").read_text())
    assert faults_of(lake) == []


def test_key_that_serves_something_else_does_not_sign(lake, tmp_path):
    shared = tmp_path / "shared.key"
    for content in ("k7Qw9ZrT2mX4vB8nLp5sD1fGh3jKa6Yc", f"lakeward-key:1:key-wrap:hex:{hashlib.sha256(b'a key').hexdigest()}"):
        shared.write_text(content)
        shared.chmod(0o600)
        settings = type(lake)(start=lake.start, seal_key_file=shared, token_key=content if "wrap" not in content else None)
        with pytest.raises(ProtectionError) as refused:
            seal(settings)
        assert refused.value.code == "seal_key_shared"


def test_log_and_seals_set_back_together_show_by_a_checkpoint_from_outside(sealed, lake, tmp_path):
    seal(lake)
    kept = checkpoint_file(lake, tmp_path / "kept.jsonl")
    assert faults_of(lake, kept) == []
    assert faults_of(sealed) == []
    assert faults_of(sealed, kept) == [("access_log", "checkpoint", ("checkpoint/2",))]


def test_a_checkpoint_that_was_edited_is_named(lake, tmp_path):
    file = checkpoint_file(lake, tmp_path / "kept.jsonl")
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | {"tree_size": 11}))
    assert {kind for _, kind, _ in faults_of(lake, file)} == {"signature", "checkpoint"}


def checkpoint_file(settings, path):
    from lakeward.flows.base.workspace import open_workspace

    with open_workspace(settings).engine() as engine:
        rows = governance.read_rows(engine, "seals", order="seal_seq")
    path.write_text(rows[-1]["checkpoint"] + "\n", encoding="utf-8")
    return path
