"""Stores and settings that can't hold a lake: each is an error with the next step, before anything is written."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.core.storage.bucket import BucketStore
from lakeward.core.storage.options import AzureOptions
from lakeward.core.storage.probe import check_store, races_large
from lakeward.core.storage.signed_requests import SignedRequests
from lakeward.flows import (
    MigrationOptions,
    back_up,
    check_machine,
    ingest_dataset,
    list_tables,
    maintain,
    migrate,
    rebuild_silver,
)
from lakeward.flows.backup.lake_places import lake_place
from lakeward.flows.base.workspace import open_workspace
from support.careless_store import careless_store
from support.fault_proxy import proxy
from support.object_stores import BUCKET, environment, free_port, lake_at, make_locked_bucket, options, versitygw, wait_for_port
from support.plant import make_plant
from support.remote_plant import drop_first, drop_second, make_remote_plant

obstore = pytest.importorskip("obstore")
S3RVER = os.environ.get("TEST_S3RVER")  # noqa: TID251


def refusal(lake):
    """Code of the error of a lake that is tried; its text has a next step in both languages and no secret."""
    with pytest.raises(LakewardError) as caught:
        check_store(lake)
    for lang in Lang:
        text = caught.value.render(lang)
        assert lake.options.secret not in text
        assert len(text.splitlines()) == 2
    return caught.value.code


def test_a_store_that_lets_a_second_writer_succeed_is_refused(tmp_path):
    with careless_store() as address:
        assert refusal(lake_at(address, tmp_path)) == "lake_store_unsafe"
        assert not (tmp_path / ".store_checked").exists()


@pytest.mark.exhaustive
@pytest.mark.skipif(S3RVER is None, reason="TEST_S3RVER names no folder in which npm install s3rver ran")
def test_s3rver_is_refused(tmp_path):
    """A store of others that ignores `If-None-Match`."""
    program, port = Path(S3RVER or ".") / "node_modules" / ".bin" / "s3rver", free_port()
    words = ["-d", str(tmp_path), "-a", "127.0.0.1", "-p", str(port), "--configure-bucket", "plant", "--silent"]
    process = subprocess.Popen(["node", str(program), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        assert (
            refusal(lake_at(f"http://127.0.0.1:{port}", tmp_path / "files", key_id="S3RVER", secret="S3RVER"))
            == "lake_store_unsafe"
        )
    finally:
        process.kill()
        process.wait()


def test_https_to_a_port_of_plain_http_is_said(tmp_path):
    with careless_store() as address:
        lake = lake_at(address.replace("http://", "https://"), tmp_path)
        assert refusal(lake) == "lake_plain_http"


def test_a_run_refuses_such_a_store_before_it_receives_anything(tmp_path):
    with careless_store() as address:
        plant = make_remote_plant(tmp_path / "plant", address, "lake")
        drop_first(plant)
        with pytest.raises(LakewardError) as caught:
            ingest_dataset(plant.settings, "press_line")
    assert caught.value.code == "lake_store_unsafe"
    assert not list(plant.root.rglob("ledger/*.json"))


def test_doctor_says_so_with_the_next_step(tmp_path):
    with careless_store() as address:
        plant = make_remote_plant(tmp_path / "plant", address, "lake")
        found = next(check for check in check_machine(plant.settings) if check.check == "lake")
    assert not found.ok
    assert "If-None-Match" in found.repair


def test_a_good_store_is_taken_once(endpoint, tmp_path):
    lake = lake_at(endpoint, tmp_path, "probe")
    check_store(lake)
    assert (tmp_path / ".store_checked").exists()
    assert not races_large(lake)
    assert lake.bucket().list_names(".probe") == []


def test_a_bucket_that_does_not_exist_is_named(endpoint, tmp_path):
    assert refusal(replace(lake_at(endpoint, tmp_path), address="s3://no-such-bucket/lake")) == "lake_bucket_missing"


@pytest.mark.parametrize("wrong", [{"secret": "another"}, {"key_id": "another"}])
def test_credentials_that_are_refused_are_named(endpoint, tmp_path, wrong):
    assert refusal(lake_at(endpoint, tmp_path, **wrong)) == "lake_denied"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"AWS_ACCESS_KEY_ID": "another"}, "lake_denied"),
        ({"AWS_SECRET_ACCESS_KEY": "another"}, "lake_denied"),
        ({"AWS_REGION": "eu-central-1"}, "lake_region_wrong"),
    ],
)
def test_a_command_that_reads_says_the_same(endpoint, tmp_path, wrong, code):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "read")
    with pytest.raises(LakewardError) as caught:
        list_tables(replace(plant.settings, store=environment(endpoint) | wrong))
    assert caught.value.code == code


def test_a_wrong_region_is_named(endpoint, tmp_path):
    assert refusal(lake_at(endpoint, tmp_path, region="eu-central-1")) == "lake_region_wrong"


@pytest.mark.parametrize(("kind", "code"), [("expired", "lake_denied"), ("clock", "lake_clock_wrong")])
def test_what_the_store_says_of_time_is_named(endpoint, tmp_path, kind, code):
    with proxy(endpoint) as (address, faults):
        faults.reset(1, kind, 100)
        assert refusal(lake_at(address, tmp_path)) == code


def test_a_store_that_does_not_answer_is_named(tmp_path):
    assert refusal(lake_at(f"http://127.0.0.1:{free_port()}", tmp_path)) == "lake_unreachable"


def test_a_place_with_spaces_and_chinese_works(endpoint, tmp_path):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "一号 线/lake 1")
    drop_first(plant)
    assert ingest_dataset(plant.settings, "press_line").counts.silver == 2


@pytest.mark.exhaustive
def test_a_bucket_that_locks_its_objects_by_default_holds_a_lake(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "versions").mkdir()
    with versitygw(tmp_path / "store", tmp_path / "versions") as address:
        make_locked_bucket(address, "locked")
        rule = "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule>"
        body = f"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}</ObjectLockConfiguration>"
        assert SignedRequests("s3://locked", options(address)).ask("PUT", "", "object-lock=", body.encode())[0] == 200
        plant = make_remote_plant(tmp_path / "plant", address, "lake")
        locked = replace(plant.settings, lake="s3://locked/lake")
        for drop in (drop_first, drop_second):
            drop(plant)
            assert ingest_dataset(locked, "press_line").batches == 1
        assert maintain(locked)[1] == {}
        assert ingest_dataset(locked, "press_line").batches == 0


def test_a_lake_that_is_not_there_any_more_is_not_begun_again(endpoint, store_folder, tmp_path):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "gone")
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")
    (store_folder / BUCKET / "gone").rename(store_folder / BUCKET / "elsewhere")
    with pytest.raises(LakewardError) as caught:
        ingest_dataset(plant.settings, "press_line")
    assert caught.value.code == "lake_gone"
    assert not [name for name, _, _ in lake_at(endpoint, tmp_path, "gone").bucket().walk("") if not name.startswith(".")]
    moved = replace(plant.settings, lake=f"s3://{BUCKET}/elsewhere")
    assert ingest_dataset(moved, "press_line").batches == 0


def test_another_lake_at_the_same_url_is_told_from_the_one_that_this_machine_knows(endpoint, store_folder, tmp_path):
    plant, other = (make_remote_plant(tmp_path / machine / "plant", endpoint, "anew") for machine in ("one", "two"))
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")
    (store_folder / BUCKET / "anew").rename(store_folder / BUCKET / "earlier")
    drop_first(other)
    ingest_dataset(other.settings, "press_line")
    for call in (ingest_dataset, rebuild_silver):
        with pytest.raises(LakewardError) as caught:
            call(plant.settings, "press_line")
        assert caught.value.code == "lake_replaced"
    assert ingest_dataset(other.settings, "press_line").batches == 0


@pytest.mark.parametrize(
    "lake",
    [
        *(
            "gs://bucket/lake",
            "s3://",
            "s3:///lake",
            "s3://bucket/lake?x=1",
            "s3://bucket/../lake",
            "s3://bucket/a/./b",
            "s3://bucket/a//b",
        ),
        *("s3:/bucket/lake", "s3//bucket/lake", "az:/container", "file:/lake"),
    ],
)
def test_a_url_of_another_kind_is_refused(tmp_path, lake):
    plant = make_plant(tmp_path / "plant")
    with pytest.raises(LakewardError) as caught:
        ingest_dataset(replace(plant.settings, lake=lake, store=environment("http://127.0.0.1:1")), "press_line")
    assert caught.value.code == "lake_url_not_valid"
    assert not (plant.root / lake).exists()


@pytest.mark.parametrize("lake", ["s3:/me:Geheim99@host/b?key=Geheim99", "s3//me:Ge/heim99@host/b#Geheim99"])
def test_a_mistyped_url_is_shown_without_its_password(tmp_path, lake):
    with pytest.raises(LakewardError) as caught:
        open_workspace(replace(make_plant(tmp_path / "plant").settings, lake=lake))
    assert caught.value.code == "lake_url_not_valid"
    assert caught.value.facts["lake"] == "host/b"


@pytest.mark.parametrize("name", ["yield 100%", "%41", "a\\b"])
def test_a_folder_that_readers_take_for_another_is_named(tmp_path, name):
    plant = make_plant(tmp_path / name)
    with pytest.raises(LakewardError) as caught:
        ingest_dataset(plant.settings, "press_line")
    assert caught.value.code == "lake_folder_sign"


@pytest.mark.parametrize("place", ["s3://bucket/yield 100%", "s3://bucket/%41/lake", "s3://bucket/a\\b"])
def test_a_prefix_that_readers_take_for_another_is_named(tmp_path, place):
    """A lake there would be published, and no query could read its partitioned tables."""
    plant = make_plant(tmp_path / "plant")
    settings = replace(plant.settings, store=environment("http://127.0.0.1:1"))
    with pytest.raises(LakewardError) as caught:
        ingest_dataset(replace(settings, lake=place), "press_line")
    assert caught.value.code == "lake_folder_sign"


@pytest.mark.parametrize("place", ["s3://bucket/yield 100%", "yield 100%"])
def test_a_lake_is_moved_to_no_place_that_readers_take_for_another(tmp_path, place):
    plant = make_plant(tmp_path / "plant")
    with pytest.raises(LakewardError) as caught:
        lake_place(open_workspace(replace(plant.settings, store=environment("http://127.0.0.1:1"))), place)
    assert caught.value.code == "lake_folder_sign"


def test_a_key_of_azure_of_another_form_is_named(tmp_path):
    url = "az://container/lake"
    with pytest.raises(LakewardError) as caught:
        BucketStore(url, AzureOptions(account="me", key="no-base64!", endpoint=None)).list_names("x")
    assert caught.value.code == "lake_denied"


@pytest.mark.parametrize("scheme", ["s3", "http", "gs"])
@pytest.mark.parametrize("secret", ["Geheim99", "Ge/heim99", "Ge?heim#99", "[Geheim99"])
def test_no_message_shows_the_password_of_a_url(tmp_path, scheme, secret):
    settings, url = make_plant(tmp_path / "plant").settings, f"{scheme}://me:{secret}@host/b?key={secret}"
    calls = (
        lambda: open_workspace(replace(settings, lake=url)),
        lambda: back_up(settings, url),
        lambda: migrate(settings, MigrationOptions(to=url)),
    )
    for call in calls:
        with pytest.raises(LakewardError) as caught:
            call()
        assert caught.value.code == "lake_url_not_valid"
        texts = caught.value.render(Lang.EN) + caught.value.render(Lang.ZH)
        assert (f"{scheme}://host/b" in texts, "heim" in texts, "me:" in texts) == (True, False, False)
