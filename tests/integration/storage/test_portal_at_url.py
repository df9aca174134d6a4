"""The portal over a lake in an object store: it follows what other machines write, and says when the store is away."""

import time

import pytest

from lakeward.core.storage.lake import store_of
from lakeward.engines.delta.dataset_lock import TURNS, dataset_lock, is_locked
from lakeward.flows import ingest_dataset, read_scorecard
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.portal.read_model import ReadModel
from support.fault_proxy import proxy
from support.object_stores import lake_at
from support.plant import csv_line, make_plant
from support.portal_site import log_in, make_logins, open_site
from support.remote_plant import RemotePlant, make_remote_plant, move_to_store


def rows_in(model):
    with model.read() as reading:
        return reading.family("totals").single_row["rows_in"]


def test_the_read_model_takes_over_what_another_machine_wrote(endpoint, tmp_path):
    first = make_remote_plant(tmp_path / "first" / "plant", endpoint, "portal")
    second = RemotePlant(make_plant(tmp_path / "second" / "plant").root, endpoint, "portal")
    first.drop("a.csv", csv_line("M1", 0, 20), csv_line("M1", 1, 900))
    ingest_dataset(first.settings, "press_line")
    model = ReadModel(open_workspace(second.settings), tmp_path / "model")
    model.refresh()
    assert model.fault is None
    assert rows_in(model) == 2
    assert not model.refresh()
    first.drop("b.csv", csv_line("M1", 5, 21), csv_line("M1", 6, 21))
    ingest_dataset(first.settings, "press_line")
    assert model.refresh()
    assert rows_in(model) == 4 == read_scorecard(first.settings).results["totals"].single_row["rows_in"]
    model.close()


@pytest.mark.exhaustive
def test_a_store_that_refuses_is_said_and_what_was_read_stays(endpoint, tmp_path):
    with proxy(endpoint) as (address, faults):
        plant = make_remote_plant(tmp_path / "plant", address, "portal-away")
        plant.drop("a.csv", csv_line("M1", 0, 20))
        ingest_dataset(plant.settings, "press_line")
        model = ReadModel(open_workspace(plant.settings), tmp_path / "model")
        model.refresh()
        faults.reset(1, "expired", 1000)
        assert not model.refresh()
        assert (model.fault.code, rows_in(model)) == ("lake_denied", 1)
        faults.reset()
        model.refresh()
        assert model.fault is None
        model.close()


@pytest.mark.exhaustive
def test_every_page_opens_and_shows_what_it_shows_of_a_folder(endpoint, shipped_copy):
    passwords = make_logins(shipped_copy)
    pages = ("/", "/quality", "/grades", "/quarantine", "/lineage", "/access", "/work", "/admin", "/d/press_line")
    before = shown(shipped_copy, passwords, pages)
    moved = move_to_store(shipped_copy.start, endpoint, "portal-pages")
    after = shown(moved, passwords, pages)
    assert {page: status for page, (status, _) in after.items()} == {page: status for page, (status, _) in before.items()}
    assert after["/"][1] == before["/"][1]


def shown(settings, passwords, pages):
    """Status and figures of each page, to a chief data officer and, of its own page, an admin."""
    found = {}
    with open_site(settings) as (site, _):
        visitors = {role: log_in(site, role, passwords[role]) for role in ("cdo", "admin")}
        for page in pages:
            answer = visitors["admin" if page == "/admin" else "cdo"].get(page)
            found[page] = (
                answer.status_code,
                [word for word in answer.text.split() if word.rstrip("%").replace(".", "").isdigit()],
            )
    return found


def test_a_lock_of_another_machine_is_seen(endpoint, tmp_path):
    lake = lake_at(endpoint, tmp_path / "there", "locks")
    here = lake_at(endpoint, tmp_path / "here", "locks")
    store = store_of(lake.root())
    assert not is_locked(here, "press_line")
    with dataset_lock(store, lake.files / TURNS, "press_line", 0.4):
        assert is_locked(here, "press_line")
        assert is_locked(lake, "press_line")
        time.sleep(0.1)
    assert not is_locked(here, "press_line")
    assert not is_locked(lake, "press_line")
