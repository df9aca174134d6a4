"""The register of accounts: what a token opens, for how long, and what of a changed line is seen."""

import json
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lakeward.core.errors import ProtectionError
from lakeward.protection.access_tokens import AccessToken, new_access_token, parse_access_token
from lakeward.protection.accounts import ACCOUNT_NAME, AccountState
from lakeward.protection.register import AccountRegister
from support.accounts import NOW, entry, large_register

TOKEN, OTHER, LATER = (AccessToken(digit * 12, digit * 42 + "A") for digit in "123")
REGISTER = (
    AccountRegister("register")
    .with_entry(entry("add", "li.wei", TOKEN))
    .with_entry(entry("add", "wang.fang", OTHER))
    .with_entry(entry("add", "chen.jie", LATER))
)


def code_of(register: AccountRegister, token: str, now: datetime = NOW) -> str:
    with pytest.raises(ProtectionError) as raised:
        register.authenticate(token, now)
    return raised.value.code


def test_a_token_opens_its_account_and_no_other() -> None:
    REGISTER.check()
    assert [REGISTER.authenticate(t.text, NOW).name for t in (TOKEN, OTHER, LATER)] == ["li.wei", "wang.fang", "chen.jie"]
    assert REGISTER.authenticate(f" {TOKEN.text}\r\n", NOW).name == "li.wei"


def test_an_empty_token_says_so() -> None:
    assert code_of(REGISTER, "") == code_of(REGISTER, " ") == "account_token_empty"


@pytest.mark.parametrize(
    "text",
    [
        "lw_",
        TOKEN.text[:-1],
        TOKEN.text + "A",
        TOKEN.text.upper(),
        AccessToken(TOKEN.id, OTHER.secret).text,
        AccessToken(OTHER.id, TOKEN.secret).text,
        AccessToken("0" * 12, TOKEN.secret).text,
        TOKEN.sha256,
        f"lw_{TOKEN.id}_{TOKEN.sha256[:43]}",
        TOKEN.text.replace("_", "\uff3f"),
        TOKEN.text[:20] + "\x00" + TOKEN.text[21:],
        '","account":"li.wei',
    ],
    ids=ascii,
)
def test_anything_else_opens_none(text: str) -> None:
    assert code_of(REGISTER, text) == "account_token_invalid"


def test_a_token_ends_at_its_instant_in_whatever_zone_that_is_written() -> None:
    end = NOW + timedelta(hours=8)
    for zone in (UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-11, minutes=-30))):
        expires = end.astimezone(zone).isoformat()
        register = AccountRegister("register").with_entry(entry("add", "li.wei", TOKEN, expires=expires))
        assert register.authenticate(TOKEN.text, end - timedelta(microseconds=1)).name == "li.wei"
        assert code_of(register, TOKEN.text, end) == "account_token_expired"
        assert code_of(register, TOKEN.text, end + timedelta(days=999)) == "account_token_expired"


def test_an_end_without_a_zone_is_no_end() -> None:
    naive = (NOW + timedelta(days=9)).replace(tzinfo=None).isoformat()
    register = AccountRegister("register").with_entry(entry("add", "li.wei", TOKEN, expires=naive))
    assert code_of(register, TOKEN.text) == "accounts_tampered"


def test_a_token_that_was_replaced_counts_no_more() -> None:
    register = REGISTER.with_entry(entry("rotate", "li.wei", new := new_access_token()))

    assert code_of(register, TOKEN.text) == "account_token_invalid"
    assert register.authenticate(new.text, NOW).roles == ("analyst",)
    assert register.authenticate(OTHER.text, NOW).name == "wang.fang"


def test_a_revoked_account_is_closed_and_its_tokens_stay_so_when_it_is_opened_again() -> None:
    closed = REGISTER.with_entry(entry("revoke", "li.wei"))
    again = closed.with_entry(entry("add", "li.wei", new := new_access_token(), roles=["steward"]))

    assert code_of(closed, TOKEN.text) == "account_revoked"
    assert code_of(again, TOKEN.text) == "account_token_invalid"
    assert (again.authenticate(new.text, NOW).roles, again.account("li.wei").state(NOW)) == (("steward",), AccountState.ACTIVE)


