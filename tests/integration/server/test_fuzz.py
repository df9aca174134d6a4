"""Made-up statements and broken calls for a while: the guard and the wire answer by a code, and show nothing."""

import os
import random
import shutil
import time

import hypothesis
import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.flows import open_connection
from support.generated_sql import statements
from support.read_attacks import HIDDEN, leaked
from support.shared_servers import write_limits
from support.wire_fuzz import fuzz_bytes, fuzz_headers, fuzz_messages, fuzz_values

# Seconds that each of the long tests tries for.
SECONDS = int(os.environ.get("TEST_FUZZ_SECONDS", "600"))  # noqa: TID251  (who runs the tests says it nowhere else)
# Statements between two looks at the clock.
ROUND = 200


@pytest.fixture(scope="module")
def fuzzed_lake(canary_lake, tmp_path_factory):
    """A lake of its own: its log grows by a hundred thousand entries. What takes long is ended."""
    root = tmp_path_factory.mktemp("fuzzed") / "plant"
    shutil.copytree(canary_lake.start, root)
    write_limits(root, {"seconds": 2, "rows": 100_000, "megabytes": 50})
    return Settings(start=root, memory="500MB")


def try_statement(con, role, text, folder):
    """Run it: it is refused by a code, fails by a kind, or shows what the role may see."""
    code = "query_allowed"
    try:
        said = str(con.sql(text).fetchall())
    except LakewardError as error:
        code, said = error.code, " ".join(error.render(lang) for lang in Lang)
    assert code.startswith(("query_", "limit_")), (code, text)
    assert leaked(said, HIDDEN[role], asked=text) == [], text
    assert folder in text or folder not in said, text


def fuzz_guard(settings, role, examples):
    folder = str(settings.start / "lake")
    with open_connection(settings, role) as con:

        @hypothesis.settings(
            max_examples=examples, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
        )
        @hypothesis.given(statements(folder))
        def try_one(text):
            try_statement(con, role, text, folder)

        try_one()


def test_some_generated_statements_show_nothing(fuzzed_lake):
    fuzz_guard(fuzzed_lake, "analyst", 15)


@pytest.mark.exhaustive
@pytest.mark.timeout(SECONDS + 600)
def test_generated_statements_show_nothing_for_minutes(fuzzed_lake):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for role in HIDDEN:
            fuzz_guard(fuzzed_lake, role, ROUND)
    assert not list(fuzzed_lake.start.rglob("stolen*"))


@pytest.mark.exhaustive
@pytest.mark.timeout(SECONDS + 600)
def test_broken_calls_show_nothing_for_minutes(served_canaries):
    choice, client = random.Random(time.time_ns()), served_canaries.client("analyst")
    token, end = served_canaries.accounts["analyst"].token, time.monotonic() + SECONDS
    while time.monotonic() < end:
        for _ in range(10):
            fuzz_messages(client, choice)
            fuzz_values(client, choice)
        fuzz_headers(client, choice, token)
        fuzz_bytes(served_canaries.server.port, choice)
    assert served_canaries.client("steward").rows("select 1") == [(1,)]
    assert served_canaries.server.process.poll() is None
