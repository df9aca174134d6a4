"""Judging a few rows with the real plan on a real DuckDB, in memory."""

import json
import re
from dataclasses import dataclass
from datetime import datetime

import duckdb

from lakeward.contracts.model import Column, Contract, DataType, Kind
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.core.names import Layer
from lakeward.core.sql import identifier as quoted
from lakeward.quality.plan import compile_plan, diverting_rule_ids
from lakeward.quality.rule import Outcome
from lakeward.quality.suite import load_rules

TEXT = DataType(Kind.STRING)
PLACE = {"_file": TEXT, "_file_seq": DataType(Kind.INTEGER), "_row": DataType(Kind.INTEGER)}
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*\+00$")
NATIVE = {
    Kind.STRING: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.DOUBLE: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMPTZ",
    Kind.DECIMAL: "DECIMAL(12,4)",
}


@dataclass(frozen=True)
class JudgedRows:
    """The result of judging; times as text in UTC."""

    verdicts: dict
    good: list
    bad: list
    facts: dict

    def failing(self):
        return {id_ for id_, v in self.verdicts.items() if v.outcome is Outcome.FAIL}

    def reasons(self):
        return {row["_row"]: set(json.loads(row["_reasons"])) for row in self.bad}


def contract(*columns, format_=FileFormat.CSV, key=(), time=None, **dialect):
    look = RecordFormat(format=format_, **dialect)
    return Contract("x", "1.0.0", Layer.SILVER, tuple(columns), primary_key=key, time_column=time, record_format=look)


def column(name, kind=Kind.STRING, precision=0, scale=0, **kwargs):
    return Column(name, DataType(kind, precision, scale), name, **kwargs)


def expect(type_, *, severity=None, id_=None, **kwargs):
    meta = {key: value for key, value in (("severity", severity), ("id", id_)) if value}
    return {"type": f"expect_{type_}", "kwargs": kwargs, "meta": {"lakeward": meta}}


def suite(*expectations):
    return json.dumps({"name": "x", "expectations": list(expectations), "meta": {}})


def rules_of(contract_, *expectations):
    return load_rules(contract_, suite(*expectations), "suite.json")


def judge(promised, rows, *expectations, stored=None, foreign=()):
    """Judge `rows` (tuples in contract order; `stored`: kinds by column, text when left out)."""
    types = {c.name: (stored or {}).get(c.name, TEXT) for c in promised.columns}
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    declared = ", ".join(f"{quoted(name)} {_sql(type_)}" for name, type_ in types.items())
    con.execute(f"CREATE TABLE batch ({declared}, _file VARCHAR, _file_seq BIGINT, _row BIGINT)")
    for row_number, row in enumerate(rows, start=2):
        con.execute(f"INSERT INTO batch VALUES ({', '.join('?' * len(row))}, 'f', 1, ?)", [*row, row_number])
    plan = compile_plan(promised, rules_of(promised, *expectations), types | PLACE)
    return _run(con, plan, foreign)


def _run(con, plan, foreign):
    facts = fetch(con, plan.facts_select("batch"))[0]
    typed_facts = {name: _instant(value) for name, value in facts.items()}
    relations, repeated = {}, {}
    for number, rule in enumerate(plan.suspect_rules(facts)):
        con.execute(f"CREATE TABLE repeats_{number} AS {plan.repeated_keys_select(rule, 'batch')}")
        relations[rule.id] = f"repeats_{number}"
        repeated[rule.id] = con.execute(f"SELECT sum(copies)::BIGINT FROM repeats_{number}").fetchone()[0]
    verdicts = plan.verdicts(typed_facts, repeated, foreign)
    good, bad = plan.split("batch", diverting_rule_ids(verdicts), relations)
    return JudgedRows({v.rule.id: v for v in verdicts}, fetch(con, good), fetch(con, bad) if bad else [], facts)


def _instant(value):
    """The engine gives instants as such; `fetch` gives them as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) and INSTANT.match(value) else value


def fetch(con, query):
    described = con.execute(f"DESCRIBE {query}").fetchall()
    items = ", ".join(f"{quoted(n)}::VARCHAR AS {quoted(n)}" if "TIME ZONE" in t else quoted(n) for n, t, *_ in described)
    cursor = con.execute(f"SELECT {items} FROM ({query})")
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _sql(type_):
    return f"DECIMAL({type_.precision},{type_.scale})" if type_.kind is Kind.DECIMAL else NATIVE[type_.kind]
