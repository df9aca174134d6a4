"""Detectors over labelled columns, near misses included: precision and recall have floors, and a missed one names itself."""

import random
from collections import Counter

import duckdb
import pytest

from lakeward.contracts.model import Column, DataType, Kind
from lakeward.grading.catalogue import shipped_rules
from lakeward.grading.detection import detection_query, detector_counts, fractional
from lakeward.grading.patterns import patterns
from lakeward.grading.proposal import Reason, propose_grades
from support import labelled_columns

RULES = shipped_rules()
SEEDS = (1, 2, 3, 4, 5)
# Over five seeds of each labelled column; a detector that gets worse shows here.
FLOORS = {"mobile": (0.88, 0.88)}
EXACT = (1.0, 1.0)


def proposals(columns, values, order=()):
    with duckdb.connect() as con:
        names = [column.name for column in columns]
        quoted = ", ".join(f'"{name}" VARCHAR' for name in names)
        con.execute(f"CREATE TABLE sample ({quoted})")
        con.executemany(f"INSERT INTO sample VALUES ({', '.join('?' * len(names))})", list(zip(*values, strict=True)))
        found = con.execute(detection_query("sample", names, order, RULES))
        heads = [head[0] for head in found.description]
        rows = [dict(zip(heads, row, strict=True)) for row in found.fetchall()]
    return {p.column: p for p in propose_grades(columns, "production", detector_counts(rows, names, RULES), RULES)}


@pytest.fixture(scope="module")
def judged():
    return [proposals(labelled_columns.labelled_columns(), list(labelled_columns.labelled_rows(seed).values())) for seed in SEEDS]


def outcomes(judged, detector):
    counts = Counter()
    for found in judged:
        for name, (wanted, _) in labelled_columns.LABELLED.items():
            counts[found[name].detector == detector, wanted == detector] += 1
    return counts


@pytest.mark.parametrize("detector", sorted({wanted for wanted, _ in labelled_columns.LABELLED.values() if wanted}))
def test_every_detector_keeps_its_precision_and_recall(judged, detector, record_property):
    counts = outcomes(judged, detector)
    precision = counts[True, True] / (counts[True, True] + counts[True, False])
    recall = counts[True, True] / (counts[True, True] + counts[False, True])
    record_property("precision", precision)
    record_property("recall", recall)
    least = FLOORS.get(detector, EXACT)
    assert precision >= least[0]
    assert recall >= least[1]


def test_each_labelled_column_is_named_rightly(judged):
    told = {name: wanted for name, (wanted, _) in labelled_columns.LABELLED.items()} | labelled_columns.KNOWN_WRONG
    assert [(name, found[name].detector) for found in judged for name in told if found[name].detector != told[name]] == []


def test_a_column_that_is_and_one_that_contains_are_told_apart(judged):
    assert judged[0]["phone"].why is Reason.IS
    assert judged[0]["remark"].why is Reason.CONTAINS
    assert judged[0]["tel"].why is Reason.IS


IPV6_TEXTS = [
    "login from 2409:8a00:{n:x}::{m:x} port 22",
    "主机 2001:db8:{n:x}:0:0:0:{m:x}:1 无响应",
    "[fd00:{n:x}::{m:x}]:443 refused",
    "route fe80::{n:x}:{m:x}%eth0 down",
    "prefix 2409:8a00:{n:x}:{m:x}::/64",
]


@pytest.mark.parametrize("form", IPV6_TEXTS)
def test_an_ipv6_address_inside_a_text_is_found(form):
    rng = random.Random(5)
    texts = [form.format(n=rng.randint(4096, 65535), m=rng.randint(4096, 65535)) for _ in range(20)]
    found = proposals([column("remark")], [[*texts, *["no fault"] * 40]])["remark"]
    assert (found.detector, found.category, found.why) == ("ip", "network.address", Reason.CONTAINS)


@pytest.mark.parametrize(
    "form", ["at 12:{n:02d}:{m:02d}", "std::vector<T{n}>::at({m})", "ratio {n}:{m}", "1:{n}:{m}:2:1", "lot ab:{n}", "a: b:: c{n}"]
)
def test_colons_in_a_text_are_no_address(form):
    texts = [form.format(n=number % 60, m=7 * number % 60) for number in range(60)]
    assert proposals([column("remark")], [texts])["remark"].detector is None


def valid(detector, text):
    with duckdb.connect() as con:
        return con.execute(f"SELECT {patterns()[detector].valid} FROM (SELECT ? AS t)", [text]).fetchone()[0]


