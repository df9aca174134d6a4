"""Changes of the register by many processes, killed ones among them: nothing is lost, and nobody sees half a file."""

import json
import random
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import add_account, create_project, list_accounts
from lakeward.flows.base.identity import identify, register_path
from lakeward.flows.base.workspace import open_workspace
from support.accounts import ADMIN, ANALYST, OTHER_STEWARD, add_in_process, add_until_killed, make_accounts, with_token
from support.processes import quick_processes


@pytest.fixture
def settings(tmp_path):
    return Settings(start=create_project(tmp_path / "plant"))


def file_of(settings):
    return register_path(open_workspace(settings))


def who(settings):
    return identify(open_workspace(settings)).name


def test_processes_that_change_it_at_once_lose_nothing(settings):
    admin = make_accounts(settings)[ADMIN.name]
    names = [[f"w{worker}n{number}" for number in range(8)] for worker in range(2)]
    with ProcessPoolExecutor(2, mp_context=quick_processes()) as pool:
        shown = list(pool.map(add_in_process, [str(settings.start)] * 2, [admin.token] * 2, names))

    assert [[who(with_token(settings, token)) for token in tokens] for tokens in shown] == names
    entries = [json.loads(line) for line in file_of(settings).read_text().splitlines()]
    assert [e["seq"] for e in entries] == list(range(1, 18))


def kill_while_it_is_changed(settings, admin, rounds):
    shown = settings.start / "shown"
    for turn in range(rounds):
        shown.touch()
        before = shown.stat().st_size
        arguments = (str(settings.start), admin.token, f"r{turn}n", str(shown))
        process = quick_processes().Process(target=add_until_killed, args=arguments)
        process.start()
        while shown.stat().st_size == before:
            time.sleep(0.01)
        time.sleep(random.Random(turn).uniform(0, 0.03))
        process.kill()
        process.join()
    return shown.read_text().splitlines(keepends=True)


def check_kills(settings, rounds):
    admin = make_accounts(settings)[ADMIN.name]
    shown = [line.strip() for line in kill_while_it_is_changed(settings, admin, rounds) if line.endswith("\n")]

    register = list_accounts(admin)
    assert len(shown) >= rounds
    assert len({who(with_token(settings, token)) for token in shown}) == len(shown)
    # A kill may come after the change and before its token is shown.
    assert len(shown) + 1 <= len(register) <= len(shown) + 1 + rounds
    add_account(admin, OTHER_STEWARD)
    assert not file_of(settings).with_name("accounts.jsonl.new").exists()


def test_a_kill_in_a_change_loses_no_token_that_was_shown_and_leaves_a_whole_file(settings):
    check_kills(settings, 2)


@pytest.mark.exhaustive
def test_fifty_kills_lose_nothing_either(settings):
    check_kills(settings, 50)


def test_a_reader_sees_the_register_before_a_change_or_after_it(settings):
    owners = make_accounts(settings, ANALYST)
    seen, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            seen.append((who(owners[ANALYST.name]), len(list_accounts(settings))))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(30):
            add_account(owners[ADMIN.name], replace(ANALYST, name=f"user{number}"))
    finally:
        stop.set()
        reader.join()
    assert {name for name, _ in seen} == {ANALYST.name}
    assert [count for _, count in seen] == sorted(count for _, count in seen)