@pytest.mark.parametrize(
    "events",
    [("rotate",), ("revoke",), ("add", "add"), ("add", "revoke", "rotate"), ("add", "revoke", "revoke"), ("add", "boom")],
)
def test_entries_that_can_not_follow_each_other_open_nothing(events: tuple[str, ...]) -> None:
    register = AccountRegister("register")
    for event in events:
        register = register.with_entry(entry(event, "li.wei", TOKEN if event in {"add", "rotate"} else None))
    assert code_of(register, TOKEN.text) in {"accounts_tampered", "account_token_invalid"}


def edited() -> dict[str, tuple[bytes, int]]:
    """What was done to the file, and the line that is named for it."""
    one, two, three = REGISTER.content.splitlines(keepends=True)
    return {
        "role": (REGISTER.content.replace(b'"analyst"', b'"admin"', 1), 1),
        "hash of a token": (REGISTER.content.replace(OTHER.sha256.encode(), TOKEN.sha256.encode()), 2),
        "line taken out": (one + three, 2),
        "lines moved": (one + three + two, 2),
        "line put in": (one + one + two + three, 2),
        "line cut": (REGISTER.content[:-9], 3),
        "end of line": (REGISTER.content[:-1], 3),
        "blank line": (REGISTER.content + b"\n", 4),
        "no register": (b"hello\n", 1),
        "binary": (b"\x00\xff" * 400, 1),
        "chain made up": (two[:-68] + b"0" * 64 + b'"}\n', 1),
        "line without chain": (REGISTER.content + json.dumps(entry("add", "mallory", TOKEN)).encode() + b"\n", 4),
    }


@pytest.mark.parametrize("what", edited())
def test_a_file_that_was_changed_by_hand_is_refused_with_its_line(what: str) -> None:
    content, line = edited()[what]
    with pytest.raises(ProtectionError) as raised:
        AccountRegister("register", content).check()
    assert (raised.value.code, raised.value.facts["line"]) == ("accounts_tampered", line)


def test_what_a_lake_has_seen_shows_a_register_that_was_cut_or_exchanged() -> None:
    mark = REGISTER.mark()
    other = AccountRegister("register").with_entry(entry("add", "mallory", LATER))

    assert REGISTER.extends(mark)
    assert REGISTER.with_entry(entry("revoke", "li.wei")).extends(mark)
    cut = AccountRegister("register", b"".join(REGISTER.content.splitlines(keepends=True)[:2]))
    cut.check()  # the hashes alone don't see it
    assert not cut.extends(mark)
    assert not other.extends(mark)
    assert not AccountRegister("register").extends(mark)


def test_a_name_can_not_smuggle_an_account() -> None:
    evil = 'x","account":"li.wei","token":"' + TOKEN.id
    register = REGISTER.with_entry(entry("add", "mallory", new_access_token(), person=evil))

    assert register.authenticate(TOKEN.text, NOW).name == "li.wei"
    assert [a.name for a in register.accounts()] == ["li.wei", "wang.fang", "chen.jie", "mallory"]


@pytest.mark.parametrize(
    "name", ["Li", "l", "li wei", "li.", ".li", "li..wei", "l\u0456", "9li", "li\n", "li/../x", "a" * 64, "李伟", ""]
)
def test_names_of_accounts_are_plain(name: str) -> None:
    assert not ACCOUNT_NAME.fullmatch(name)


def test_names_of_accounts_that_are() -> None:
    assert all(map(ACCOUNT_NAME.fullmatch, ["li.wei", "li-wei_2", "a" * 63, "l2"]))


def test_a_token_shows_neither_in_what_python_prints_nor_twice() -> None:
    account = REGISTER.account("li.wei")
    for shown in (repr(TOKEN), repr(account), str(TOKEN)):
        assert TOKEN.secret not in shown
        assert TOKEN.sha256 not in shown
    assert len({new_access_token().text for _ in range(1000)}) == 1000
    assert parse_access_token(TOKEN.text) == TOKEN


def test_one_token_among_ten_thousand_is_found_in_five_milliseconds() -> None:
    register, token = large_register(10_000)
    took = []
    for _ in range(30):
        start = time.process_time()
        fresh = AccountRegister("register", register.content)
        fresh.check()
        assert fresh.authenticate(token.text, NOW).name == "user5000"
        took.append(time.process_time() - start)
    assert min(took) <= 0.005
