"""What a contract of OPC UA may say, and what stops before a server is asked."""

import threading

import pytest

from lakeward.contracts.opcua_address import OpcUaAddress
from lakeward.core.connections import parse_connection
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import collect, lint_contracts
from support.mqtt_plant import MqttPlant
from support.opcua_plant import CONTRACT

asyncua = pytest.importorskip("asyncua", reason="asyncua is missing: pip install asyncua")


@pytest.fixture
def plant(tmp_path):
    return MqttPlant(tmp_path / "plant", "opc.tcp://127.0.0.1:1", CONTRACT)


@pytest.mark.parametrize("bad", ["queueSize: 0", "samplingMs: fast", "repairHours: -1", "payload: json"])
def test_keys_that_are_not_valid_are_refused_at_their_line(plant, bad):
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    lines = [line for line in CONTRACT.splitlines() if bad.partition(":")[0] not in line]
    at = next(at for at, line in enumerate(lines) if "kind: opcua" in line)
    file.write_text("\n".join([*lines[: at + 1], f"      {bad}", *lines[at + 1 :]]) + "\n")
    [found] = lint_contracts(Settings.load(plant.root), "line")
    assert found.line == at + 2


@pytest.mark.parametrize(
    ("lines", "code"), [("", "opcua_without_nodes"), ("address,series\nline0/tag0,a\n", "series_file_value")]
)
def test_a_mapping_without_nodes_stops_the_collector(plant, lines, code):
    (plant.root / "expectations" / "datasets" / "line" / "series.csv").write_text(lines)
    settings = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "opc.tcp://127.0.0.1:1"})
    failed = collect(settings, ["line"], threading.Event(), lambda *_: None)
    assert failed["line"].code == code


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mqtt://plc", "connection_scheme"),
        ("opc.tcp://plc?policy=Basic128", "opcua_security"),
        ("opc.tcp://plc?mode=Sign", "opcua_security"),
        ("opc.tcp://plc?policy=Basic256Sha256", "opcua_files"),
    ],
)
def test_connections_that_are_not_whole_are_refused(tmp_path, url, code):
    from lakeward.sources.collectors.opcua.session import check_server

    with pytest.raises(LakewardError) as refused:
        check_server(parse_connection("plc", url, "here", tmp_path))
    assert refused.value.code == code


def test_addresses_last_beyond_the_numbers_of_namespaces():
    for text in ("nsu=urn:plant;s=a;b", "nsu=urn:plant;i=7", "nsu=u;g=09087e75-8e5e-499b-954f-f2a9603db28a", "nsu=u;b=aGk="):
        assert str(OpcUaAddress.parse(text)) == text
    assert str(OpcUaAddress.parse("i=2258")) == "nsu=http://opcfoundation.org/UA/;i=2258"
    for text in ("tag0", "ns=2;s=tag0", "nsu=u;i=-1", "nsu=u;g=1", "nsu=u;b=*"):
        assert OpcUaAddress.parse(text) is None
