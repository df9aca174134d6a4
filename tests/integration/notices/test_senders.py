"""Messages reach mail servers and chat services in the form that each takes, or the sender hears that they did not."""

import base64
import hashlib
import hmac
import json
from email import message_from_string
from email.policy import default
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lakeward.core.connections import parse_connection
from lakeward.core.errors import TransientError, UsageError
from lakeward.flows.notices.senders import OutgoingMessage, check_channel, send_message
from support.receivers import mail_server, web_server

MESSAGE = OutgoingMessage(
    title="Lakeward plant: press halted", text="Batch 2 <of> press & more\n证据", fields={"dataset": "press"}
)
LINES = f"{MESSAGE.title}\n{MESSAGE.text}"
TEXT = {"msgtype": "text", "text": {"content": LINES}}
TAKEN = {"dingtalk": b'{"errcode":0,"errmsg":"ok"}', "wecom": b'{"errcode":0}', "feishu": b'{"code":0}', "slack": b"ok"}


def connection(url):
    return parse_connection("ops", url, "test", Path())


def posted(form, secret="", path="robot/send?access_token=t"):
    """What a service of this form gets: path, query and body of the request."""
    with web_server() as web:
        web.answer = TAKEN.get(form, b"")
        login = f":{secret}@" if secret else ""
        send_message(connection(f"{form}+http://{login}127.0.0.1:{web.server_port}/{path}"), None, MESSAGE)
        [got] = web.got
    parts = urlsplit(got.path)
    return parts.path, {key: value for key, [value] in parse_qs(parts.query).items()}, json.loads(got.body), got.headers


def test_dingtalk_gets_a_text_signed_in_the_address():
    path, query, body, _ = posted("dingtalk", "SECabc")
    signed = hmac.new(b"SECabc", f"{query['timestamp']}\nSECabc".encode(), hashlib.sha256).digest()
    assert (path, body, query["access_token"]) == ("/robot/send", TEXT, "t")
    assert query["sign"] == base64.b64encode(signed).decode()
    assert len(query["timestamp"]) == 13


def test_wecom_gets_a_text_with_the_robots_key_in_the_address():
    path, query, body, _ = posted("wecom", "k-1", "cgi-bin/webhook/send")
    assert (path, query, body) == ("/cgi-bin/webhook/send", {"key": "k-1"}, TEXT)


def test_feishu_gets_a_text_signed_in_the_body():
    path, query, body, _ = posted("feishu", "fs", "open-apis/bot/v2/hook/abc")
    signed = hmac.new(f"{body['timestamp']}\nfs".encode(), b"", hashlib.sha256).digest()
    assert (path, query) == ("/open-apis/bot/v2/hook/abc", {})
    assert (body["msg_type"], body["content"], body["sign"]) == ("text", {"text": LINES}, base64.b64encode(signed).decode())


def test_slack_gets_a_text_without_its_own_marks():
    path, _, body, _ = posted("slack", path="services/T/B/X")
    assert path == "/services/T/B/X"
    assert body == {"text": LINES.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


def test_a_program_gets_fields_and_a_bearer_token():
    _, _, body, headers = posted("webhook", "s3cret", "hook")
    assert body == {"dataset": "press", "title": MESSAGE.title, "text": MESSAGE.text}
    assert headers["Authorization"] == "Bearer s3cret"


def test_a_mail_server_gets_a_letter():
    with mail_server() as mail:
        url = f"smtp://127.0.0.1:{mail.server_address[1]}?from=lakeward@plant.example"
        send_message(connection(url), "li.wei@plant.example", MESSAGE)
        [got] = mail.got
    letter = message_from_string(got, policy=default)
    assert (letter["Subject"], letter["From"], letter["To"]) == (MESSAGE.title, "lakeward@plant.example", "li.wei@plant.example")
    assert letter.get_content().replace("\r\n", "\n").strip() == MESSAGE.text


@pytest.mark.parametrize(
    ("form", "status", "answer"),
    [
        ("dingtalk", 200, b'{"errcode":310000,"errmsg":"sign not match"}'),
        ("wecom", 200, b'{"errcode":93000}'),
        ("feishu", 200, b'{"code":19021}'),
        ("feishu", 200, b"not json"),
        ("slack", 403, b"invalid_token"),
        ("webhook", 302, b""),
    ],
)
def test_what_was_not_taken_is_an_error_without_any_secret(form, status, answer):
    with web_server() as web:
        web.status, web.answer = status, answer
        with pytest.raises(TransientError) as refused:
            send_message(connection(f"{form}+http://:s3cret@127.0.0.1:{web.server_port}/hook?access_token=t0ken"), None, MESSAGE)
        assert len(web.got) == 1  # no redirect was followed
    assert refused.value.code == "notice_unsent"
    assert "s3cret" not in str(refused.value)
    assert "t0ken" not in str(refused.value)


def test_a_server_that_is_away_is_an_error_that_a_later_call_can_mend():
    with web_server() as web:
        port = web.server_port
    with pytest.raises(TransientError):
        send_message(connection(f"webhook+http://127.0.0.1:{port}/"), None, MESSAGE)


@pytest.mark.parametrize(
    ("url", "recipient", "code"),
    [
        ("webhook+http://hooks.plant.example/x", None, "notice_channel"),
        ("mqtts://broker.plant.example", None, "notice_channel"),
        ("slack+https://hooks.slack.com/services/x", "li.wei@plant.example", "notice_no_recipient"),
        ("smtps://mail.plant.example?from=a@plant.example", None, "notice_recipient"),
        ("smtps://mail.plant.example?from=a@plant.example", "li wei@plant.example", "notice_recipient"),
        ("smtps://mail.plant.example?from=a@plant.example", "x@y\nBcc: z@y", "notice_recipient"),
        ("smtps://mail.plant.example", "li.wei@plant.example", "notice_sender"),
    ],
)
def test_a_channel_that_cannot_work_is_refused(url, recipient, code):
    with pytest.raises(UsageError) as refused:
        check_channel(connection(url), recipient)
    assert refused.value.code == code
