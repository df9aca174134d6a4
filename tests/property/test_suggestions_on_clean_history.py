"""Clean history, however it is spread, is never told off by what was learned from it."""

import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.contracts.model import Column, Contract, DataType, Kind
from lakeward.core.names import Layer
from lakeward.engines import open_engine
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from lakeward.flows.suggest.history import open_history
from lakeward.flows.suggest.proposal import RuleProposal
from lakeward.flows.suggest.suggestions import learn_rules
from lakeward.flows.suggest.trial import try_proposals
from support.examples import examples

TYPES = {
    "x": Kind.DOUBLE,
    "n": Kind.INTEGER,
    "state": Kind.STRING,
    "code": Kind.STRING,
    "word": Kind.STRING,
    "ts": Kind.TIMESTAMP,
}
CONTRACT = Contract(
    "past", "1.0.0", Layer.SILVER, tuple(Column(name, DataType(kind), name) for name, kind in TYPES.items()), time_column="ts"
)
PLACE = ("_batch_seq", "_file_seq", "_row")
# Without a long tail: of an exponential number one in 40,000 is a stray, and a stray may be told off.
KINDS = {
    "even": random.Random.uniform,
    "normal": random.Random.gauss,
    "steep": lambda chance, a, b: chance.triangular(a, a + b, a),
}
PASTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(sorted(KINDS)),
        "centre": st.floats(-1e6, 1e6),
        "width": st.floats(1e-3, 1e3),
        "states": st.integers(1, 4),
        "missing": st.sampled_from([0, 0.1]),
    }
)


def sql_of(chance, kind, centre, width, states, missing):
    """One row as SQL: a number around a centre of its state, a count, the state, a code of one form, free words, a time."""
    state = chance.randrange(states)
    number = KINDS[kind](chance, centre * (state + 1), width)
    nothing = chance.random() < missing
    return (
        f"({'NULL' if nothing else repr(number)}::DOUBLE, {chance.randrange(1000)}, 's{state}', "
        f"'P-{chance.randrange(10_000):04d}', '{'lorem ipsum '[: chance.randrange(1, 12)].strip()}', "
        f"TIMESTAMPTZ '2026-03-01 00:00:00+00' + INTERVAL {chance.randrange(10**6)} SECOND"
    )


@settings(max_examples=examples(6), deadline=None)
@given(seed=st.integers(0, 2**32), made=PASTS, batches=st.integers(1, 6))
def test_no_proposal_fires_on_a_row_that_it_was_learned_from(seed, made, batches):
    chance = random.Random(seed)
    rows = [f"{sql_of(chance, **made)}, {i % batches + 1}, 1, {i})" for i in range(batches * 150)]
    query = f"SELECT * FROM (VALUES {', '.join(rows)}) AS t({', '.join((*TYPES, *PLACE))})"
    columns = [TableColumn(name, DataType(kind)) for name, kind in TYPES.items()]
    columns += [TableColumn(name, DataType(Kind.INTEGER)) for name in PLACE]
    with tempfile.TemporaryDirectory() as lake:
        engine = open_engine("embedded", str(Path(lake)))
        engine.append(TableSpec(CONTRACT.table(Layer.SILVER), tuple(columns)), query, Txn("test", 1))
        past = open_history(engine, CONTRACT)
        proposals = try_proposals(past, [one for one in learn_rules(past, []) if isinstance(one, RuleProposal)])
        engine.close()

    assert {p.id for p in proposals if p.kwargs.get("column") == "code"} >= {"learned_filled:code", "learned_form:code"}
    assert [p.id for p in proposals if p.firing is None or p.firing.training.share != 0] == []
