"""Docstrings and comments are plain present English, and name arguments and members that exist."""

import ast
import io
import re
import tokenize
from collections import defaultdict

from support import source_tree

# Turns of phrase that once stood here, each with its plain form.
BANNED = {
    r"\bdoomed\b": "rows to delete",
    r"\bmade anew\b": "rebuilt, recomputed",
    r"\bnobody\b": "no user, nothing",
    r"\bof today\b": "current",
    r"\bRefuses\b": "what happens instead",
    r"\bset aside\b(?!`)": "quarantined, rejected",
    r"\btold\b": "reported, returned",
    r"\bwhoever\b": "the caller, any reader",
}
DOCUMENTED = (ast.Module, ast.ClassDef, *source_tree.FUNCTIONS)
ENTRY = re.compile(r"^ {4}(\w+(?:, \w+)*): ", re.MULTILINE)


def docstrings(*kinds):
    found = [(m.path, node, ast.get_docstring(node)) for m in source_tree.library() for node in m.nodes(*kinds)]
    return [(path, node, text) for path, node, text in found if text]


def comments():
    for module in source_tree.library():
        for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
            if token.type == tokenize.COMMENT:
                yield f"{module.path}:{token.start[0]}", token.string


def own_names(node):
    """What an entry of a function's or a class's `Args:` may name."""
    if isinstance(node, source_tree.FUNCTIONS):
        return {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
    names = {each.target.id for each in node.body if isinstance(each, ast.AnnAssign)}
    for method in (each for each in node.body if isinstance(each, source_tree.FUNCTIONS)):
        names |= {method.name, *own_names(method)}
        names |= {each.attr for each in ast.walk(method) if isinstance(each, ast.Attribute)}
    return names


def entries(text, section):
    return ENTRY.findall(text.partition(f"{section}:\n")[2].partition("\n\n")[0])


def members():
    found = defaultdict(set)
    for _, node, _ in docstrings(ast.ClassDef):
        found[node.name] |= own_names(node) | {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return found


def test_docstrings_and_comments_are_in_plain_words():
    texts = [(f"{path} {getattr(node, 'name', '')}", text) for path, node, text in docstrings(*DOCUMENTED)]
    texts += comments()
    assert len(texts) > 3000
    found = [(place, phrase) for place, text in texts for phrase in BANNED if re.search(phrase, text)]
    assert [f"{place}: {phrase} is called {BANNED[phrase]}" for place, phrase in found] == []


def test_an_entry_of_a_docstring_names_an_argument():
    documented = [
        (f"{path}:{node.lineno} {node.name}", name, node)
        for path, node, text in docstrings(ast.ClassDef, *source_tree.FUNCTIONS)
        for names in entries(text, "Args")
        for name in names.split(", ")
    ]
    assert len(documented) > 500
    assert [f"{place}: {name}" for place, name, node in documented if name not in own_names(node)] == []


def test_a_member_that_a_docstring_names_exists():
    known = members()
    named = [
        (f"{path} {getattr(node, 'name', '')}", *match)
        for path, node, text in docstrings(*DOCUMENTED)
        for match in re.findall(r"`([A-Z]\w+)\.(\w+)`", text)
        if match[0] in known
    ]
    assert len(named) > 50
    assert [f"{place}: {kind}.{name}" for place, kind, name in named if name not in known[kind]] == []
