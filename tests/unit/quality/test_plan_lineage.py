"""The lineage of a batch as its plan says it, against that of the SELECT."""

from lakeward.contracts.model import Kind
from lakeward.core.names import Layer, TableName
from lakeward.flows.base.lineage_events import batch_lineage
from lakeward.quality.data_flow import conversions, lineage_select
from lakeward.quality.plan import compile_plan
from lakeward_lineage import column_lineage
from support.judging import column, contract, rules_of

BRONZE = TableName(Layer.BRONZE, "press")
PROMISED = contract(
    column("n", Kind.INTEGER),
    column("At 1", Kind.TIMESTAMP),
    column("s"),
    column('q"x', Kind.DOUBLE),
    column("value", Kind.DOUBLE, units=("Cel",), unit_column="unit"),
    column("unit"),
    column("late", Kind.DOUBLE, delay_of="At 1"),
)


def test_the_lineage_of_a_plan_is_that_of_its_select():
    received = {c.name: column("s").type for c in PROMISED.columns} | {"_batch_seq": column("n", Kind.INTEGER).type}
    plan = compile_plan(PROMISED, rules_of(PROMISED), received)
    schema = {str(BRONZE): {name: str(kind) for name, kind in received.items()}}
    traced = column_lineage(lineage_select(plan, f"(SELECT * FROM {BRONZE} WHERE _batch_seq = 7)"), schema)

    assert batch_lineage(BRONZE, conversions(plan)) == traced
    assert list(traced.columns) == list(conversions(plan))
    read = {name: [origin.column for origin in origins] for name, origins in traced.columns.items()}
    assert (read["value"], read["unit"], read["late"]) == (["unit", "value"], ["unit"], ["At 1", "late"])
    assert len({origin.kind for origins in traced.columns.values() for origin in origins}) == 2
