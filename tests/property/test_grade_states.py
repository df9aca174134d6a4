"""The state of a column's grade is the same by `grading.decision`, which serves it, and by `scorecard.standing`, which counts it."""

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.decision import DecisionAction, GradeDecision, current_grade
from lakeward.grading.grade import Grade
from lakeward.grading.proposal import GradeProposal, Reason
from lakeward.scorecard.grade_queries import graded_columns

STANDINGS = [
    Sensitivity(Grade.CORE, None),
    Sensitivity(Grade.IMPORTANT, None),
    *(Sensitivity(Grade.GENERAL, n) for n in (1, 2, 3, 4)),
]
standings, categories = st.sampled_from(STANDINGS), st.sampled_from([None, "personal.phone", "personal.name", "business.cost"])
types = st.sampled_from(["string", "integer"])
UNCHECKED = "hourly@1.0.0"
proposals = st.builds(
    GradeProposal,
    column=st.just("x"),
    type=types,
    sensitivity=st.none() | standings,
    category=categories,
    detector=st.none(),
    ratio=st.none(),
    sample=st.none(),
    rule_version=st.just("1"),
    catalogue=st.just("c"),
    why=st.sampled_from([Reason.IS, Reason.CLASS, Reason.INHERITED, Reason.NO_CLASS, Reason.SOURCE_UNGRADED]),
)
decisions = st.builds(
    GradeDecision,
    column=st.just("x"),
    type=types,
    action=st.sampled_from(DecisionAction),
    sensitivity=standings,
    category=categories,
    seen=st.none() | standings,
    seen_category=categories,
    decided_by=st.just("chen"),
    reason=st.just("r"),
    approved_by=st.sampled_from([None, "", "li"]),
    verified=st.sampled_from([None, False, True]),
    transform=st.sampled_from([None, "in words", UNCHECKED]),
)
CON = duckdb.connect()
CON.execute("""CREATE SCHEMA governance;
CREATE TABLE governance.grade_proposals (
  dataset VARCHAR, seq BIGINT, "column" VARCHAR, column_type VARCHAR, detector VARCHAR, grade VARCHAR, level BIGINT,
  category VARCHAR, why VARCHAR);
CREATE TABLE governance.grade_decisions (
  dataset VARCHAR, seq BIGINT, "column" VARCHAR, column_type VARCHAR, action VARCHAR, grade VARCHAR, level BIGINT,
  category VARCHAR, seen_grade VARCHAR, seen_level BIGINT, seen_category VARCHAR,
  approved_by VARCHAR, verified BOOLEAN, transform VARCHAR)""")


@settings(deadline=None)
@given(st.lists(st.tuples(proposals, st.none() | decisions), min_size=1, max_size=12))
def test_states_grades_and_categories_are_the_same_in_python_and_in_sql(columns):
    served = [
        current_grade(p.type, p, d, withdrawn=Reason.TRANSFORM_UNCHECKED if d and d.transform == UNCHECKED else None)
        for p, d in columns
    ]
    assert counted(columns) == [(str(one.state), one.grade and str(one.grade), one.category) for one in served]


def counted(columns):
    CON.execute("DELETE FROM governance.grade_proposals; DELETE FROM governance.grade_decisions")
    for place, (proposal, decision) in enumerate(columns):
        CON.execute(
            "INSERT INTO governance.grade_proposals VALUES ('d', 1, ?, ?, NULL, ?, ?, ?, ?)",
            [f"{place:02}", proposal.type, *stored(proposal.sensitivity), proposal.category, str(proposal.why)],
        )
        if decision:
            CON.execute(
                "INSERT INTO governance.grade_decisions VALUES ('d', 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [f"{place:02}", decision.type, str(decision.action), *decided(decision)],
            )
    with_decisions = any(decision for _, decision in columns)
    found = CON.execute(f'{graded_columns(decided=with_decisions)} SELECT state, grade, category FROM graded ORDER BY "column"')
    return found.fetchall()


def decided(decision):
    given = (*stored(decision.sensitivity), decision.category)
    return *given, *stored(decision.seen), decision.seen_category, decision.approved_by, decision.verified, decision.transform


def stored(standing):
    return (str(standing.grade), standing.level) if standing else (None, None)