@pytest.mark.parametrize(
    ("detector", "text"),
    [
        ("resident_id", "11010519491231002X"),
        ("credit_code", "91110000600037341L"),
        ("credit_code", "12100000717800056Q"),
        ("credit_code", "914405001929358117"),
        ("credit_code", "91350100M000100Y43"),
        ("payment_card", "4111111111111111"),
        ("bank_card", "6222021234567890128"),
        ("resident_id_15", "110105491231002"),
        ("address", "江苏省苏州市吴中区宝带东路399号3栋502室"),
        ("mobile", "19212345678"),
        ("licence_plate", "京AD12345"),
        ("licence_plate", "沪A1234学"),
        ("vin", "LATPAB071W1005301"),
        ("vin", "1M8GDM9AXKP042788"),
        ("vin_unchecked", "LSVAU2180N2183294"),
        ("imei", "490154203237518"),
        ("coordinates", "121.4737, 31.2304"),
        ("coordinates", "POINT (121.4737 31.2304)"),
        ("coordinates", "31°14′10″N"),
        ("coordinate", "31.2304"),
        ("ip", "10.0.0.1"),
        ("ip", "2409:8a00:1::1"),
        ("mac", "001B.4411.3AB7"),
        ("passport", "EA1234567"),
    ],
)
def test_published_examples_pass(detector, text):
    assert valid(detector, text)


@pytest.mark.parametrize(
    ("detector", "text"),
    [
        ("resident_id", "110105194912310021"),
        ("resident_id", "11010519491331002X"),
        ("resident_id", "990000209901010015"),
        ("credit_code", "91110000600037341M"),
        ("bank_card", "4111111111111112"),
        ("mobile", "12012345678"),
        ("mobile", "14400000000"),
        ("licence_plate", "京I12345"),
        ("licence_plate", "京ABCDEF"),
        ("email", "a@b"),
        ("vin", "LSVAU2180N2183294"),
        ("vin_unchecked", "LATPAB071W100530O"),
        ("imei", "490154203237519"),
        ("coordinates", "100.1234, 200.1234"),
        ("coordinate", "31.2300"),
        ("ip", "1.2.3.4"),
        ("ip", "256.1.1.1"),
        ("mac", "FF:FF:FF:FF:FF:FF"),
        ("passport", "X12345678"),
    ],
)
def test_one_wrong_place_fails(detector, text):
    assert not valid(detector, text)


def test_random_numbers_pass_as_seldom_as_reckoned():
    rng = random.Random(9)
    with duckdb.connect() as con:
        numbers = [("".join(rng.choices("0123456789", k=18)),) for _ in range(20_000)]
        con.execute("CREATE TABLE numbers (t VARCHAR)")
        con.execute("INSERT INTO numbers SELECT unnest(?)", [[n for (n,) in numbers]])
        hits = con.execute(
            f"SELECT {', '.join(f'avg(CAST({patterns()[d].valid} AS INT))' for d in ('resident_id', 'credit_code'))} FROM numbers"
        ).fetchone()
    assert hits[0] < 0.0005
    assert hits[1] < 0.006


def column(name, kind=Kind.STRING, **more):
    return Column(name, DataType(kind), name, **more)


def test_a_name_alone_finds_nothing():
    found = proposals([column("phone")], [["red", "green", "blue"]])
    assert (found["phone"].detector, found["phone"].why) == (None, Reason.CLASS)


def test_a_constant_counts_once():
    found = proposals([column("c1")], [["13812345678"] * 100])
    assert found["c1"].why is Reason.CONTAINS


def test_a_column_without_values_is_unknown():
    found = proposals([column("c1"), column("c2")], [["-", "无"], ["a", "b"]])
    assert (found["c1"].sensitivity, found["c1"].why) == (None, Reason.NO_VALUES)


def test_without_a_class_of_data_only_what_a_detector_knows_has_a_grade():
    made = propose_grades([column("ts", Kind.TIMESTAMP)], None, {}, RULES)
    other = propose_grades([column("ts", Kind.TIMESTAMP)], "sales", {}, RULES)
    assert [(p.sensitivity, p.why) for p in (*made, *other)] == [(None, Reason.NO_CLASS), (None, Reason.UNKNOWN_CLASS)]


def test_a_contract_can_only_raise():
    low, high = propose_grades(
        [column("a", Kind.TIMESTAMP, classification="general"), column("b", Kind.TIMESTAMP, classification="important")],
        "research",
        {},
        RULES,
    )
    assert (low.why, low.sensitivity.level, high.why) == (Reason.CLASS, 3, Reason.DECLARED)


