"""Damaged files of every format: `check` and `new` answer or say what is wrong in our words, and a run loses no record."""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakeward.contracts.record_format import FileFormat
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.flows import check_data
from lakeward.flows.checking.check import check_path
from lakeward.flows.checking.suites import load_suite
from lakeward.profiling import draft, profile_file
from lakeward.sources.sniff import format_fault, guess_format
from support.damage import FILES, LOG, damage, delta_table
from support.staging import column, file_input, record_format

RULES = {
    "name": "mine",
    "expectations": [
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0}},
        {"type": "expect_table_column_count_to_equal", "kwargs": {"value": 2}},
    ],
}
SUITE = load_suite(RULES)
# How many of each format, so that each takes some seconds; 2,000 in all.
COUNTS = {"csv": 120, "tsv": 80, "jsonl": 300, "json": 450, "parquet": 250, "nested parquet": 150, "xlsx": 250}
DELTA_COUNT = 400
# To draft, to receive and to open a session for one check take longer than to check in an open one: every so many files.
DRAFT_EACH = 16
# Of `make test-all`: so many times as many, by chance.
ROUNDS = 25


class Engines:
    """An engine to check and draft with, opened anew where a file ended its session."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self._engine: EmbeddedEngine | None = None

    @property
    def engine(self) -> EmbeddedEngine:
        self._engine = self._engine or EmbeddedEngine(str(self._lake))
        return self._engine

    def close(self) -> None:
        if self._engine:
            self._engine.close()
        self._engine = None


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Engines]:
    made = Engines(tmp_path / "lake")
    yield made
    made.close()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("form", FILES)
def test_a_damaged_file_is_answered_in_our_words(form: str, engines: Engines, tmp_path: Path) -> None:
    try_damaged_files(form, random.Random(form), COUNTS[form], engines, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("_round", range(ROUNDS))
@pytest.mark.parametrize("form", FILES)
def test_files_damaged_by_chance_are_answered_in_our_words(form: str, _round: int, engines: Engines, tmp_path: Path) -> None:
    try_damaged_files(form, random.SystemRandom(), COUNTS[form], engines, tmp_path)


def try_damaged_files(form: str, chance: random.Random, count: int, engines: Engines, folder: Path) -> None:
    name, make = FILES[form]
    content = make()
    for number in range(count):
        # What stands here after a failure is the file that it failed on. No name comes twice: a session may remember files.
        file = folder / f"{number}_{name}"
        file.write_bytes(damage(content, chance))
        check_says_what_is_wrong(engines, file, folder)
        if number % DRAFT_EACH == 0:
            new_says_what_is_wrong(engines, file)
        if number % DRAFT_EACH == 1:
            a_batch_counts_every_record(engines, file)
        if number % DRAFT_EACH == 2:
            check_in_a_session_of_its_own_says_what_is_wrong(file, folder)
        file.unlink()


@pytest.mark.exhaustive
def test_a_damaged_log_of_delta_is_answered_in_our_words(engines: Engines, tmp_path: Path) -> None:
    try_damaged_logs(random.Random("delta"), engines, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("_round", range(ROUNDS))
def test_logs_of_delta_damaged_by_chance_are_answered_in_our_words(_round: int, engines: Engines, tmp_path: Path) -> None:
    try_damaged_logs(random.SystemRandom(), engines, tmp_path)


def try_damaged_logs(chance: random.Random, engines: Engines, folder: Path) -> None:
    sound = delta_table(folder / "sound")
    content = (sound / LOG).read_bytes()
    for number in range(DELTA_COUNT):
        table = Path(shutil.copytree(sound, folder / f"t{number}"))
        (table / LOG).write_bytes(damage(content, chance))
        check_says_what_is_wrong(engines, table, folder)
        if number % DRAFT_EACH == 2:
            check_in_a_session_of_its_own_says_what_is_wrong(table, folder)
        shutil.rmtree(table)


def check_says_what_is_wrong(engines: Engines, data: Path, folder: Path) -> None:
    fault = fault_of(lambda: check_path(engines.engine, data, SUITE, folder / "failing.parquet"))
    assert is_answered(fault), fault
    if fault and fault_of(lambda: engines.engine.fetch("SELECT 1")):  # the file ended the session
        engines.close()


def check_in_a_session_of_its_own_says_what_is_wrong(data: Path, folder: Path) -> None:
    fault = fault_of(lambda: check_data(data, RULES, Settings(start=folder), folder / "failing.parquet"))
    assert is_answered(fault), fault


def is_answered(fault: LakewardError | None) -> bool:
    return fault is None or (int(fault.exit_code) == 3 and bool(str(fault)))


def new_says_what_is_wrong(engines: Engines, file: Path) -> None:
    fault = fault_of(lambda: draft(profile_file(engines.engine, file), "mine", "Asia/Shanghai"))
    assert fault is None or int(fault.exit_code) in {2, 3} or fault.code == "engine_failed", fault
    if fault and fault.code == "engine_failed":
        engines.close()


def a_batch_counts_every_record(engines: Engines, file: Path) -> None:
    """Records that were read are rows and rejects, each counted by itself."""
    found = guess_format(file) if file.stat().st_size else FileFormat.CSV
    given = file_input(file, found, fault=format_fault(file, found) if file.stat().st_size else None)
    staged = engines.engine.stage([given], record_format(found), [column("a"), column("b")])
    counts = engines.engine.fetch(
        f"SELECT (SELECT count(*) FROM {staged.rows} WHERE (a IS NULL) IS NOT NULL) + (SELECT count(*) FROM {staged.rejects}) AS n"
    )
    assert counts[0]["n"] == sum(report.records for report in staged.reports)


def fault_of(call: Callable[[], object]) -> LakewardError | None:
    """Our own error that the call ends in; any other goes on."""
    try:
        call()
    except LakewardError as error:
        return error
    return None
