"""What the convention tests look at: the files of the tree and the syntax of the library, read once."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARY = ("pipelines/", "lineage/", "dags/")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    """One Python file: its path below the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @functools.cached_property
    def every_node(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree: to walk it takes ten times as long as to look at each node again."""
        return tuple(ast.walk(self.tree))

    def nodes(self, *kinds):
        """All nodes of these kinds."""
        return [node for node in self.every_node if isinstance(node, kinds)]


@functools.cache
def files() -> tuple[str, ...]:
    """Files that git tracks, or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return tuple(sorted({path for path in listed.stdout.splitlines() if (ROOT / path).is_file()}))


@functools.cache
def modules(*below: str) -> tuple[Module, ...]:
    """The Python files below these folders."""
    found = (path for path in files() if path.endswith(".py") and path.startswith(below))
    return tuple(Module(path, text, ast.parse(text)) for path in found for text in [(ROOT / path).read_text(encoding="utf-8")])


def library() -> tuple[Module, ...]:
    """What is shipped or read by Airflow."""
    return modules(*LIBRARY)


def public(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """Public functions and classes of a module, and public methods of public classes, by dotted name."""
    for node in module.tree.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
            yield f"{module.path}:{node.name}", node
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, FUNCTIONS) and not inner.name.startswith("_"):
                    yield f"{module.path}:{node.name}.{inner.name}", inner


def lines_of_code(function: ast.AST) -> int:
    """Lines of a function's body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0
