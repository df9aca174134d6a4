"""An export: no column and no row that exporter or recipient may not see, marked, logged before it leaves, with a manifest and a record."""

import csv
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest

if any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")):
    pytest.skip("needs the extra protect", allow_module_level=True)

import duckdb
from deltalake import DeltaTable

from lakeward.core.errors import LakewardError
from lakeward.flows import CopyForm, ExportRequest, export_table, list_access, list_exports, seal_logs, verify_logs
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.export_files import claimed_target, place_copy
from support.accounts import NewAccount, make_accounts
from support.exported_lake import CONTRACT, NAME, SECRET_NAME, SECRET_NOTE, TABLE, append_rows, grades_of, make_lake

MARKED = {"temp": "0.02 0.01", "force": "0.4 0.1"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_lake(tmp_path_factory.mktemp("exports") / "plant")


def export(settings, target, to="acme", **options):
    options = {"role": "steward", "recipient_role": "partner", "purpose": "warranty", **options}
    request = ExportRequest(table=TABLE, target=target, recipient=to, **options)
    return export_table(settings, request, grade_lookup=grades_of)


def rows_of(path, columns="*", order="machine, ts"):
    scan = f"read_csv('{path}', header = true)" if path.suffix == ".csv" else f"read_parquet('{path}')"
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute(f"SELECT {columns} FROM {scan} ORDER BY {order}").fetchall()


def stored_rows(settings, columns):
    with open_workspace(settings).engine() as engine:
        return [tuple(row.values()) for row in engine.fetch(f"SELECT {columns} FROM {TABLE} ORDER BY machine, ts")]


def entries(settings):
    with open_workspace(settings).engine() as engine:
        return governance.read_rows(engine, "access_log", order="asked_at, session_id, seq")


def test_what_leaves_is_what_both_may_see(settings, tmp_path):
    found = export(settings, tmp_path / "a.parquet")
    with duckdb.connect() as con:
        types = dict(row[:2] for row in con.execute(f"DESCRIBE FROM '{tmp_path / 'a.parquet'}'").fetchall())
    assert list(types) == ["machine", "ts", "temp", "force", "cycles", "cost", "operator"]
    assert types["cost"] == "VARCHAR"  # in bands for the partner, in clear for the steward
    assert {row[0] for row in rows_of(tmp_path / "a.parquet", "cost", "1")} == {
        f"[{low}, {low + 50})" for low in range(1000, 1400, 50)
    }
    assert {row[0] for row in rows_of(tmp_path / "a.parquet", "operator", "1")} == {"欧***"}  # in part for both
    content = (tmp_path / "a.parquet").read_bytes() + (tmp_path / "a.parquet.manifest.json").read_bytes()
    assert not any(secret.encode() in content for secret in (SECRET_NAME, SECRET_NOTE, "quartz"))
    assert found.columns["cost"] == "generalise important -"
    assert (found.rows, found.marks) == (4000, MARKED)


def test_marked_values_deviate_by_the_amplitude_and_flat_runs_and_zeros_do_not(settings, tmp_path):
    export(settings, tmp_path / "a.parquet")
    marked = rows_of(tmp_path / "a.parquet", "temp, force, cycles")
    stored = stored_rows(settings, "temp, force, cycles")
    moves = {round(now[0] - before[0], 9) for now, before in zip(marked, stored, strict=True)}
    assert moves == {-0.02, 0.0, 0.02}
    forces = {now[1] - before[1] for now, before in zip(marked, stored, strict=True)}
    assert forces == {Decimal("-0.40"), Decimal("0.00"), Decimal("0.40")}
    assert [row[2] for row in marked] == [row[2] for row in stored]
    still = [now for now, before in zip(marked, stored, strict=True) if before[0] in (0.0, 21.5)]
    assert {row[0] for row in still} == {0.0, 21.5}
    assert all(len(repr(row[0]).partition(".")[2]) <= 2 for row in marked)
    assert min(row[0] for row in stored) <= min(row[0] for row in marked)
    assert max(row[0] for row in marked) <= max(row[0] for row in stored)
    share = sum(now[0] != before[0] for now, before in zip(marked, stored, strict=True)) / len(stored)
    assert share > 0.8


def test_the_average_is_unbiased(settings, tmp_path):
    export(settings, tmp_path / "a.parquet")
    (marked,) = rows_of(tmp_path / "a.parquet", "avg(temp)", "1")
    values = [row[0] for row in stored_rows(settings, "temp")]
    assert abs(marked[0] - sum(values) / len(values)) < 0.002


def test_a_second_copy_is_the_same_and_another_recipients_is_not(settings, tmp_path):
    one, two, other = (export(settings, tmp_path / f"{at}.parquet", to) for at, to in enumerate(("acme", "acme", "bolt")))
    first, second, third = (rows_of(tmp_path / f"{at}.parquet", "machine, ts, temp, force") for at in range(3))
    assert first == second != third
    assert one.export_id != two.export_id != other.export_id


@pytest.mark.sampled(1)
@pytest.mark.parametrize("form", ["csv", "parquet", "delta"])
def test_every_form_holds_the_same_rows(settings, tmp_path, form):
    target = tmp_path / ("copy" if form == "delta" else f"copy.{form}")
    found = export(settings, target, form=CopyForm.DELTA if form == "delta" else None)
    export(settings, tmp_path / "reference.parquet")
    shown = "machine, ts, temp, CAST(force AS DOUBLE), cycles, cost, operator"
    if form == "delta":
        table = DeltaTable(str(target))
        assert "minValues" not in (target / "_delta_log" / "00000000000000000000.json").read_text()
        (file,) = table.file_uris()
        assert rows_of(target / file.rpartition("/")[2], shown) == rows_of(tmp_path / "reference.parquet", shown)
    else:
        assert [tuple(map(str, row)) for row in rows_of(target, shown)] == [
            tuple(map(str, row)) for row in rows_of(tmp_path / "reference.parquet", shown)
        ]
    assert target.stat().st_mode & 0o077 == 0
    assert found.format == form
    for name, digest in found.files.items():
        file = target / name if form == "delta" else target
        assert hashlib.sha256(file.read_bytes()).hexdigest() == digest


def test_manifest_and_record_say_what_left(settings, tmp_path):
    found = export(settings, tmp_path / "a.csv")
    sheet = tmp_path / "a.csv.manifest.json"
    said = json.loads(sheet.read_text())
    assert hashlib.sha256(sheet.read_bytes()).hexdigest() == found.manifest_sha256
    assert (said["recipient"], said["purpose"], said["table"], said["table_version"], said["rows"]) == (
        "acme",
        "warranty",
        TABLE,
        0,
        4000,
    )
    assert said["values_deviate_by_at_most"] == {"temp": "0.02", "force": "0.4"}
    assert said["recipient_titles"] == {"en": "Acme", "zh": "艾克米"}
    assert "key" not in str(said)
    assert list_exports(settings)[0] == found


def test_the_entry_is_in_the_chain_with_the_hash_of_the_manifest(settings, tmp_path):
    found = export(settings, tmp_path / "a.parquet")
    entry = entries(settings)[-1]
    assert (entry["verdict"], entry["rows_out"], entry["consumer"], entry["purpose"]) == ("allowed", 4000, "acme", "warranty")
    assert entry["export_id"] == found.export_id
    assert entry["bytes_out"] == found.bytes
    assert json.loads(entry["columns"])[f"{TABLE}.cost"] == "generalise important -"
    assert entry["answer_digest"]
    assert list_access(settings)[0].entry == f"{entry['session_id']}/{entry['seq']}"


def test_exports_are_sealed_and_a_changed_record_is_found(tmp_path):
    settings = make_lake(tmp_path / "plant", 20)
    export(settings, tmp_path / "a.parquet")
    seal_logs(settings)
    assert verify_logs(settings).faults == ()
    with open_workspace(settings).engine() as engine:
        path = engine.info(governance.table_name("exports")).path
    table = DeltaTable(path)
    table.update({"recipient": "'bolt'"})
    assert [(fault.log, fault.kind) for fault in verify_logs(settings).faults] == [("exports", "changed")]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"to": "nobody"}, "export_recipient_unknown"),
        ({"role": "cook"}, "role_unknown"),
        ({"recipient_role": "cook"}, "role_unknown"),
        ({"purpose": None}, "export_purpose"),
        ({"purpose": "none"}, "export_purpose"),
        ({"purpose": "fun"}, "purpose_unknown"),
        ({"purpose": "recall"}, "purpose_token"),
        ({"columns": ("phone",)}, "column_not_found"),
        ({"columns": ("recipe",)}, "query_column_hidden"),
        ({"columns": ("note",)}, "query_column_hidden"),
        ({"columns": ("machine", "ts", "cycles")}, "export_unmarkable"),
    ],
)
def test_what_is_refused_leaves_nothing(settings, tmp_path, options, code):
    with pytest.raises(LakewardError) as refused:
        export(settings, tmp_path / "a.parquet", **options)
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []
    assert "Next:" in str(refused.value)


