"""Generated attacks by every door leave nothing of a hidden value: in answers, errors, logs, temporary files, plans, events and crash files."""

import gzip
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.core.settings import Settings
from support.attack_doors import SAME_ROWS, forms_of_attack, open_doors
from support.attacking_program import Sandbox, Told, attack_in_sandbox, guesses, hidden_values, read_told, spill_in_sandbox
from support.canary_lake import CANARIES
from support.flight_server import ERRORS
from support.left_behind import files_with_values, watched
from support.policies import POLICY_2, write_policy
from support.processes import quick_processes
from support.read_attacks import HIDDEN, TARGET, query_attacks
from support.shared_servers import ServedCanaries

# Every eleventh attack is tried by `exhaustive`; of these a tenth, by this seed, with every change.
ATTACKS = query_attacks()[::11]
TENTH = random.Random(14).sample(ATTACKS, len(ATTACKS) // 10)
PAIRS = [(role, column) for role, columns in HIDDEN.items() for column in columns]
# What no role of the attackers sees: it may stand in no file, whoever caused that.
NEVER = tuple(column for column in CANARIES if all(column in columns for columns in HIDDEN.values()))
REMOTE = SAME_ROWS[1:]


@pytest.fixture
def sandbox():
    """In a short folder: names of sockets are short."""
    root = Path(tempfile.mkdtemp(prefix="lw-"))
    yield Sandbox(root)
    shutil.rmtree(root)


def run(target, *arguments):
    process = quick_processes().Process(target=target, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == 0


def plant_in(sandbox, canary_lake, policy=POLICY_2):
    """A copy of the lake in the sandbox, under a policy with purposes, which exports need."""
    shutil.copytree(canary_lake.start, sandbox.root / "plant")
    write_policy(sandbox.root / "plant", policy)
    return Settings(start=sandbox.root / "plant")


def attack(sandbox, settings, told, attacks, pairs):
    """What was said; and what stood in files meanwhile, and stands there now."""
    with watched([sandbox.root], NEVER) as seen:
        run(attack_in_sandbox, sandbox, settings, attacks, pairs, told)
    return read_told(told), seen()[1], files_with_values(sandbox.root, NEVER)


def test_a_tenth_of_the_attacks_in_one_process_leaves_nothing(sandbox, canary_lake, tmp_path):
    told, seen, left = attack(
        sandbox, plant_in(sandbox, canary_lake), tmp_path / "told", TENTH, random.Random(14).sample(PAIRS, 1)
    )
    assert len(told) > 2 * len(TENTH)
    assert (hidden_values(told), seen, left) == ([], set(), [])


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_all_attacks_in_one_process_leave_nothing(sandbox, canary_lake, tmp_path):
    told, seen, left = attack(sandbox, plant_in(sandbox, canary_lake), tmp_path / "told", ATTACKS, PAIRS)
    assert len(told) > 700
    assert len(list((sandbox.root / "out").glob("*.csv"))) > 5
    assert (hidden_values(told), seen, left) == ([], set(), [])


@pytest.mark.exhaustive
@pytest.mark.parametrize("column", NEVER)
def test_a_sort_that_does_not_fit_into_memory_leaves_nothing(sandbox, canary_lake, tmp_path, column):
    settings = plant_in(sandbox, canary_lake)
    with watched([sandbox.root], NEVER) as seen:
        run(spill_in_sandbox, sandbox, settings, "analyst", column, tmp_path / "told")
    (told,) = read_told(tmp_path / "told")
    largest, found = seen()
    assert (hidden_values([told]), found, files_with_values(sandbox.root, NEVER)) == ([], set(), [])
    assert ("query_column_hidden" in told.said) or largest > 1_000_000


def ask_by_all(doors, attacks):
    """What the doors of a server say to these attacks."""
    for one in attacks:
        for asked in forms_of_attack(one, guesses(one.column)):
            yield from (Told(one.role, f"{asked}", doors[name](one.role, *asked).text) for name in REMOTE)


def test_a_tenth_of_the_attacks_on_a_server_leaves_nothing_in_its_project(served_canaries):
    with open_doors(served_canaries) as doors:
        told = list(ask_by_all(doors, TENTH[:4]))
    assert len(told) > 20
    assert hidden_values(told) == []
    assert files_with_values(served_canaries.settings.start, NEVER) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_all_attacks_on_a_server_leave_nothing_wherever_it_writes(sandbox, own_server):
    served = own_server(calls_per_minute=1_000_000)
    started = start_in(sandbox, served)
    with watched([sandbox.root, served.settings.start], NEVER, pause=0.2) as seen, open_doors(started) as doors:
        told = list(ask_by_all(doors, ATTACKS))
    _, out, err = served.server.stop()
    (sandbox.root / "said").write_text(out + err, encoding="utf-8")
    assert len(told) > 2000
    assert (hidden_values(told), seen()[1]) == ([], set())
    assert files_with_values(sandbox.root, NEVER) == files_with_values(served.settings.start, NEVER) == []


def start_in(sandbox, served: ServedCanaries) -> ServedCanaries:
    """The server with folders of the sandbox, where a crash may leave as much as it likes."""
    before = resource.prlimit(0, resource.RLIMIT_CORE)
    resource.prlimit(0, resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        served.server.variables, served.server.folder = sandbox.variables, sandbox.root / "here"
        served.server.start()
    finally:
        resource.prlimit(0, resource.RLIMIT_CORE, before)
    return served


def crash(served, number):
    """End a worker, and then the gateway, by a signal that leaves an image of the memory, while rows of all people are sorted."""
    client, ended = served.client("analyst"), []

    def read():
        try:
            client.rows("SELECT v.phone, n FROM silver.visits AS v, range(3000000) AS r(n) ORDER BY md5(n || phone), n")
        except ERRORS as error:
            ended.append(error)

    for find in (served.server.workers, lambda: [served.server.process.pid]):
        thread = threading.Thread(target=read)
        thread.start()
        time.sleep(1.5)
        for process in find():
            os.kill(process, number)
        thread.join()
    assert len(ended) == 2
    served.server.process.wait(30)


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_a_crash_of_worker_or_gateway_leaves_no_image_of_its_memory(sandbox, own_server, number):
    leaves_image(sandbox.root / "home", number)
    served = start_in(sandbox, own_server())
    crash(served, number)
    assert [file.name for file in sandbox.root.rglob("*core*")] == []
    assert files_with_values(sandbox.root, NEVER) == files_with_values(served.settings.start, NEVER) == []


def leaves_image(folder, number):
    """Check that a program which may leaves one, and that the measure sees a value in it."""
    code = f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2); x = {CANARIES['phone'][0]!r} * 9; os.kill(os.getpid(), {int(number)})"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=False)
    images = list(folder.glob("*core*"))
    if not images:
        pytest.skip("this machine keeps images of memory elsewhere")
    assert files_with_values(folder, ("phone",)) == [image.name for image in images]
    for image in images:
        image.unlink()


def leave_value(folder: Path, value: str) -> dict[str, Path]:
    """The value in files of every kind that a program could leave."""
    places = {
        name: folder / name
        for name in ("lake/lineage/event.json", "lake/.access/s.jsonl", "lake/governance/t/p.parquet", "log", "tmp/spill.gz")
    }
    for place in places.values():
        place.parent.mkdir(parents=True, exist_ok=True)
    places["lake/lineage/event.json"].write_text(json.dumps({"facets": {"example": value}}))
    places["lake/.access/s.jsonl"].write_text(json.dumps({"query": f"SELECT {value.encode().hex()}"}))
    pq.write_table(pa.table({"x": [value] * 9}), places["lake/governance/t/p.parquet"], compression="zstd")
    places["log"].write_text(f"DEBUG failed: Could not convert string '{value}' to INT32")
    places["tmp/spill.gz"].write_bytes(gzip.compress(value.encode()))
    return places


def test_a_value_that_is_left_would_be_seen(tmp_path):
    """In files of every kind, also in one that is gone soon, after folders that were; and in none where there is none."""
    folder, value = tmp_path / "plant", CANARIES["phone"][TARGET]
    places = leave_value(folder, "19900000000")
    assert files_with_values(folder, NEVER) == []
    places = leave_value(folder, value)
    assert sorted(files_with_values(folder, NEVER)) == sorted(places)
    with watched([tmp_path], NEVER, pause=0) as seen:
        make_and_remove_folders(tmp_path / "scratch", seconds=0.5)
        brief = tmp_path / "brief"
        brief.write_text(value)
        time.sleep(0.5)
        brief.unlink()
    assert "brief" in seen()[1]


def make_and_remove_folders(root: Path, seconds: float) -> None:
    """As a program does with its scratch: a folder may be gone once it was listed."""
    ended = time.monotonic() + seconds
    while time.monotonic() < ended:
        for number in range(20):
            (root / f"{number}/a/b").mkdir(parents=True)
        shutil.rmtree(root)


@pytest.mark.exhaustive
def test_a_policy_that_tells_would_be_seen(sandbox, canary_lake, tmp_path):
    """Whoever sees phones in clear: the same measure finds them, in answers and in exports."""
    settings = plant_in(sandbox, canary_lake, POLICY_2.replace("personal.phone], action: mask", "personal.phone], action: clear"))
    plain = [one for one in query_attacks() if (one.role, one.column, one.form) == ("analyst", "phone", "plain")]
    told, seen, left = attack(sandbox, settings, tmp_path / "told", plain, [("analyst", "phone")])
    assert len(hidden_values(told)) >= 2
    assert {"out/0-0.csv", "out/0-1.parquet"} <= set(left)
    assert "0-1.csv" in seen
