"""Where checkpoints of the logs go, from the mapping `checkpoints` of `project.yaml`. Secrets are named there, never written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

CHECKPOINT_KEYS: Mapping[str, KeyDoc] = {
    "public_key": KeyDoc(
        "hex digits", "Key that must have signed the newest seal; `lakeward access verify` compares it.", "none"
    ),
    "file": KeyDoc("file", "File outside the lake, best on another machine's disk, that gets each checkpoint as a line.", "none"),
    "webhook": KeyDoc("URL", "Address that checkpoints are posted to: `https`, or `http` on this machine.", "none"),
    "webhook_secret": KeyDoc("name", "Sent as a bearer token: NAME stands for the variable `LAKEWARD_SECRET_NAME`.", "none"),
    "email_to": KeyDoc("address", "Address that checkpoints are mailed to.", "none"),
    "email_from": KeyDoc("address", "Address that they come from.", "as `email_to`"),
    "email_server": KeyDoc("host:port", "Mail server: port 465 with TLS, other ports with STARTTLS. Needed for `email_to`."),
    "email_user": KeyDoc("text", "Account at the mail server.", "none"),
    "email_password": KeyDoc("name", "Its password: NAME stands for the variable `LAKEWARD_SECRET_NAME`.", "none"),
}
# Hosts that need no TLS.
LOOPBACK = frozenset(["localhost", "127.0.0.1", "::1"])
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_KEY = re.compile(r"[0-9a-f]{64,130}")
_SERVER = re.compile(r"[^\s:/]+:[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTarget:
    """A mail address for checkpoints.

    Args:
        server: `host:port`.
        password: Name of the secret; None for none.
    """

    to: str
    sender: str
    server: str
    user: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTargets:
    """Where checkpoints go; None for nowhere.

    Args:
        public_key: Key that must have signed the newest seal, as hex digits.
        webhook_secret: Name of the secret that is sent as a bearer token.
    """

    public_key: str | None = None
    file: Path | None = None
    webhook: str | None = None
    webhook_secret: str | None = None
    mail: MailTarget | None = None


def read_checkpoint_targets(view: View, root: Path) -> CheckpointTargets:
    """The targets of the mapping `checkpoints`; faults are collected in `view`."""
    view.allow_only(CHECKPOINT_KEYS)
    file = view.text("file", "")
    return CheckpointTargets(
        public_key=_optional(view, "public_key", Phrase("phrase_public_key"), _KEY),
        file=root / file if file else None,
        webhook=_webhook(view),
        webhook_secret=_optional(view, "webhook_secret", Phrase("phrase_capital_name"), _NAME),
        mail=_mail(view),
    )


def _mail(view: View) -> MailTarget | None:
    to = _text(view, "email_to")
    if not to:
        return None
    return MailTarget(
        to=to,
        sender=_text(view, "email_from") or to,
        server=view.entry("email_server", "host:port", lambda value: _matching(value, _SERVER)) or "",
        user=_text(view, "email_user") or None,
        password=_optional(view, "email_password", Phrase("phrase_capital_name"), _NAME),
    )


def _text(view: View, key: str) -> str:
    return view.text(key, "")


def _webhook(view: View) -> str | None:
    found = view.text("webhook", "")
    parts = urlsplit(found)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if found and not (is_safe and parts.hostname):
        view.fail_value("webhook", Phrase("phrase_https"))
    return found or None


def _optional(view: View, key: str, expected: Phrase, form: re.Pattern[str]) -> str | None:
    return view.entry(key, expected, lambda value: _matching(value, form), "") or None


def _matching(value: object, form: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and form.fullmatch(value) else None
