"""Every message speaks both languages: the same facts, short, an error with a next step; and no text is left over."""

import ast
import re
from string import Formatter

import yaml

from lakeward.core import errors
from lakeward.core.messages import catalogue
from lakeward.flows.audit.decisions import DecisionKind
from lakeward.flows.incidents.record import IncidentStep
from lakeward.protection.accounts import AccountEvent
from support import source_tree

LONGEST = 500
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.LakewardError)}
# Functions that tell a text, and which argument is its code.
TELL = {"text": 0, "say": 1, "table": 1, "progress": 1, "Phrase": 0, "print_message": 1}
# Names under which a code is handed on, to be told later.
HANDED_ON = {"fault", "code", "reason"}
CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")
CATALOGUE = catalogue()
PATH_IN_COMMAND = r"(\b(cd|rm|cp|mv|mkdir -p|chmod \S+|chown \S+|lakeward( \w+)+)|--[a-z-]+|hex 32 >|[A-Z]=) ?'?\{(file|folder|place|lake|to|path|project)\}"


def literal(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def name_of(call):
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def uses(position):
    """(place, code, names of its facts or None when they are passed on whole) of calls whose code is at `position(name)`."""
    for module in source_tree.library():
        for call in module.nodes(ast.Call):
            at = position(name_of(call))
            code = literal(call.args[at]) if at is not None and len(call.args) > at else None
            if code:
                whole = any(keyword.arg is None for keyword in call.keywords)
                yield f"{module.path}:{call.lineno}", code.partition(".")[0], None if whole else {k.arg for k in call.keywords}


def raised_codes():
    found = list(uses(lambda name: 0 if name in ERRORS else None))
    assert len(found) > 10
    return found


def printed_codes():
    found = [(place, code, facts) for place, code, facts in uses(TELL.get) if CODE.fullmatch(code)]
    assert found
    return found


def passed_codes():
    """Codes in `fault="…"`, `{"code": "…"}` and `("…", {facts})`."""
    for module in source_tree.library():
        for node in module.nodes(ast.keyword, ast.Dict, ast.Tuple):
            if isinstance(node, ast.keyword):
                pairs = [(node.arg, node.value)]
            elif isinstance(node, ast.Dict):
                pairs = [(literal(key), value) for key, value in zip(node.keys, node.values, strict=True)]
            else:
                pairs = [("code", node.elts[0])] if len(node.elts) == 2 and isinstance(node.elts[1], ast.Dict) else []
            for key, value in pairs:
                if key in HANDED_ON and (code := literal(value)) and CODE.fullmatch(code):
                    yield f"{module.path}:{node.lineno if hasattr(node, 'lineno') else 0}", code


def facts_of(*texts):
    fields = [field for text in texts for _, field, _, _ in Formatter().parse(text) if field]
    return {re.split(r"[.\[]", field)[0] for field in fields}


def test_every_code_has_its_texts():
    codes = [(place, code) for place, code, _ in (*raised_codes(), *printed_codes())] + list(passed_codes())
    assert [f"{place} {code}" for place, code in codes if code not in CATALOGUE] == []


def test_every_error_has_a_next_step_in_both_languages():
    codes = {code for _, code, _ in raised_codes()} & set(CATALOGUE)
    assert [code for code in sorted(codes) if not {"en_next", "zh_next"} <= set(CATALOGUE[code])] == []


def test_every_next_step_begins_with_the_same_words():
    steps = [(code, entry["en_next"], entry["zh_next"]) for code, entry in CATALOGUE.items() if "en_next" in entry]
    assert [code for code, en, zh in steps if not (en.startswith("Next: ") and zh.startswith("下一步："))] == []


def test_no_text_says_that_lakeward_is_on_a_package_index():
    texts = [(code, text) for code, entry in CATALOGUE.items() for text in entry.values()]
    texts += [(module.path, module.text) for module in source_tree.library()]
    assert [place for place, text in texts if re.search(r"pip install '?lakeward", text)] == []


def test_every_text_is_there_in_both_languages():
    forms = ({"en", "zh"}, {"en", "zh", "en_next", "zh_next"})
    assert [code for code, entry in CATALOGUE.items() if set(entry) not in forms] == []


def test_both_languages_tell_the_same_facts():
    told = [
        (code, entry.get(f"en{part}", ""), entry.get(f"zh{part}", ""))
        for code, entry in CATALOGUE.items()
        for part in ("", "_next")
    ]
    assert [code for code, english, chinese in told if facts_of(english) != facts_of(chinese)] == []


def test_every_text_is_short():
    assert len(CATALOGUE) > 1000
    assert [code for code, entry in CATALOGUE.items() if not all(0 < len(text) <= LONGEST for text in entry.values())] == []


def test_every_fact_that_a_text_names_is_given():
    errors_ = [(place, code, facts, CATALOGUE.get(code, {}).values()) for place, code, facts in raised_codes()]
    others = [(place, code, facts, [CATALOGUE.get(code, {}).get("en", "")]) for place, code, facts in printed_codes()]
    given = [(place, code, facts_of(*texts) - facts) for place, code, facts, texts in errors_ + others if facts is not None]
    assert [f"{place} {code}: {sorted(missing)}" for place, code, missing in given if missing] == []


def test_a_path_in_a_command_is_quoted_as_a_shell_reads_it():
    unquoted = re.compile(PATH_IN_COMMAND)
    texts = [(code, text) for code, entry in CATALOGUE.items() for text in entry.values()]
    assert len([code for code, text in texts if "!q}" in text]) > 50
    assert [code for code, text in texts if unquoted.search(text)] == []


def templates():
    """Path -> text of the templates of pages, which say texts by `t('code')`."""
    paths = [path for path in source_tree.files() if "/portal/templates/" in path]
    assert paths
    return {path: (source_tree.ROOT / path).read_text(encoding="utf-8") for path in paths}


def test_every_text_of_a_template_exists_with_its_facts():
    said = [(path, *call) for path, text in templates().items() for call in re.findall(r"\bt\('(\w+)'((?:, \w+=)?)", text)]
    assert len(said) > 100
    assert [f"{path} {code}" for path, code, _ in said if code not in CATALOGUE] == []
    assert [
        f"{path} {code}"
        for path, code, facts in said
        if code in CATALOGUE and bool(facts_of(CATALOGUE[code]["en"])) != bool(facts)
    ] == []


def test_every_text_is_used():
    source = "\n".join((*(module.text for module in source_tree.library()), *templates().values()))
    recorded = {code for code, entry in CATALOGUE.items() if code.startswith("phrase_") and f'"{entry["en"]}"' in source}
    words = {*re.findall(r"\w+", source), *recorded}
    composed = set(re.findall(r"f\"([a-z]+_)\{", source))
    left = {
        code for code in set(CATALOGUE) - words if not any(code.startswith(p) and is_composed(code, p, words) for p in composed)
    }
    assert sorted(left) == []


def is_composed(code, prefix, words):
    """Whether the source has the rest of the code as one word, or word by word."""
    rest = code.removeprefix(prefix)
    return rest in words or ("_" in rest and set(rest.split("_")) <= words)


def test_no_code_is_written_in_two_files():
    texts = [(source_tree.ROOT / path).read_text(encoding="utf-8") for path in source_tree.files() if "/core/messages/" in path]
    written = [key for text in texts for key in re.findall(r"^(\w+):", text, re.MULTILINE)]
    assert len(written) >= len(CATALOGUE) > 0
    assert sorted({key for key in written if written.count(key) > 1}) == []


def test_entries_parsed_one_by_one_are_those_of_the_whole_files():
    files = [source_tree.ROOT / path for path in source_tree.files() if "/core/messages/" in path and path.endswith(".yaml")]
    whole = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    assert {code: entry for entries in whole for code, entry in entries.items()} == CATALOGUE


def test_history_has_a_word_for_each_kind_event_and_step():
    words = {*DecisionKind, *AccountEvent, *IncidentStep}
    assert {f"history_{word}" for word in words} <= CATALOGUE.keys()
