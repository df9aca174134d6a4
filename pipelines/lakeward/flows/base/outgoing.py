"""Sends bytes out of this machine: by HTTP, without following redirects, and by mail, with TLS but on loopback."""

import smtplib
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.error import HTTPError

from lakeward.contracts.checkpoint_targets import LOOPBACK

# Seconds that one target may take.
TIMEOUT = 10.0
# Port of mail servers that speak TLS from the first byte.
SMTPS_PORT = 465
# Bytes of an answer that are read.
ANSWER_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server, and the account there.

    Args:
        user, password: None for a server without accounts.
        ca: Certificates of authorities to trust; None for those of the machine.
    """

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the secret elsewhere."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


def post(url: str, body: bytes, headers: Mapping[str, str], ca: str | None = None) -> bytes:
    """Post the body; returns the beginning of the answer.

    Args:
        url: `https`, or `http` on this machine, as the caller has checked.
        ca: As `MailServer.ca`.

    Raises:
        OSError, HTTPException: The server can't be reached, or refuses.
    """
    secured = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca))
    request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310 -- as the docstring says
    try:
        with urllib.request.build_opener(_NoRedirect, secured).open(request, timeout=TIMEOUT) as answer:
            return bytes(answer.read(ANSWER_BYTES))
    except HTTPError as error:
        error.close()
        raise


def send_mail(server: MailServer, message: EmailMessage) -> None:
    """Send the message.

    Raises:
        OSError, smtplib.SMTPException: The server can't be reached, or refuses.
    """
    context = ssl.create_default_context(cafile=server.ca)
    with _open_server(server, context) as session:
        if server.port != SMTPS_PORT and server.host not in LOOPBACK:
            session.starttls(context=context)
        if server.user and server.password is not None:
            session.login(server.user, server.password)
        session.send_message(message)


def _open_server(server: MailServer, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.port == SMTPS_PORT:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
