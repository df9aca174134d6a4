"""Registers of a device behind TLS: openssl's own certificates, and a device on libmodbus behind an end of TLS."""

import json
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import draft_from_address
from lakeward.flows.operations.source_checks import check_sources
from support.certificates import make_certificate, make_expired_certificate
from support.kafka_cluster import free_port
from support.modbus_plant import Plant, build_server, server

pytest.importorskip("pymodbus", reason="pymodbus is missing: pip install pymodbus")
LINES = "line/unsigned,4,uint16,,,,0.1,-3,,\nline/input,0,uint16,input,,,,,,\n"


def _copy(source, target):
    try:
        while content := source.recv(4096):
            target.sendall(content)
    except OSError:
        pass
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _pass_on(secure, device):
    """Pass on what comes from either side, until one of them ends."""
    with secure, socket.create_connection(("127.0.0.1", device)) as behind:
        back = threading.Thread(target=_copy, args=(behind, secure), daemon=True)
        back.start()
        _copy(secure, behind)
        back.join(10)


@contextmanager
def tls_end(folder, device, name="server"):
    """Takes TLS with client certificates of `ca.pem`, and passes on to the device what comes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    link, _ = listener.accept()
                except OSError:
                    return
                try:
                    secure = context.wrap_socket(link, server_side=True)
                except OSError:
                    link.close()
                    continue
                threading.Thread(target=_pass_on, args=(secure, device), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    """Folder of certificates, and the port of TLS."""
    folder = tmp_path_factory.mktemp("tls")
    for name, issuer in (("ca", None), ("server", "ca"), ("client", "ca"), ("other", None)):
        make_certificate(folder, name, issuer=issuer)
    make_expired_certificate(folder, "expired", "ca")
    device = free_port()
    with server([build_server(folder), str(device)]), tls_end(folder, device) as port:
        yield folder, port, device


def _url(secured, ca="ca", client="client"):
    folder, port, _ = secured
    return f"modbuss://127.0.0.1:{port}?ca={folder}/{ca}.pem&certificate={folder}/{client}.pem&key={folder}/{client}.key"


def _plant(root, url):
    plant = Plant(root, LINES)
    plant.settings = Settings.load(plant.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})
    return plant


def test_registers_come_through_tls_with_the_unit_of_the_device(tmp_path, secured):
    plant = _plant(tmp_path / "plant", _url(secured))
    [(_, found, problem)] = check_sources(plant.settings)
    assert (found.startswith("Modbus TCP with TLS"), problem) == (True, "")
    plant.collect("source_connected")
    last = plant.last()
    assert {name: (row["value"], row["quality"]) for name, row in last.items()} == {
        "line/input": (7.0, 0),
        "line/unsigned": (120.4, 0),
    }


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("ca", "client", "state", "reason"),
    [
        ("other", "client", "source_certificate_refused", "self-signed"),
        ("ca", "other", "source_client_refused", "UNKNOWN_CA"),
        ("ca", "expired", "source_client_refused", "EXPIRED"),
    ],
)
def test_certificates_that_do_not_verify_are_refused(tmp_path, secured, ca, client, state, reason):
    plant = _plant(tmp_path / "plant", _url(secured, ca, client))
    found = plant.collect(state)
    assert reason in found.facts["reason"]
    assert {(row["value"], row["quality"]) for row in plant.last().values()} == {(None, 2)}


def test_a_device_with_an_expired_certificate_is_a_state_until_it_has_another(tmp_path, secured):
    folder, _, device = secured
    with tls_end(folder, device, "expired") as port:
        plant = _plant(tmp_path / "plant", _url((folder, port, device)))
        found = plant.collect("source_certificate_refused")
    assert "expired" in found.facts["reason"]
    assert {(row["value"], row["quality"]) for row in plant.last().values()} == {(None, 2)}
    plant.settings = Settings.load(plant.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": _url(secured)})
    plant.collect("source_connected")
    assert {row["quality"] for row in plant.last().values()} == {0}
    events = plant.plant.fetch("SELECT facts FROM governance.source_events WHERE kind = 'source_connected'")
    assert ["away_since" in json.loads(row["facts"]) for row in events] == [True]


def test_a_certificate_without_its_key_is_named_before_anything_is_read(tmp_path, secured):
    folder, port, _ = secured
    (tmp_path / "registers.csv").write_text("address,register,type\na,0,uint16\n")
    plant = _plant(tmp_path / "plant", "modbus://127.0.0.1:1")
    url = f"modbuss://127.0.0.1:{port}?certificate={folder}/client.pem&key={folder}/other.key&map={tmp_path}/registers.csv"
    with pytest.raises(LakewardError) as refused:
        draft_from_address(plant.settings, "other", url, "1s")
    assert refused.value.code == "modbus_files"
