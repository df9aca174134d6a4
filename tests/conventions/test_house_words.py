"""Names are nouns or verb phrases of the field: a data engineer can search for them, and each class has one meaning."""

import ast
import re
from collections import defaultdict
from pathlib import PurePosixPath

from support import source_tree

# Words that once stood here for something that the field has a name for, and that name.
BANNED = {
    "aside": "quarantine",
    "deed": "action",
    "doomed": "rows to delete",
    "shelf": "catalogue",
    "stranger": "external writer",
    "teller": "state series",
    "told": "a result, or a verb",
    "twins": "duplicates",
}
# Classes of one name in every engine: each implements the same idea for its own.
ENGINE_PAIRS = {"DeletePredicate"}
PARTICIPLE_SHARE = 0.01
IRREGULAR = {
    "kept",
    "known",
    "held",
    "shown",
    "taken",
    "seen",
    "made",
    "done",
    "found",
    "left",
    "lost",
    "sent",
    "written",
    "given",
    "drawn",
    "broken",
    "chosen",
    "brought",
    "bound",
    "built",
    "caught",
    "begun",
    "grown",
    "hidden",
    "led",
    "met",
    "said",
    "stood",
    "struck",
    "taught",
    "thought",
    "thrown",
    "torn",
    "understood",
    "won",
    "worn",
}
NOT_PARTICIPLES = ("seed", "need", "feed", "speed")


def named(*kinds):
    found = [(m.path, node) for m in source_tree.library() for node in m.nodes(*kinds)]
    assert len(found) > 100
    return found


def is_bare_participle(name):
    word = name.strip("_").lower()
    regular = len(word) > 4 and word.endswith("ed") and not word.endswith(NOT_PARTICIPLES)
    return "_" not in word and (word in IRREGULAR or regular)


def words_of(name):
    return set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", name).lower()))


def test_a_function_is_not_named_by_a_participle_alone():
    functions = named(*source_tree.FUNCTIONS)
    bare = [f"{path}:{node.lineno} {node.name}" for path, node in functions if is_bare_participle(node.name)]
    assert len(bare) <= PARTICIPLE_SHARE * len(functions), bare


def test_a_class_name_has_one_meaning():
    places = defaultdict(set)
    for path, node in named(ast.ClassDef):
        if not node.name.startswith("_"):
            places[node.name].add(path)
    assert {name: sorted(paths) for name, paths in places.items() if len(paths) > 1 and name not in ENGINE_PAIRS} == {}


def test_no_banned_word_is_in_the_name_of_a_module_class_or_function():
    names = [(path, node.name) for path, node in named(ast.ClassDef, *source_tree.FUNCTIONS)]
    names += [(module.path, PurePosixPath(module.path).stem) for module in source_tree.library()]
    found = [(f"{path} {name}", word) for path, name in names for word in words_of(name) & set(BANNED)]
    assert [f"{name}: {word} is called {BANNED[word]}" for name, word in found] == []
