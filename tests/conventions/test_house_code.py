"""What may not stand in the code: undocumented doors, broad excepts, prints, the environment, patches."""

import ast
import re

from support import source_tree

# Where `os.environ` is used and why; everything else gets its settings as arguments.
ENVIRONMENT = {
    "pipelines/lakeward/core/settings.py": "reads it, once, at entry",
    "pipelines/lakeward/core/storage/authorities.py": "some clients of object stores take authorities from there alone",
    "pipelines/lakeward/orchestration/local.py": "writes Airflow's own settings, before Airflow reads them",
}
BROAD = {"Exception", "BaseException"}
BARE = {"Exception", "BaseException", "RuntimeError"}
# Fields that a record may take by place.
POSITIONAL_FIELDS = 4
PATCHES = re.compile(r"mock\.|Magic" + r"Mock|\bpatch\(|create_auto" + r"spec|mocker\.|monkeypatch\." + r"setattr")


# Values between hand-made quotes, and why: everything else is quoted by `core.sql`.
QUOTED_BY_HAND = {
    "engines/reading/text_lines.py": "characters and words of DuckDB's reader, all ours",
    "engines/reading/text_sql.py": "a character of ours",
    "engines/spark/formats.py": "a time format of Java's",
    "engines/spark/times.py": "a unit that the parser knew",
    "flows/quarantine/align.py": "a key in a path of JSON",
    "portal/export.py": "a page and its policy",
    "simulator/message_defects.py": "a file",
    "simulator/orders.py": "a file",
}


def library():
    found = source_tree.library()
    assert len(found) > 20
    return found


def test_every_module_opens_with_its_reason():
    assert [m.path for m in library() if not ast.get_docstring(m.tree)] == []


def test_every_public_name_says_what_it_is():
    names = [(name, node) for module in library() for name, node in source_tree.public(module)]
    assert len(names) > 100
    assert [name for name, node in names if not ast.get_docstring(node) and not is_command(node)] == []


def test_no_failure_is_caught_by_the_dozen():
    handlers = [(m.path, h) for m in library() for h in m.nodes(ast.ExceptHandler)]
    assert handlers
    assert [f"{path}:{h.lineno}" for path, h in handlers if caught_types(h) & BROAD or h.type is None] == []


def test_no_failure_is_raised_without_a_kind():
    raised = [(m.path, node) for m in library() for node in m.nodes(ast.Raise)]
    assert raised
    assert [
        f"{path}:{node.lineno}" for path, node in raised if getattr(getattr(node.exc, "func", node.exc), "id", "") in BARE
    ] == []


def test_only_the_command_line_prints():
    calls = [(m.path, call) for m in library() if "/cli/" not in m.path for call in m.nodes(ast.Call)]
    assert calls
    assert [f"{path}:{call.lineno}" for path, call in calls if getattr(call.func, "id", "") == "print"] == []


def test_only_settings_read_the_environment():
    users = {m.path for m in library() for node in m.nodes(ast.Attribute) if node.attr in {"environ", "getenv", "environb"}}
    assert users == set(ENVIRONMENT)


def test_only_flows_log():
    loggers = {m.path for m in library() for node in m.nodes(ast.Import) if any(a.name == "logging" for a in node.names)}
    assert {path for path in loggers if "/flows/" not in path} == set()


def test_names_and_texts_are_quoted_by_one_hand():
    texts = [(m.path, node) for m in library() for node in m.nodes(ast.JoinedStr)]
    assert len(texts) > 100
    assert {path.partition("lakeward/")[2] for path, text in texts if has_quoted_value(text)} == set(QUOTED_BY_HAND)


def test_what_is_frozen_holds_nothing_that_changes():
    frozen = [(m.path, node) for m in library() for node in m.nodes(ast.ClassDef) if is_frozen(node)]
    assert len(frozen) > 100
    fields = [(path, node.name, field) for path, node in frozen for field in node.body if isinstance(field, ast.AnnAssign)]
    assert [f"{path}:{name}.{field.target.id}" for path, name, field in fields if is_changeable(field.annotation)] == []


def test_records_of_many_fields_name_them():
    records = [(m.path, node) for m in library() for node in m.nodes(ast.ClassDef) if is_record(node)]
    assert len(records) > 100
    long = {f"{path}:{node.name}" for path, node in records if len(positional_fields(node)) > POSITIONAL_FIELDS}
    assert long == set()


def test_a_relation_of_a_session_is_passed_on_by_whoever_makes_it():
    calls = [
        (m.path, n) for m in library() for n in m.nodes(ast.Call) if getattr(n.func, "attr", "") in {"define", "materialise"}
    ]
    assert len(calls) > 10
    dropped = {id(node.value) for m in library() for node in m.nodes(ast.Expr)}
    assert [f"{path}:{call.lineno}" for path, call in calls if id(call) in dropped] == []


def test_tests_use_real_parts_and_never_patch_one():
    tests = source_tree.modules("tests/")
    assert len(tests) > 10
    assert [f"{m.path}: {hit[0]}" for m in tests if (hit := PATCHES.search(m.text))] == []


def caught_types(handler):
    return {node.id for node in ast.walk(handler.type or ast.Pass()) if isinstance(node, ast.Name)}


def is_command(node):
    """Commands are documented by their help, which lies in the messages."""
    return isinstance(node, ast.FunctionDef) and [arg.arg for arg in node.args.args[:1]] == ["context"]


def has_quoted_value(text):
    """Whether a value of the f-string stands between two quotes."""
    parts = [part.value if isinstance(part, ast.Constant) else None for part in text.values]
    around = [(before, after) for before, value, after in zip(parts, parts[1:], parts[2:], strict=False) if value is None]
    return any(before and after and before[-1] in "'\"" and before[-1] == after[0] for before, after in around)


def is_record(node):
    """Whether the class is a dataclass."""
    return any("dataclass" in ast.unparse(one) for one in node.decorator_list)


def is_frozen(node):
    return any("frozen=True" in ast.unparse(one) for one in node.decorator_list)


def is_changeable(annotation):
    """Whether the field's own type is a list, dict or set, or a tuple or mapping of these."""
    found = re.sub(r"Callable\[.*\]", "", ast.unparse(annotation))
    return bool(re.search(r"(?<!\w)(list|dict|set|defaultdict)\[", found))


def positional_fields(node):
    """Fields that may be given without their names."""
    fields = [ast.unparse(field.annotation) for field in node.body if isinstance(field, ast.AnnAssign)]
    named = any("kw_only=True" in ast.unparse(one) for one in node.decorator_list)
    return [] if named else fields[: fields.index("KW_ONLY")] if "KW_ONLY" in fields else fields


def test_no_aggregate_has_an_empty_window():
    windows = [(m.path, m.text) for m in library() if "OVER (" in m.text]
    assert windows
    assert [
        path
        for path, text in windows
        if re.search(r"(?<!row_number\(\) )OVER \(\)", text) and path != "pipelines/lakeward/core/sql.py"
    ] == []


# What a reader's own values are bound in, and SQLite.
BINDING = {"serving/session.py", "serving/shadow.py", "flows/base/sessions.py"}


def test_values_of_our_own_are_written_into_queries():
    """A value that DuckDB binds makes it import pandas: half a second, and 250 MB."""
    found = {
        m.path.removeprefix("pipelines/lakeward/")
        for m in library()
        if "duckdb" in m.text or "sqlite3" in m.text
        for call in ast.walk(m.tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and len(call.args) + len(call.keywords) > 1
        if call.func.attr in {"execute", "executemany", "sql", "query"}
    }
    assert found >= BINDING
    assert found - BINDING == set()