def test_a_failure_has_an_entry(settings, tmp_path):
    before = len(entries(settings))
    with pytest.raises(LakewardError):
        export(settings, tmp_path / "a.parquet", columns=("recipe",))
    (entry,) = entries(settings)[before:]
    assert (entry["verdict"], entry["code"], entry["consumer"], entry["export_id"]) == (
        "failed",
        "query_column_hidden",
        "acme",
        None,
    )


def test_a_recipient_who_may_see_nothing_gets_nothing(settings, tmp_path):
    policy = settings.start / "expectations/policies/serving.yaml"
    text = policy.read_text()
    try:
        policy.write_text(
            text.replace("parties: [own, acme, bolt]", "parties: [own, bolt]").replace(
                '["*"], parties: ["*"]', '["*"], parties: [own, bolt]'
            )
        )
        with pytest.raises(LakewardError) as refused:
            export(settings, tmp_path / "a.parquet")
    finally:
        policy.write_text(text)
    assert refused.value.code == "export_hidden"


def test_a_copy_without_fingerprint_must_be_asked_for(settings, tmp_path):
    found = export(settings, tmp_path / "a.csv", columns=("machine", "cycles"), marked=False)
    assert (found.marks, found.mark_key_id) == ({}, None)
    with (tmp_path / "a.csv").open(encoding="utf-8") as file:
        assert next(csv.reader(file)) == ["machine", "cycles"]


