"""Sends a message through a connection: by mail, or to a webhook in the form that its service takes.

A connection is named by a subscription and found as those of sources are; its address holds the secrets, so messages name only it.
"""

import smtplib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.client import HTTPException
from time import time
from urllib.parse import urlencode

from lakeward.contracts.checkpoint_targets import LOOPBACK
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import TransientError, UsageError
from lakeward.flows.base.outgoing import SMTPS_PORT, MailServer, post, send_mail
from lakeward.flows.notices.webhook_forms import FORMS, is_taken, webhook_request, with_parameters

# Scheme of a connection to a mail server -> its default port.
MAIL_PORTS: Mapping[str, int] = {"smtp": 587, "smtps": SMTPS_PORT}
# Parameters of a mail connection: the address that messages come from.
SENDER = "from"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """What is sent.

    Args:
        fields: Further fields for a program that takes the plain form.
    """

    title: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)


def check_channel(connection: ConnectionSettings, recipient: str | None) -> None:
    """Check that messages can go through this connection.

    Raises:
        UsageError: Its scheme is none of a mail server or webhook, a webhook that is not on this machine has no TLS, or mail has no
            recipient or sender, or a webhook has a recipient.
    """
    if connection.scheme in MAIL_PORTS:
        if not recipient or "@" not in recipient or any(sign.isspace() for sign in recipient):
            raise UsageError("notice_recipient", connection=connection.name)
        if not connection.parameters.get(SENDER):
            raise UsageError("notice_sender", connection=connection.name)
        return
    if not takes_messages(connection):
        expected = ", ".join([*MAIL_PORTS, *(f"{name}+https" for name in FORMS)])
        raise UsageError("notice_channel", connection=connection.name, found=connection.scheme, expected=expected)
    if recipient:
        raise UsageError("notice_no_recipient", connection=connection.name)


def takes_messages(connection: ConnectionSettings) -> bool:
    """Whether it is a mail server, or a webhook of a known form with TLS or on this machine."""
    form, _, scheme = connection.scheme.partition("+")
    is_safe = scheme == "https" or (scheme == "http" and connection.host in LOOPBACK)
    return connection.scheme in MAIL_PORTS or (form in FORMS and is_safe)


def send_message(connection: ConnectionSettings, recipient: str | None, message: OutgoingMessage) -> None:
    """Send the message.

    Raises:
        UsageError: As `check_channel`.
        TransientError: The server can't be reached, or did not take it.
    """
    check_channel(connection, recipient)
    try:
        if connection.scheme in MAIL_PORTS:
            _mail(connection, str(recipient), message)
            return
        taken = _post(connection, message)
    except (OSError, HTTPException, smtplib.SMTPException, ValueError) as error:  # its text can hold the address
        raise TransientError("notice_unsent", connection=connection.name, error=type(error).__name__) from None
    if not taken:
        raise TransientError("notice_unsent", connection=connection.name, error="refused")


def _mail(connection: ConnectionSettings, recipient: str, message: OutgoingMessage) -> None:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = message.title, connection.parameters[SENDER], recipient
    letter.set_content(message.text, cte="base64")  # a server may not take eight bits
    server = MailServer(
        host=connection.host,
        port=connection.port or MAIL_PORTS[connection.scheme],
        user=connection.user,
        password=connection.password,
        ca=str(connection.ca) if connection.ca else None,
    )
    send_mail(server, letter)


def _post(connection: ConnectionSettings, message: OutgoingMessage) -> bool:
    form, _, scheme = connection.scheme.partition("+")
    fields = {**message.fields, "title": message.title, "text": message.text}
    request = webhook_request(form, fields, connection.password, int(time()))
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    address = f"{scheme}://{host}{f':{connection.port}' if connection.port else ''}/{connection.path}"
    query = urlencode(connection.parameters)
    url = with_parameters(f"{address}?{query}" if query else address, request.parameters)
    headers = {"Content-Type": "application/json; charset=utf-8", **request.headers}
    return is_taken(form, post(url, request.body, headers, str(connection.ca) if connection.ca else None))
