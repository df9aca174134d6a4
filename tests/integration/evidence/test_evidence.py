"""One authority per concept, rights, reviews, accounts and protection: from real rows, signed, sealed, and counted by indicators."""

import hashlib
import json
from pathlib import Path

import pytest

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import (
    ConceptDecision,
    Review,
    RightsDeclaration,
    Standing,
    assess_readiness,
    create_project,
    decide_concept,
    declare_rights,
    draft_from_files,
    grade_all,
    ingest_dataset,
    list_concepts,
    list_decisions,
    list_rights,
    record_review,
    seal_logs,
    show_maturity,
    verify_logs,
)
from lakeward.flows.base import governance
from lakeward.flows.base.text_key import TEXT_KEY_FILE
from lakeward.flows.base.workspace import open_workspace
from support.accounts import ANALYST, STEWARD, make_accounts

MACHINES = [f"press{number:02d}" for number in range(1, 9)]
REGISTER, ORDER = "silver.machines.machine", "silver.orders.machine"


def write_csv(path: Path, head: str, lines: list[str]) -> Path:
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    """A register of machines and orders that name them, drafted from files and run."""
    folder = tmp_path_factory.mktemp("evidence")
    settings = Settings(start=create_project(folder / "plant"))
    files = {
        "machines": write_csv(folder / "m.csv", "machine,place", [f"{name},hall {at % 3}" for at, name in enumerate(MACHINES)]),
        "orders": write_csv(
            folder / "o.csv", "order_no,machine,phone", [f"WO{at:04d},{MACHINES[at % 8]},1990000{at:04d}" for at in range(40)]
        ),
    }
    for name, file in files.items():
        draft_from_files(settings, name, [file])
    contract = settings.start / "expectations/datasets/machines/contract.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    if "primaryKey" not in text:
        contract.write_text(text.replace("name: machine\n", "name: machine\n        primaryKey: true\n", 1), encoding="utf-8")
    for name in files:
        ingest_dataset(settings, name)
    grade_all(settings)
    return settings


def indicators(settings: Settings, item: str) -> dict[str, tuple[int | None, int | None]]:
    (found,) = show_maturity(settings, item)
    return {each.indicator: (each.numerator, each.denominator) for each in found.indicators}


def test_columns_with_the_same_values_are_proposed_as_one_concept_and_a_steward_decides(settings):
    (proposed,) = list_concepts(settings)
    assert {each.column for each in proposed.columns} == {REGISTER, ORDER}
    assert (proposed.authority, {each.standing for each in proposed.columns}) == (None, {Standing.UNDECIDED})
    assert not any(each.has_lineage for each in proposed.columns)

    choice = ConceptDecision(concept="machine", authority=REGISTER, others={ORDER: Standing.REFERENCE}, reason="台账")
    decided = decide_concept(settings, choice, "wang.fang")

    assert (decided.authority, decided.concept) == (REGISTER, "machine")
    assert list_concepts(settings) == [decided]
    assess_readiness(settings)
    assert indicators(settings, "8.2")["AD1"] == (2, 2)


def test_sketches_hold_keyed_hashes_and_no_value_and_change_with_the_key(settings):
    list_concepts(settings)
    with open_workspace(settings).engine() as engine:
        rows = governance.read_rows(engine, "column_sketches")
    text = json.dumps(rows, default=str)
    plain = {hashlib.sha256(name.encode()).hexdigest()[:16] for name in MACHINES}
    assert not any(name in text for name in (*MACHINES, *plain))
    assert {row["distinct_values"] for row in rows if row["column_name"] in {REGISTER, ORDER}} == {8}

    before = {row["column_name"]: row["hashes"] for row in rows}
    (settings.start / TEXT_KEY_FILE).unlink()
    list_concepts(settings)
    with open_workspace(settings).engine() as engine:
        after = {row["column_name"]: row["hashes"] for row in governance.read_rows(engine, "column_sketches")}
    assert all(after[name] != hashes for name, hashes in before.items())


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (ConceptDecision(concept="m", authority="silver.machines.nothing", reason="r"), "column_not_found"),
        (ConceptDecision(concept="m", authority=REGISTER, others={REGISTER: Standing.COPY}, reason="r"), "concept_column_twice"),
        (ConceptDecision(concept=" ", authority=REGISTER, reason="r"), "concept_reason_missing"),
        (ConceptDecision(concept="m", authority=REGISTER, reason=" "), "concept_reason_missing"),
    ],
)
def test_a_wrong_decision_about_a_concept_is_refused(settings, choice, code):
    with pytest.raises(UsageError) as caught:
        decide_concept(settings, choice, "wang.fang")
    assert caught.value.code == code


def test_rights_and_reviews_are_signed_counted_sealed_and_in_the_history(settings, tmp_path):
    document = tmp_path / "contract.pdf"
    document.write_bytes(b"contract")
    declared = declare_rights(
        settings,
        "orders",
        RightsDeclaration(holder="工厂", source="own", basis="own staff", until="2099-12-31", document=document),
        "li.wei",
    )
    assert declared.document == hashlib.sha256(b"contract").hexdigest()
    declare_rights(
        settings, "orders", RightsDeclaration(holder="工厂", source="own", basis="ended", until="2020-12-31"), "li.wei"
    )
    found = {row.dataset: (row.basis, row.last_day) for row in list_rights(settings)}
    assert found == {"machines": (None, None), "orders": ("ended", "2020-12-31")}
    record_review(settings, Review(kind="requirements", subject="orders", outcome="passed", note="seen"), "li.wei")

    assess_readiness(settings)
    seal_logs(settings)

    assert (indicators(settings, "9.1")["OW1"], indicators(settings, "9.1")["OW2"]) == ((1, 2), (0, 1))
    assert indicators(settings, "11.1")["QR4"] == (None, 2)
    assert verify_logs(settings).faults == ()
    kinds = {(each.kind, each.action) for each in list_decisions(settings)}
    assert {("rights", "declare"), ("review", "review")} <= kinds


@pytest.mark.parametrize(
    ("review", "code"),
    [
        (Review(kind="mood", subject="orders", outcome="passed", note="n"), "review_word"),
        (Review(kind="access", subject="orders", outcome="fine", note="n"), "review_word"),
        (Review(kind="policy", subject="orders", outcome="passed", note="n"), "review_subject"),
        (Review(kind="access", subject="orders", outcome="passed", note=" "), "review_note_missing"),
        (Review(kind="access", subject="orders", outcome="passed", note="a\x1b[2J"), "text_control"),
        (Review(kind="access", subject="nothing", outcome="passed", note="n"), "dataset_not_found"),
    ],
)
def test_a_wrong_review_is_refused(settings, review, code):
    with pytest.raises(UsageError) as caught:
        record_review(settings, review, "li.wei")
    assert caught.value.code == code


@pytest.mark.exhaustive
def test_an_analyst_reviews_nothing_an_owner_without_an_account_is_counted_and_protection_is_a_query(settings):
    people = make_accounts(settings, STEWARD, ANALYST)
    review = Review(kind="access", subject="orders", outcome="passed", note="n")
    with pytest.raises(ProtectionError) as caught:
        record_review(people[ANALYST.name], review)
    assert caught.value.code == "decision_role"
    record_review(people[STEWARD.name], review)
    assess_readiness(settings)
    assert indicators(settings, "7.1")["GO2"] == (2, 2)
    protection = indicators(settings, "12.2")["SM1"]
    assert protection == (1, 1)  # the phone
    assert not assess_readiness(settings).changed
