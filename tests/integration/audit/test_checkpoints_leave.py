"""Checkpoints leave the machine: to a file, a webhook and a mail address, and a target that was away gets them later."""

import base64
import json
import os
import resource
from contextlib import contextmanager
from dataclasses import replace

import pytest

from lakeward.core.errors import ProtectionError, SettingsError
from lakeward.core.settings import Settings
from lakeward.flows import check_machine, create_key_file, seal_logs, verify_logs
from lakeward.protection.checkpoints import parse_checkpoints
from lakeward.protection.signatures import make_seal_key
from support.command_line import run_command
from support.receivers import mail_server, web_server
from support.sealed_lake import faults_of, make_project, seal, write_session


def configure(settings, **keys):
    file = settings.start / "expectations" / "project.yaml"
    lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in keys.items())
    file.write_text(file.read_text().partition("checkpoints:")[0] + f"checkpoints:\n{lines}")


@pytest.fixture
def lake(tmp_path):
    settings = make_project(tmp_path)
    write_session(settings, "s1", 2)
    return settings


def test_checkpoints_reach_file_webhook_and_mail(lake, tmp_path):
    with web_server() as web, mail_server() as mail:
        configure(
            lake,
            file=str(tmp_path / "kept.jsonl"),
            webhook=f"http://127.0.0.1:{web.server_port}/x",
            webhook_secret="PLANT",
            email_to="cdo@plant.example",
            email_server=f"127.0.0.1:{mail.server_address[1]}",
        )
        (answer,) = seal_logs(replace(lake, secrets={"PLANT": "s3cret"}))
    kept = (tmp_path / "kept.jsonl").read_text()
    (checkpoint,) = parse_checkpoints(kept)
    assert checkpoint.has_valid_signature()
    assert [(got.headers["Authorization"], got.body) for got in web.got] == [("Bearer s3cret", kept)]
    head, _, body = mail.got[0].partition("\r\n\r\n")
    assert base64.b64decode(body).decode() == kept
    assert "s3cret" not in head + body
    assert (len(answer.sent_to), answer.unsent) == (3, ())
    assert faults_of(lake, tmp_path / "kept.jsonl") == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("status", [500, 302, 403])
def test_a_target_that_was_away_gets_the_checkpoint_later(lake, status):
    with web_server() as web:
        configure(lake, webhook=f"http://127.0.0.1:{web.server_port}/x")
        web.status = status
        (first,) = seal_logs(lake)
        web.status = 200
        (second,) = seal_logs(lake)
        assert seal_logs(lake) == []
    assert (len(first.unsent), first.sent_to, second.unsent, len(second.sent_to)) == (1, (), (), 1)
    assert (second.seal, second.entries, second.tree_size) == (2, 0, 2)
    assert len(web.got) == 2  # no redirect was followed
    assert faults_of(lake) == []


@pytest.mark.exhaustive
def test_a_file_gets_a_whole_line_or_none(lake, tmp_path):
    file = tmp_path / "kept.jsonl"
    configure(lake, file=str(file))
    assert seal_logs(lake)[0].unsent == ()
    write_session(lake, "s2", 1)
    first = file.read_bytes()
    file.write_bytes(b"\n" * 4_000_000 + first)  # larger than any other file that is written here
    with file_size_limit(file.stat().st_size + 40):
        assert seal_logs(lake)[0].unsent == (f"file:{file}",)
    assert file.read_bytes().strip() == first.strip()
    assert seal_logs(lake)[0].unsent == ()
    assert len(list(parse_checkpoints(file.read_text()))) == 2
    assert faults_of(lake, file) == []


