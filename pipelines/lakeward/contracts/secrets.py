"""Credentials have no place in a contract: it is stored in the lake, diffed, and shown to whoever may see the dataset."""

import re
from collections.abc import Iterator
from typing import Any

from lakeward.contracts.document import Fault, Steps, has_credentials, shown

_NAME = re.compile(r"passw(or)?d|passphrase|secret|token|credential|(api|access|private|account)_?-?key", re.IGNORECASE)


def secret_faults(value: Any, steps: Steps = ()) -> Iterator[Fault]:
    """Keys, and custom properties, that name a secret; URLs with a password; private keys. Never with the value."""
    if isinstance(value, dict):
        if isinstance(name := value.get("property"), str) and _NAME.search(name):
            yield Fault((*steps, "property"), "contract_secret", {"key": shown(name)})
        for key, inner in value.items():
            if _NAME.search(key):
                yield Fault((*steps, key), "contract_secret", {"key": shown(key)})
            yield from secret_faults(inner, (*steps, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from secret_faults(inner, (*steps, at))
    elif isinstance(value, str) and has_credentials(value):
        yield Fault(steps, "contract_secret", {"key": shown(steps[-1]) if steps else ""})
