"""Values that a suite takes from its `suite_parameters`: `{"$PARAMETER": "limit * 1.1"}`, a name or arithmetic over names.

What is only known at run time, such as times and metrics of other runs, is an error.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

MARK = "$PARAMETER"
_OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {"abs": abs, "round": round, "trunc": int}
# Longer ones are no bounds that a person wrote.
_LONGEST = 200


class ParameterError(ValueError):
    """A parameter has no value here: `name` is what the suite writes, `missing` the names without a value."""

    def __init__(self, name: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(name)
        self.name, self.missing = name, missing


def is_parameter(value: object) -> bool:
    """Whether `value` stands for a parameter."""
    return isinstance(value, dict) and MARK in value


def substitute(value: Any, parameters: Mapping[str, Any]) -> Any:
    """`value` with every parameter in it, however deep, replaced by what it stands for.

    Raises:
        ParameterError: One has no value, or is an expression that is not plain arithmetic.
    """
    if is_parameter(value):
        return _evaluate(value, parameters)
    if isinstance(value, dict):
        return {key: substitute(inner, parameters) for key, inner in value.items()}
    if isinstance(value, list):
        return [substitute(inner, parameters) for inner in value]
    return value


def missing_parameters(value: Any, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The names in `value`, in order, that have no value; empty also where an expression is none that is read."""
    try:
        substitute(value, parameters)
    except ParameterError as error:
        return error.missing
    return ()


def _evaluate(value: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:
    written = value[MARK]
    if not isinstance(written, str) or len(written) > _LONGEST:
        raise ParameterError(str(written)[:_LONGEST])
    if written in parameters:
        return parameters[written]
    if f"{MARK}.{written}" in value:  # the value that suites before 1.0 carry beside the name
        return value[f"{MARK}.{written}"]
    try:
        tree = ast.parse(written.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise ParameterError(written) from None
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id not in _FUNCTIONS]
    missing = tuple(dict.fromkeys(name for name in names if name not in parameters))
    if missing and _is_arithmetic(tree):
        raise ParameterError(written, missing)
    return _calculate(tree, written, parameters)


def _is_arithmetic(tree: ast.AST) -> bool:
    known = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.Load, *_OPERATORS)
    nodes = tuple(ast.walk(tree))
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    are_known = all(isinstance(function, ast.Name) and function.id in _FUNCTIONS for function in calls)
    return are_known and all(isinstance(node, known) for node in nodes)


def _calculate(tree: ast.AST, written: str, parameters: Mapping[str, Any]) -> Any:
    match tree:
        case ast.Name(id=name) if _is_number(parameters.get(name)):
            return parameters[name]
        case ast.Constant(value=value) if _is_number(value):
            return value
        case ast.UnaryOp(op=op, operand=inner) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_calculate(inner, written, parameters))
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_calculate(inner, written, parameters))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            ends = (_calculate(left, written, parameters), _calculate(right, written, parameters))
            try:
                return _OPERATORS[type(op)](*ends)
            except ArithmeticError:
                raise ParameterError(written) from None
    raise ParameterError(written)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
