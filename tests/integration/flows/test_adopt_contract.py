"""ODCS contracts of others: taken in with what is needed here, their promises judged or named, and told from what is no ODCS."""

import json

import pytest
import yaml

from lakeward.core.errors import ContractError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import AdoptionOptions, adopt_contract, create_project, ingest_dataset, lint_contracts, list_verdicts
from support.command_line import run_command

ORDERS = """\
version: 1.1.0
kind: DataContract
apiVersion: v3.0.2
id: 0c0ffee0-0000-4000-8000-000000000001
status: active
name: Work Orders
domain: maintenance
dataProduct: upkeep
tenant: PlantCo
description: {purpose: Orders of repair, usage: planning}
servers:
  - {server: drop, type: local, path: ./orders, format: csv}
schema:
  - name: orders
    physicalType: table
    tags: [upkeep]
    properties:
      - name: orderId
        primaryKey: true
        primaryKeyPosition: 1
        logicalType: string
        physicalType: varchar(18)
        required: false
        unique: true
        logicalTypeOptions: {minLength: 2, maxLength: 9, pattern: "WO[0-9]+"}
        classification: restricted
      - name: opened
        physicalName: opened_at
        primaryKeyPosition: -1
        logicalType: date
        physicalType: timestamp
      - name: hours
        logicalType: number
        physicalType: double
        logicalTypeOptions: {minimum: 0, exclusiveMaximum: 100, format: f64}
        quality:
          - {type: library, metric: nullValues, mustBe: 0, dimension: completeness, severity: error}
          - {type: sql, query: "SELECT 1", mustBe: 1}
      - {name: parts, logicalType: array, physicalType: list, items: {logicalType: string}}
    quality:
      - {type: library, metric: rowCount, mustBeGreaterThan: 2}
team:
  - {username: li.wei, role: Owner, dateIn: "2022-10-01"}
roles:
  - {role: reader, access: read, firstLevelApprovers: Boss}
price: {priceAmount: 9.95, priceCurrency: USD, priceUnit: megabyte}
slaProperties:
  - {property: latency, value: 4, unit: d}
  - {property: timeOfAvailability, value: "09:00", driver: regulatory}
  - {property: timeOfAvailability, value: "08:00", driver: analytics}
support:
  - {channel: "#help", tool: slack, url: "https://chat.example/help"}
customProperties:
  - {property: refRulesetName, value: some.ruleset}
"""
ROWS = "orderId,opened_at,hours,parts\nWO1,2026-03-01 06:00:00,1.5,a\nWO2,2026-03-01 07:00:00,2.5,b\nWO3,2026-03-01 08:00:00,250,c\nXX4,2026-03-01 09:00:00,1,\n"


@pytest.fixture
def settings(tmp_path):
    return Settings(start=create_project(tmp_path / "plant"))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "orders.odcs.yaml"
    path.write_text(ORDERS, encoding="utf-8")
    return path


def codes(adopted):
    return [note.code for note in adopted.notes]


def test_a_contract_of_the_standard_runs_with_what_is_added(settings, file, tmp_path):
    sample = tmp_path / "orders.csv"
    sample.write_text(ROWS, encoding="utf-8")
    adopted = adopt_contract(settings, file, AdoptionOptions(sample=sample))
    assert adopted.dataset == "work_orders"
    assert lint_contracts(settings, "work_orders") == []
    written = yaml.safe_load((adopted.folder / "contract.odcs.yaml").read_text(encoding="utf-8"))
    kept = ("id", "tenant", "dataProduct", "roles", "price", "support", "servers", "description")
    assert {key: written[key] for key in kept} == {key: yaml.safe_load(ORDERS)[key] for key in kept}
    report = ingest_dataset(settings, "work_orders")
    assert (report.counts.rows_in, report.counts.silver, report.counts.quarantine) == (4, 2, 2)
    failed = {row.rule_id for row in list_verdicts(settings, "work_orders") if row.outcome == "FAIL"}
    assert failed == {"column_values_to_be_between:hours", "column_values_to_match_regex:orderId"}


def test_what_is_added_read_otherwise_or_left_is_told(settings, file):
    adopted = adopt_contract(settings, file)
    facts = [(note.code, note.facts.get("place"), str(note.facts.get("key", ""))) for note in adopted.notes]
    assert {"adopt_source", "adopt_time_column", "adopt_changed", "adopt_left"} == set(codes(adopted))
    assert ("adopt_left", "schema.hours", "quality: sql") in facts
    assert ("adopt_left", "schema.hours", "logicalTypeOptions: format") in facts
    assert ("adopt_left", "slaProperties", "timeOfAvailability") in facts
    suite = json.loads((adopted.folder / "suite.json").read_text(encoding="utf-8"))
    assert [entry["type"].removeprefix("expect_") for entry in suite["expectations"]] == [
        "table_row_count_to_be_between",
        "column_values_to_be_unique",
        "column_value_lengths_to_be_between",
        "column_values_to_match_regex",
        "column_values_to_be_between",
        "column_values_to_not_be_null",
    ]
    assert suite["expectations"][0]["kwargs"] == {"min_value": 3}
    assert suite["expectations"][4]["kwargs"] == {"column": "hours", "min_value": 0, "max_value": 100, "strict_max": True}


def test_of_several_objects_one_is_asked_for(settings, file):
    document = yaml.safe_load(ORDERS)
    document["schema"].append({"name": "machines", "properties": [{"name": "id", "logicalType": "string"}]})
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(UsageError, match="orders, machines") as refused:
        adopt_contract(settings, file)
    assert refused.value.code == "adopt_objects"
    adopted = adopt_contract(settings, file, AdoptionOptions(object_name="machines", key=("id",)))
    assert (adopted.dataset, "adopt_no_time" in codes(adopted), "adopt_no_key" in codes(adopted)) == ("machines", True, False)
    assert lint_contracts(settings, "machines") == []


@pytest.mark.parametrize(
    "text", ["a: 1\n", "- 1\n", "kind: DataContract\napiVersion: v2.2.2\n", "dataContractSpecification: 1.1.0\n"]
)
def test_what_is_no_odcs_is_refused_as_such(settings, file, text):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match="Open Data Contract Standard"):
        adopt_contract(settings, file)
    assert not list((settings.start / "expectations" / "datasets").glob("*/contract*"))


def test_a_key_that_the_standard_does_not_know_is_named_with_its_place(settings, file):
    file.write_text(ORDERS.replace("tags: [upkeep]", "tagz: [upkeep]"), encoding="utf-8")
    with pytest.raises(ContractError, match="tagz"):
        adopt_contract(settings, file)


def test_lint_tells_what_is_no_odcs_from_what_only_needs_more(settings, capsys):
    folder = settings.start / "expectations" / "datasets" / "orders"
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(ORDERS, encoding="utf-8")
    needs = run_command(capsys, settings.start, "contract", "lint")
    assert (needs.code, "is valid ODCS" in needs.out, "lakeward contract adopt" in needs.out) == (3, True, True)
    assert not any(problem.standard for problem in lint_contracts(settings))
    (folder / "contract.odcs.yaml").write_text(ORDERS.replace("tags: [upkeep]", "tagz: [upkeep]"), encoding="utf-8")
    departs = run_command(capsys, settings.start, "contract", "lint")
    assert (departs.code, "departs from the Open Data Contract Standard in 1 places" in departs.out) == (3, True)
