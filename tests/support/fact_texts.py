"""Texts that the library gives as facts of messages: literals, and what names, tables and functions stand for."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from support import source_tree

# Names of parameters that are facts, wherever a function takes them.
FACTS = ("expected", "found", "reason")
# Methods that hand on what they are given, or called on.
HANDING_ON = ("get", "join", "format", "replace", "fromkeys")
# Steps from a fact to the literal behind it, at most.
DEPTH = 6
# Kinds of expressions -> their parts that are a value of theirs.
PARTS = {
    ast.IfExp: ("body", "orelse"),
    ast.Dict: ("values",),
    ast.BoolOp: ("values",),
    ast.Tuple: ("elts",),
    ast.List: ("elts",),
    ast.BinOp: ("left", "right"),
    ast.Subscript: ("value",),
}
SETTING = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)


def name_of(call: ast.Call) -> str:
    """The bare name of what is called."""
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


@dataclass(frozen=True)
class Names:
    """What the names of one module stand for."""

    module: source_tree.Module

    @functools.cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """The functions of the module, by name."""
        return {function.name: function for function in self.module.nodes(*source_tree.FUNCTIONS)}

    @functools.cached_property
    def settings(self) -> dict[str, list[ast.AST]]:
        """Name -> the statements and expressions that set it."""
        found: dict[str, list[ast.AST]] = {}
        for node in self.module.nodes(*SETTING):
            for target in getattr(node, "targets", None) or [node.target]:
                if isinstance(target, ast.Name) and node.value is not None:
                    found.setdefault(target.id, []).append(node)
        return found

    @functools.cached_property
    def imports(self) -> dict[str, str]:
        """Name -> the module that it comes from."""
        return {one.asname or one.name: node.module for node in self.module.nodes(ast.ImportFrom) for one in node.names}

    def values(self, name: str, line: int) -> list[ast.AST]:
        """What a name is set to in the function around a line, else in its module."""
        around = [one for one in self.functions.values() if one.lineno <= line <= one.end_lineno]
        inside = [
            node for node in self.settings.get(name, ()) if any(one.lineno <= node.lineno <= one.end_lineno for one in around)
        ]
        if inside or name not in self.imports:
            return [node.value for node in inside or self.settings.get(name, ()) if inside or not node.col_offset]
        origin = every_module().get(f"pipelines/{self.imports[name].replace('.', '/')}.py")
        return [node.value for node in origin.settings.get(name, ()) if not node.col_offset] if origin else []

    def answers(self, name: str) -> list[ast.AST]:
        """What a function of the module returns."""
        returns = ast.walk(self.functions[name]) if name in self.functions else ()
        return [node.value for node in returns if isinstance(node, ast.Return) and node.value]


@functools.cache
def every_module() -> dict[str, Names]:
    """The modules of the library, by path."""
    return {module.path: Names(module) for module in source_tree.library()}


def takers(names: Names) -> Iterator[tuple[str, dict[str, int]]]:
    """Functions, and classes by their `__init__`, that take facts by position: the places of these, counted without `self`."""
    classes = [(one.name, inner) for one in names.module.nodes(ast.ClassDef) for inner in one.body]
    named = [(name, inner) for name, inner in classes if getattr(inner, "name", "") == "__init__"]
    for name, function in [*named, *names.functions.items()]:
        parameters = [one.arg for one in (*function.args.posonlyargs, *function.args.args) if one.arg not in ("self", "cls")]
        if places := {one: at for at, one in enumerate(parameters) if one in FACTS}:
            yield name, places


def given_facts(names: Names, places: dict[str, dict[str, int]], givers: frozenset[str]) -> Iterator[ast.expr]:
    """Every expression that is given as a fact."""
    for call in names.module.nodes(ast.Call):
        name, taken = name_of(call), places.get(name_of(call), {})
        yield from (keyword.value for keyword in call.keywords if name in givers or keyword.arg in taken)
        yield from (call.args[at] for at in taken.values() if at < len(call.args))
    for table in names.module.nodes(ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else "" for key in table.keys]
        yield from (value for key, value in zip(keys, table.values, strict=True) if key in FACTS)
    for function in names.functions.values():
        parameters = [*function.args.posonlyargs, *function.args.args]
        defaults = zip(reversed(parameters), reversed(function.args.defaults), strict=False)
        yield from (value for one, value in defaults if one.arg in FACTS)


def literals(node: ast.AST, names: Names, line: int, depth: int = DEPTH) -> Iterator[str]:
    """The texts that an expression can be; what is put in stands as `{}`."""
    if isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else ()
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif depth:
        for part in parts(node, names, line):
            yield from literals(part, names, line, depth - 1)


def parts(node: ast.AST, names: Names, line: int) -> list[ast.AST]:
    """The expressions that `node` can stand for."""
    if isinstance(node, ast.Name):
        return names.values(node.id, line)
    if isinstance(node, ast.Call):
        called_on = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        return [*([*node.args, *called_on] if name_of(node) in HANDING_ON else []), *names.answers(name_of(node))]
    found = [getattr(node, part) for part in PARTS.get(type(node), ())]
    return [one for value in found for one in (value if isinstance(value, list) else [value])]


def fact_texts(givers: frozenset[str]) -> list[tuple[str, str]]:
    """`(place, text)` of every fact in the library; `givers` are the calls whose named arguments are all facts."""
    own = {path: dict(takers(names)) for path, names in every_module().items()}
    shared = {name: places for found in own.values() for name, places in found.items() if not name.startswith("_")}
    return [
        (f"{path}:{fact.lineno}", text)
        for path, names in every_module().items()
        for fact in given_facts(names, shared | own[path], givers)
        for text in literals(fact, names, fact.lineno)
    ]
