"""Says what rendered policies of AWS allow: an explicit Deny wins, else an Allow is needed. Source: IAM's policy evaluation logic for one account.

It knows the elements and operators that the modules use, and fails at any other: a condition that is passed over would prove nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Policy = Mapping[str, Any]
ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "Condition"}


@dataclass(frozen=True)
class Request:
    """One call: who, what, on what, and its context by condition key."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def is_allowed(request: Request, identity: Sequence[Policy], resource: Policy | None, boundary: Policy | None = None) -> bool:
    """Whether a call in the own account passes: a resource policy that names the role itself is enough, a boundary limits the role's own."""
    everything = [*identity, *([resource] if resource else []), *([boundary] if boundary else [])]
    if any(_decides(request, policy, "Deny") for policy in everything):
        return False
    by_resource = resource is not None and _decides(request, resource, "Allow")
    by_identity = any(_decides(request, policy, "Allow") for policy in identity)
    return by_resource or (by_identity and (boundary is None or _decides(request, boundary, "Allow")))


def is_key_use_allowed(request: Request, key: Policy) -> bool:
    """Whether a key's own policy lets the call pass; no policy of a role opens a key whose policy does not."""
    return is_allowed(request, (), key)


def _decides(request: Request, policy: Policy, effect: str) -> bool:
    return any(statement["Effect"] == effect and _applies(request, statement) for statement in policy["Statement"])


def _applies(request: Request, statement: Mapping[str, Any]) -> bool:
    unknown = set(statement) - ELEMENTS
    assert not unknown, f"elements that the evaluator does not know: {unknown}"
    if "Principal" in statement and not _is_principal(request, statement["Principal"]):
        return False
    if "NotAction" in statement:
        acts = not _matches(request.action, statement["NotAction"], fold=True)
    else:
        acts = _matches(request.action, statement["Action"], fold=True)
    return acts and _matches(request.resource, statement["Resource"]) and _conditions(request, statement.get("Condition", {}))


def _is_principal(request: Request, principal: Any) -> bool:
    if principal == "*":
        return True
    named = [name for names in principal.values() for name in _list(names)]
    # The account's root stands for whoever its own policies allow, so it decides nothing by itself here.
    return "*" in named or request.principal in named


def _conditions(request: Request, conditions: Mapping[str, Mapping[str, Any]]) -> bool:
    return all(
        _holds(operator, request.context.get(key, request.principal if key == "aws:PrincipalArn" else None), _list(wanted))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, found: str | None, wanted: list[str]) -> bool:
    name, optional = operator.removesuffix("IfExists"), operator.endswith("IfExists")
    if name == "Null":
        return (found is None) == (wanted == ["true"])
    if found is None:
        # A negated operator is true of a key that is not there; a plain one is false, unless it says IfExists.
        return optional or "Not" in name
    match name:
        case "StringEquals" | "Bool":
            return found in wanted
        case "StringNotEquals":
            return found not in wanted
        case "StringLike" | "ArnLike" | "ArnEquals":
            return _matches(found, wanted)
        case "StringNotLike" | "ArnNotLike":
            return not _matches(found, wanted)
        case _:
            raise AssertionError(f"an operator that the evaluator does not know: {operator}")


def _matches(found: str, patterns: Any, *, fold: bool = False) -> bool:
    return any(fnmatchcase(found.lower() if fold else found, p.lower() if fold else p) for p in _list(patterns))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(_strings(value))


def _strings(values: Iterable[Any]) -> Iterable[str]:
    return (value if isinstance(value, str) else str(value).lower() for value in values)
