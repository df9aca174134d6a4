"""Facts in words (`core.messages.Phrase`): a text of its own, in the language of the message around it."""

import json
import pickle
from pathlib import Path

import pytest

from lakeward.core.connections import parse_connection
from lakeward.core.errors import ContractError, LakewardError, SettingsError
from lakeward.core.messages import Lang, Phrase, pack_facts, reason_text, text, unpack_facts
from lakeward.core.spelling import did_you_mean
from lakeward.flows.base.answers import Notice
from lakeward.flows.server.faults import pack_error, unpack_error

WHOLE = Phrase("phrase_whole_between", low=1, high=9)
FACTS = {"key": "k", "expected": WHOLE, "found": Phrase("phrase_nothing")}


def problems(error: LakewardError) -> tuple[str, str]:
    return error.problem(Lang.EN), error.problem(Lang.ZH)


def test_a_phrase_has_the_language_of_the_message_around_it():
    told = problems(ContractError("contract_value", file="f", line=1, column=1, **FACTS))
    assert "a whole number from 1 to 9" in told[0]
    assert "nothing" in told[0]
    assert "1 至 9 的整数" in told[1]
    assert "空" in told[1]


def test_alone_and_in_json_a_phrase_is_english():
    assert str(WHOLE) == f"{WHOLE}" == "a whole number from 1 to 9"
    facts = Notice("contract_value", FACTS).as_dict()["facts"]
    assert json.loads(json.dumps(facts)) == {"key": "k", "expected": "a whole number from 1 to 9", "found": "nothing"}


def test_a_phrase_within_a_phrase_is_translated_too():
    note = Phrase("series_ranges_differ", lines=1, file="f.csv", line=2)
    assert text("lint_warning", Lang.ZH, dataset="d", note=note).startswith("d：f.csv 中有 1 行")


def test_facts_are_the_same_after_json_and_another_process():
    facts = {**FACTS, "at": Path("a"), "count": 3, "share": 0.5, "none": None}
    assert unpack_facts(json.loads(json.dumps(pack_facts(facts)))) == {**facts, "at": "a"}
    assert pickle.loads(pickle.dumps(facts)) == facts


def test_an_error_of_the_server_is_in_the_language_of_its_client():
    error = SettingsError("setting_not_allowed", variable="V", expected=Phrase("phrase_size", example="4GiB"), found="x")
    found, _ = unpack_error(pack_error(error))
    assert (str(found.facts["expected"]), "内存大小，如 4GiB" in found.problem(Lang.ZH)) == ("a size such as 4GiB", True)


@pytest.mark.parametrize(
    ("name", "en", "zh"),
    [
        ("oven1", "Did you mean: oven?", "是否为：oven？"),
        ("zzz", "Known names include: oven, press.", "可用的包括：oven, press。"),
    ],
)
def test_only_near_names_are_asked_after(name, en, zh):
    told = problems(LakewardError("dataset_not_found", project="p", dataset=name, close=did_you_mean(name, ("oven", "press"))))
    assert told == (f"Project p has no dataset '{name}'. {en}", f"项目 p 没有数据集“{name}”。{zh}")


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("nothing to evaluate", "没有可判定的数据"),
        ("time_column: a column of numbers", "time_column: 数字类型的列"),
        ("reject_empty_message", "该消息没有载荷。"),
        ("file_too_old: 3", "file_too_old: 3"),
        ("words of a person", "words of a person"),
    ],
)
def test_recorded_reasons_are_shown_in_the_readers_language(reason, shown):
    assert reason_text(reason, Lang.ZH) == shown


def test_where_nothing_is_known_nothing_is_asked():
    told = problems(LakewardError("dataset_not_found", project="p", dataset="x", close=did_you_mean("x", ())))
    assert told == ("Project p has no dataset 'x'.", "项目 p 没有数据集“x”。")


@pytest.mark.parametrize(("query", "asked"), [("car=a.pem", ("Did you mean: ca? ", "是否为：ca？")), ("zzzzzzzz=1", ("", ""))])
def test_a_parameter_of_a_connection_is_asked_after_only_when_near(tmp_path, query, asked):
    with pytest.raises(SettingsError) as refused:
        parse_connection("a", f"modbuss://plc?{query}", "here", tmp_path)
    name, known = query.partition("=")[0], "ca, certificate, key"
    assert problems(refused.value) == (
        f"The connection a, found in here, has a parameter that its kind does not have: {name}. {asked[0]}Known: {known}.",
        f"在 here 中找到的连接 a 含有该类连接没有的参数：{name}。{asked[1]}可用参数：{known}。",
    )


@pytest.mark.parametrize("packed", [["no_such", {}], ["phrase_size", {}], ["phrase_size", "4GiB"], ["phrase_size"], [[], {}]])
def test_phrases_that_this_release_does_not_have_are_refused_where_they_are_read(packed):
    content = {"kind": "UsageError", "code": "setting_not_allowed", "facts": {"expected": packed}}
    assert unpack_error(json.dumps(content).encode()) is None