def test_without_a_key_no_copy_is_marked(tmp_path):
    settings = make_lake(tmp_path / "plant", 5, key=False)
    with pytest.raises(LakewardError) as refused:
        export(settings, tmp_path / "a.parquet")
    assert refused.value.code == "export_no_key"


@pytest.mark.parametrize("place", ["lake/out.parquet", "lake/silver/out.parquet"])
def test_a_copy_never_lies_in_the_lake(settings, place):
    with pytest.raises(LakewardError) as refused:
        export(settings, settings.start / place)
    assert refused.value.code == "data_in_lake"


def test_nothing_is_replaced_and_a_missing_folder_is_named(settings, tmp_path):
    (tmp_path / "a.parquet").write_text("mine")
    for target, code in (
        (tmp_path / "a.parquet", "export_target_exists"),
        (tmp_path / "b" / "a.csv", "export_target_folder"),
        (tmp_path / "a.txt", "export_format"),
        (Path("s3://plant/a.csv"), "export_target_url"),
    ):
        with pytest.raises(LakewardError) as refused:
            export(settings, target)
        assert refused.value.code == code
    assert (tmp_path / "a.parquet").read_text() == "mine"


def test_row_filters_of_both_hold(tmp_path):
    settings = make_lake(tmp_path / "plant", 20)
    contract = settings.start / f"expectations/datasets/{NAME}/contract.odcs.yaml"
    filters = """{first: "machine <> 'M9'", of-party: "CASE $party WHEN 'acme' THEN machine IN ('M1', 'M9') ELSE TRUE END"}"""
    contract.write_text(CONTRACT + f"  - {{property: rowFilters, value: {filters}}}\n")
    policy = settings.start / "expectations/policies/serving.yaml"
    rules = "rowFilters:\n  - {id: a, why: w, roles: [steward], filter: first}\n  - {id: b, why: w, roles: [partner], parties: [acme], filter: of-party}\nrules:\n"
    policy.write_text(policy.read_text().replace("rules:\n", rules))
    found = export(settings, tmp_path / "a.parquet")
    assert (found.rows, {row[0] for row in rows_of(tmp_path / "a.parquet", "machine")}) == (20, {"M1"})