def test_the_same_rows_give_the_same_sample_in_any_order():
    rows = [[f"user{n}@x.example" for n in range(300)], [str(n) for n in range(300)]]
    mixed = random.Random(1).sample(list(zip(*rows, strict=True)), 300)
    columns = [column("mail"), column("n")]
    assert proposals(columns, rows, ["n"]) == proposals(columns, list(zip(*mixed, strict=True)), ["n"])


# Of 25,000 random values each: what may pass by chance. A check digit lets one in ten pass, a prefix and a region fewer.
RANDOM_VALUES = 25_000
RANDOM_FORMS = {
    "codes of 18": lambda rng: "".join(rng.choices(labelled_columns.USCC, k=18)),
    "16 digits": lambda rng: "".join(rng.choices("0123456789", k=16)),
    "19 digits": lambda rng: "".join(rng.choices("0123456789", k=19)),
    "18 digits": lambda rng: "".join(rng.choices("0123456789", k=18)),
    "15 digits": lambda rng: "".join(rng.choices("0123456789", k=15)),
}
MOST_FALSE = {"credit_code": 20, "bank_card": 75, "payment_card": 600, "resident_id": 100, "resident_id_15": 400}


@pytest.mark.exhaustive
def test_random_values_are_rarely_taken_for_numbers_of_a_person(record_property):
    rng = random.Random(7)
    values = [(form, make(rng)) for form, make in RANDOM_FORMS.items() for _ in range(RANDOM_VALUES)]
    items = ", ".join(f"count(*) FILTER (WHERE {patterns()[detector].valid}) AS {detector}" for detector in MOST_FALSE)
    listed = ", ".join(f"('{value}')" for _, value in values)
    with duckdb.connect() as con:
        counts = dict(zip(MOST_FALSE, con.execute(f"SELECT {items} FROM (VALUES {listed}) AS random(t)").fetchone(), strict=True))
    record_property("false_hits", counts)
    assert {detector: count for detector, count in counts.items() if count > MOST_FALSE[detector]} == {}


def number_proposals(type_, values):
    numbers = column("reading", Kind.DOUBLE if type_ == "DOUBLE" else Kind.DECIMAL)
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE sample (reading {type_})")
        con.executemany("INSERT INTO sample VALUES (?)", [[value] for value in values])
        found = con.execute(detection_query("sample", ["reading"], (), RULES, fractional([numbers], RULES)))
        heads = [head[0] for head in found.description]
        rows = [dict(zip(heads, row, strict=True)) for row in found.fetchall()]
    return propose_grades([numbers], "production", detector_counts(rows, ["reading"], RULES), RULES)[0]


PHONES = [13912345678 + 1_234_567 * number for number in range(40)]


@pytest.mark.parametrize("type_", ["DOUBLE", "DECIMAL(18, 2)", "DECIMAL(11, 0)"])
def test_a_phone_number_is_found_where_a_program_took_it_for_a_number(type_):
    found = number_proposals(type_, [*PHONES, None])
    assert (found.detector, found.category, found.sample) == ("mobile", "personal.phone", 40)


def test_each_measure_beside_phone_numbers_counts():
    found = number_proposals("DOUBLE", [*PHONES, *(number / 8 for number in range(1000)), 0.0, -0.0, None])
    assert found.sample == 1040


@pytest.mark.parametrize("type_", ["DOUBLE", "DECIMAL(18, 7)"])
def test_measures_are_no_phone_numbers(type_):
    rng = random.Random(11)
    digits = [phone / 10**11 for phone in PHONES]
    for values in (digits, [rng.uniform(-1e9, 1e9) for _ in range(500)], [rng.gauss(180, 5) for _ in range(500)]):
        assert number_proposals(type_, values).detector is None
    if type_ == "DOUBLE":
        assert (
            number_proposals(type_, [PHONES[0], *(rng.gauss(180, 5) for _ in range(500)), float("nan"), 1e300]).detector is None
        )


def test_no_column_of_random_values_is_named():
    rng = random.Random(8)
    columns = [column(f"r{number}") for number in range(40)]
    forms = list(RANDOM_FORMS.values())
    found = proposals(columns, [[forms[number % len(forms)](rng) for _ in range(300)] for number in range(40)])
    assert {name: proposal.detector for name, proposal in found.items() if proposal.detector} == {}


def test_texts_with_a_single_random_number_are_not_named():
    """One number in a column can pass a check by chance: then it takes a second one, or a name."""
    rng = random.Random(9)
    columns = [column(f"r{number}") for number in range(60)]
    forms = list(RANDOM_FORMS.values())
    values = [["ok"] * 20 + [f"ref {forms[number % 3](rng)} done"] for number in range(60)]
    assert {name: p.detector for name, p in proposals(columns, values).items() if p.detector} == {}
