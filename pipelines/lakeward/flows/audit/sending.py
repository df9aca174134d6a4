"""Sends checkpoints out of the lake: to a file, a webhook and a mail address."""

import fcntl
import os
import smtplib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from http.client import HTTPException
from pathlib import Path

from lakeward.contracts.checkpoint_targets import MailTarget
from lakeward.flows.base.append_file import append_whole, last_part
from lakeward.flows.base.outgoing import MailServer, post, send_mail
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.checkpoints import parse_checkpoints


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result of sending.

    Args:
        sent, failed: Names of the targets that took the checkpoints, and of those that did not.
    """

    sent: tuple[str, ...]
    failed: tuple[str, ...]


def target_names(workspace: Workspace) -> tuple[str, ...]:
    """Names of the configured targets."""
    return tuple(_targets(workspace))


def send_checkpoints(workspace: Workspace, lines: Sequence[str]) -> Delivery:
    """Send these checkpoints to all targets; one that fails does not stop the others."""
    text = "".join(f"{line}\n" for line in lines)
    sent, failed = [], []
    for name, send in _targets(workspace).items():
        try:
            send(text)
        except (OSError, HTTPException, smtplib.SMTPException, KeyError, ValueError):  # KeyError: the secret is not set
            failed.append(name)
        else:
            sent.append(name)
    return Delivery(tuple(sent), tuple(failed))


def _targets(workspace: Workspace) -> Mapping[str, Callable[[str], None]]:
    targets, secrets = workspace.project.checkpoints, workspace.settings.secrets
    found: dict[str, Callable[[str], None]] = {}
    if file := targets.file:
        found[f"file:{file}"] = lambda text: _append(file, workspace.files, text)
    if url := targets.webhook:
        found[f"webhook:{url}"] = lambda text: _post(url, secrets[name] if (name := targets.webhook_secret) else None, text)
    if mail := targets.mail:
        found[f"mail:{mail.to}"] = lambda text: _mail(mail, secrets, workspace.project.name, text)
    return found


def _append(file: Path, lake: Path, text: str) -> None:
    """Append to a file outside the lake, on disk on return; sealers of several lakes wait for each other."""
    if file.resolve().is_relative_to(lake.resolve()):
        raise ValueError(file)
    handle = os.open(file, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        part = last_part(handle)
        if _is_torn(part):
            os.ftruncate(handle, os.lseek(handle, 0, os.SEEK_END) - len(part))
            part = b""
        append_whole(handle, (b"\n" if part else b"") + text.encode())
    finally:
        os.close(handle)


def _is_torn(part: bytes) -> bool:
    """Whether it is the beginning of a checkpoint: a whole one without a line end, and what is none of ours, stay."""
    return part.startswith(b"{") and None in parse_checkpoints(part.decode("utf-8", "replace"))


def _post(url: str, secret: str | None, text: str) -> None:
    headers = {"Content-Type": "application/x-ndjson"} | ({"Authorization": f"Bearer {secret}"} if secret else {})
    post(url, text.encode(), headers)


def _mail(mail: MailTarget, secrets: Mapping[str, str], project: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = f"Lakeward checkpoint: {project}", mail.sender, mail.to
    message.set_content(text, cte="base64")  # so that no server breaks the long lines
    host, _, port = mail.server.rpartition(":")
    login = {"user": mail.user, "password": secrets[mail.password]} if mail.user and mail.password else {}
    send_mail(MailServer(host=host, port=int(port), **login), message)