def test_a_quota_holds_for_exports(tmp_path):
    settings = make_lake(tmp_path / "plant", 20)
    with (settings.start / "expectations/project.yaml").open("a") as file:
        file.write("quotas: {rows_per_day: 100}\n")
    with pytest.raises(LakewardError) as refused:
        export(settings, tmp_path / "a.parquet")
    assert refused.value.code == "quota_exceeded"
    assert list(tmp_path.glob("a.parquet*")) == []
    assert list_exports(settings) == []
    assert [row["verdict"] for row in entries(settings)] == ["refused"]


def test_a_copy_for_ones_own_people_is_marked_by_account(tmp_path):
    settings = make_lake(tmp_path / "plant", 20)
    steward = NewAccount(name="wang.fang", person="Wang Fang", roles=("steward",), purposes=("warranty",))
    owners = make_accounts(settings, steward)
    found = export(owners["wang.fang"], tmp_path / "a.parquet", "own", role=None, recipient_role=None)
    assert (found.recipient, found.exported_by, found.verified) == ("own:wang.fang", "wang.fang", True)
    other = NewAccount(name="li.wei", person="Li Wei", roles=("steward",), purposes=())
    lacking = make_accounts_later(owners["zhou.min"], settings, other)
    with pytest.raises(LakewardError) as refused:
        export(lacking, tmp_path / "b.parquet", "own", role=None, recipient_role=None)
    assert refused.value.code == "purpose_not_of_account"


def make_accounts_later(admin, settings, new):
    from lakeward.flows import add_account

    return replace(settings, token=add_account(admin, new).token)


@pytest.mark.exhaustive
def test_a_target_that_fails_leaves_nothing_and_the_entry_stands(settings, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    before = len(entries(settings))
    target = folder / ("x" * 226 + ".csv")  # the name of the draft is too long
    with pytest.raises(LakewardError) as failed:
        export(settings, target)
    assert failed.value.code == "export_not_written"
    assert list(folder.iterdir()) == []
    allowed, ended = entries(settings)[before:]
    assert (allowed["verdict"], ended["verdict"], ended["code"], ended["rows_out"]) == (
        "allowed",
        "failed",
        "export_not_written",
        0,
    )
    assert allowed["export_id"] == ended["export_id"] == list_exports(settings)[0].export_id
    assert list_exports(settings)[0].failure == "export_not_written"
    assert {export.failure for export in list_exports(settings)[1:]} <= {None}


def test_of_two_exports_to_one_target_one_wins_and_the_other_leaves_no_trace(tmp_path):
    settings = make_lake(tmp_path / "plant", 20)
    folder = tmp_path / "out"
    folder.mkdir()
    found, refused = [], []

    def race(to):
        try:
            found.append(export(settings, folder / "a.parquet", to))
        except LakewardError as error:
            refused.append(error.code)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(race, ["acme", "bolt"] * 4))
    (won,) = found
    assert refused == ["export_target_exists"] * 7
    assert sorted(file.name for file in folder.iterdir()) == ["a.parquet", "a.parquet.manifest.json"]
    assert list_exports(settings) == [won]
    manifest = (folder / "a.parquet.manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == won.manifest_sha256
    assert hashlib.sha256((folder / "a.parquet").read_bytes()).hexdigest() == won.files["a.parquet"]


def test_a_target_that_another_program_takes_meanwhile_is_not_replaced(tmp_path):
    target, copy = tmp_path / "a.csv", tmp_path / "copy.csv"
    copy.write_text("ours")

    def place_late():
        with claimed_target(target):
            target.write_text("mine")
            place_copy(copy, target, "{}")

    with pytest.raises(LakewardError) as refused:
        place_late()
    assert (refused.value.code, target.read_text()) == ("export_target_exists", "mine")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.csv", "copy.csv"]


def test_rows_of_a_later_version_are_not_in_the_copy_that_names_an_earlier_one(tmp_path):
    settings = make_lake(tmp_path / "plant", 5)
    first = export(settings, tmp_path / "a.parquet")
    append_rows(settings.start, f"SELECT * REPLACE ('M77' AS machine) FROM {TABLE}", 2)
    second = export(settings, tmp_path / "b.parquet")
    assert (first.table_version, first.rows, second.table_version, second.rows) == (0, 50, 1, 100)
