"""The bodies of messages as chat services take them, with their signatures, and how each says that it took one.

The services document them as: custom robots of DingTalk (signature in the address), group robots of WeCom, custom bots of Feishu (signature
in the body), incoming webhooks of Slack.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

# What `webhook_request` needs of a message: all as text, and as fields.
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """One message as it is posted.

    Args:
        parameters: What is added to the address.
        headers: Headers besides the type of the content.
    """

    body: bytes
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def webhook_request(form: str, message: Texts, secret: str | None, seconds: int) -> WebhookRequest:
    """The request of a form of `FORMS`.

    Args:
        message: `title` and `text`; more fields go to the plain form alone.
        secret: Of DingTalk and Feishu the secret of signatures, of WeCom the robot's key, else a bearer token; None for none.
        seconds: Time of the signature, in seconds since 1970.
    """
    return FORMS[form](message, secret, seconds)


def is_taken(form: str, answer: bytes) -> bool:
    """Whether the service says that it took the message: chat services say no with status 200, too."""
    key = _RESULT_KEYS.get(form)
    if key is None:
        return True
    try:
        found = json.loads(answer)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get(key) == 0


def _plain(message: Texts, secret: str | None, _: int) -> WebhookRequest:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return WebhookRequest(body=_json(message), headers=headers)


def _dingtalk(message: Texts, secret: str | None, seconds: int) -> WebhookRequest:
    body = _json({"msgtype": "text", "text": {"content": _lines(message)}})
    if not secret:
        return WebhookRequest(body=body)
    stamp = str(seconds * 1000)
    signature = _hmac(secret.encode(), f"{stamp}\n{secret}".encode())
    return WebhookRequest(body=body, parameters={"timestamp": stamp, "sign": signature})


def _wecom(message: Texts, secret: str | None, _: int) -> WebhookRequest:
    body = _json({"msgtype": "text", "text": {"content": _lines(message)}})
    return WebhookRequest(body=body, parameters={"key": secret} if secret else {})


def _feishu(message: Texts, secret: str | None, seconds: int) -> WebhookRequest:
    content: dict[str, object] = {"msg_type": "text", "content": {"text": _lines(message)}}
    if secret:
        content |= {"timestamp": str(seconds), "sign": _hmac(f"{seconds}\n{secret}".encode(), b"")}
    return WebhookRequest(body=_json(content))


def _slack(message: Texts, secret: str | None, _: int) -> WebhookRequest:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    # Slack's own marks begin with one of these.
    escaped = _lines(message).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return WebhookRequest(body=_json({"text": escaped}), headers=headers)


# Front of the scheme of a connection -> the form.
FORMS: Mapping[str, Callable[[Texts, str | None, int], WebhookRequest]] = {
    "webhook": _plain,
    "dingtalk": _dingtalk,
    "wecom": _wecom,
    "feishu": _feishu,
    "slack": _slack,
}
# Key of the answer that is 0 for a message that was taken.
_RESULT_KEYS = {"dingtalk": "errcode", "wecom": "errcode", "feishu": "code"}


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """The address with more parameters."""
    if not parameters:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"


def _lines(message: Texts) -> str:
    return f"{message['title']}\n{message['text']}"


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _hmac(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