@contextmanager
def file_size_limit(size):
    """The system writes a part of what crosses this size, as on a disk that is almost full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.exhaustive
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("end", "lines"), [(lambda line: line[:40], 1), (lambda line: line.rstrip(), 2), (lambda _: b"# of plant 2", 2)]
)
def test_a_line_that_a_kill_left_unfinished_is_cut_off_and_no_other(lake, tmp_path, end, lines):
    file = tmp_path / "kept.jsonl"
    configure(lake, file=str(file))
    seal_logs(lake)
    file.write_bytes(end(file.read_bytes()))
    write_session(lake, "s2", 1)
    assert seal_logs(lake)[0].unsent == ()
    assert len(file.read_text().splitlines()) == lines


def test_an_unset_secret_or_a_file_in_the_lake_does_not_stop_the_seal(lake, capsys):
    configure(lake, file="lake/kept.jsonl", webhook="https://127.0.0.1:9/x", webhook_secret="PLANT")
    answer = run_command(capsys, lake.start, "access", "seal")
    assert answer.code == 4
    assert "lake/kept.jsonl" in answer.err
    assert not (lake.start / "lake" / "kept.jsonl").exists()
    assert faults_of(lake) == []


@pytest.mark.parametrize(
    "keys",
    [{"webhook": "http://other.example/x"}, {"webhook_secret": "a b"}, {"email_to": "a@b"}, {"public_key": "x"}, {"fil": "x"}],
)
def test_a_wrong_key_of_the_project_is_named(lake, keys):
    configure(lake, **keys)
    with pytest.raises(SettingsError):
        seal(lake)


def test_a_log_that_must_be_signed_and_is_not_is_named(tmp_path):
    settings = make_project(tmp_path, key=None)
    write_session(settings, "s1", 2)
    seal(settings)
    assert faults_of(settings) == []
    configure(settings, public_key="ab" * 32)
    assert faults_of(settings) == [("access_log", "signature", ("seal/1",))]


def test_secrets_come_from_variables_by_name(tmp_path):
    found = Settings.load(tmp_path, environ={"LAKEWARD_SECRET_MAIL": "x", "PATH": os.defpath})
    assert found.secrets == {"MAIL": "x"}
    assert "'x'" not in repr(found)


@pytest.mark.exhaustive
def test_doctor_looks_at_the_sealing_key(lake, tmp_path):
    def found(settings):
        return [(check.ok, check.found, check.repair) for check in check_machine(settings) if check.check == "sealing key"]

    (before,) = found(lake)
    (answer,) = seal_logs(lake)
    assert found(lake) == [before] == [(True, answer.key_id, None)]
    assert found(replace(lake, seal_key_file=None))[0][0] is False
    other = tmp_path / "other.key"
    other.write_text("Yc6aKj3hGf1Ds5pLn8Bv4Xm2TrZ9wQ7k")
    other.chmod(0o600)
    ((ok, _, repair),) = found(replace(lake, seal_key_file=other))
    assert (ok, answer.key_id in repair) == (False, True)
    configure(lake, public_key=make_seal_key(other.read_bytes()).public_key)
    assert found(replace(lake, seal_key_file=other))[0][0] is True
    assert found(lake)[0][0] is False
    for break_it, words in [(lambda: other.chmod(0o644), "chmod 600"), (other.unlink, "LAKEWARD_SEAL_KEY_FILE")]:
        break_it()
        ((ok, _, repair),) = found(replace(lake, seal_key_file=other))
        assert (ok, words in repair) == (False, True)
    assert found(make_project(tmp_path / "new", key=None)) == []


@pytest.mark.exhaustive
def test_a_key_of_sm2_signs_and_one_of_tokens_does_not(lake, tmp_path):
    def sealed_with(scheme):
        file = tmp_path / f"{scheme}.key"
        create_key_file(file, scheme)
        return replace(lake, seal_key_file=file)

    sealed = sealed_with("sm2")
    (answer,) = seal_logs(sealed)
    log = next(each for each in verify_logs(sealed).logs if each.log == answer.log)
    assert (log.signed, log.key_id, faults_of(sealed)) == (2, answer.key_id, [])
    with pytest.raises(ProtectionError) as refused:
        seal_logs(sealed_with("sm4-cmac"))
    assert refused.value.code == "seal_key_shared"
