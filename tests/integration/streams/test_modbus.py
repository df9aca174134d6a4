"""Registers of Modbus devices, on two servers by other people's hands: byte orders, refusals, dead devices, and what `new` proposes."""

import os
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest

from lakeward.contracts.register_map import Register, read_register_map
from lakeward.core.errors import DefinitionError, LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import collect, draft_from_address, lint_contracts, run_dataset
from support.http_door import opened, wait_for
from support.kafka_cluster import free_port
from support.modbus_plant import CONTRACT, HEAD, Plant, build_server, server
from support.mqtt_plant import MqttPlant

pytest.importorskip("pymodbus", reason="pymodbus is missing: pip install pymodbus")
SUPPORT = Path(__file__).parents[2] / "support"
# Folder with node_modules/modbus-serial (tests/README.md).
MODULES = "TEST_MODBUS_SERIAL"
# Of libmodbus: `abcd` of its version 3.1.6 has the bytes of each word swapped on the wire.
LIBMODBUS = """\
line/abcd,0,float32,,BADC,,,,,
line/cdab,2,float32,,DCBA,,,,,
line/unsigned,4,uint16,,,,0.1,-3,,
line/signed,5,int16,,,,,,,
line/long,6,int32,,,,,,,
line/input,0,uint16,input,,,,,,
line/coil,3,bool,coil,,,,,,
line/bit,4,bool,,,1,,,,
"""
VALUES = {
    "line/abcd": 21.5,
    "line/cdab": 21.5,
    "line/unsigned": 120.4,
    "line/signed": -5.0,
    "line/long": -70000.0,
    "line/input": 7.0,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_server(tmp_path_factory.mktemp("libmodbus"))


@pytest.fixture
def port(program):
    found = free_port()
    with server([program, str(found)]):
        yield found


def test_values_have_the_order_scale_and_type_of_their_line(tmp_path, port):
    plant = Plant(tmp_path / "plant", LIBMODBUS, plant_broker=port)
    plant.collect("source_connected")
    last = plant.last()
    assert {name: row["value"] for name, row in last.items() if row["value"] is not None} == VALUES
    assert {name: last[name]["value_text"] for name in ("line/coil", "line/bit")} == {"line/coil": "true", "line/bit": "true"}
    assert {row["quality"] for row in last.values()} == {0}
    assert (last["line/abcd"]["registers"], last["line/long"]["registers"]) == ("ac410000", "fffeee90")


@pytest.mark.exhaustive
def test_a_refusal_is_bad_and_its_neighbours_are_read(tmp_path, port):
    plant = Plant(tmp_path / "plant", LIBMODBUS + "line/none,19,int32,,,,,,,\nline/last,19,uint16,,,,,,,\n", plant_broker=port)
    plant.collect("source_connected")
    last = plant.last()
    none = last["line/none"]
    assert (none["value"], none["quality"], none["failure"]) == (None, 2, "exception 2")
    assert (last["line/last"]["value"], last["line/last"]["quality"], last["line/abcd"]["value"]) == (0.0, 0, 21.5)


@pytest.mark.exhaustive
def test_devices_that_are_dead_do_not_hold_up_the_others(tmp_path, port):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections, and never answers
        lines = LIBMODBUS + "off/x,0,uint16,,,,,,off,\nsilent/x,0,uint16,,,,,,silent,\n"
        plant = Plant(tmp_path / "plant", lines, plant_broker=port, off=free_port(), silent=silent.getsockname()[1])
        state = plant.collect("source_devices_silent", 3)
        assert state.facts["devices"] in {"1", "2"}
    last = plant.last()
    assert {name: (row["quality"], row["failure"]) for name, row in last.items() if row["quality"]} == {
        "off/x": (2, "no connection"),
        "silent/x": (2, "no answer"),
    }
    [counts] = plant.plant.fetch(
        "SELECT count(*) FILTER (series = 'line/abcd') AS good, count(*) FILTER (series = 'silent/x') AS silent FROM silver.line"
    )
    assert counts["good"] > counts["silent"] > 0


@pytest.mark.exhaustive
def test_a_device_that_comes_back_is_read_again(tmp_path, program):
    port = free_port()
    plant = Plant(tmp_path / "plant", LIBMODBUS, plant_broker=port)
    with opened(plant.settings, "line"):
        wait_for(plant.settings, "source_devices_silent")
        with server([program, str(port)]):
            wait_for(plant.settings, "source_connected")
            time.sleep(0.5)
    run_dataset(plant.settings, "line")
    assert {row["quality"] for row in plant.plant.fetch("SELECT DISTINCT quality FROM silver.line")} == {0, 2}


@pytest.mark.exhaustive
def test_the_plain_order_on_another_server(tmp_path):
    modules = os.environ.get(MODULES)  # noqa: TID251
    if not modules or not shutil.which("node"):
        pytest.skip(f"{MODULES} names no folder with modbus-serial, or node is missing (tests/README.md)")
    port = free_port()
    lines = "a,0,float32,,,,,,,\nb,4,float64,,ABCD,,,,,\nc,8,uint16,,,,,,,\nd,20,uint16,,,,,,,\n"
    with server(["node", SUPPORT / "modbus_server.js", str(port)], NODE_PATH=f"{modules}/node_modules"):
        plant = Plant(tmp_path / "plant", lines, plant_broker=port)
        plant.collect("source_connected", 3)
    last = plant.last()
    assert {name: row["value"] for name, row in last.items()} == {"a": 21.5, "b": -1234.5, "c": 777.0, "d": None}
    assert (last["d"]["quality"], last["d"]["failure"]) == (2, "exception 2")


@pytest.mark.exhaustive
def test_new_reads_the_map_and_proposes_series(tmp_path, port):
    plant = Plant(tmp_path / "plant", LIBMODBUS, plant_broker=port)
    file = tmp_path / "map.csv"
    file.write_text(HEAD + LIBMODBUS)
    drafted = draft_from_address(plant.settings, "plc", f"modbus://127.0.0.1:{port}?map={file}", "1s")
    assert (drafted.folder / "registers.csv").read_text() == HEAD + LIBMODBUS
    assert "line/abcd,line/abcd,,number" in (drafted.folder / "series.csv").read_text()
    assert lint_contracts(plant.settings, "plc") == []
    with pytest.raises(LakewardError) as refused:
        draft_from_address(plant.settings, "other", f"modbus://127.0.0.1:{port}", "1s")
    assert refused.value.code == "new_without_map"


@pytest.mark.parametrize(
    "line",
    ["a,65536,uint16", "a,65535,int32", "a,0,int24", "a,-1,uint16", ",0,uint16", "a,0,bool"],
)
def test_lines_of_the_map_that_are_not_valid_are_named(tmp_path, line):
    (tmp_path / "registers.csv").write_text(f"address,register,type\nok,0,uint16\n{line}\n")
    with pytest.raises(DefinitionError) as refused:
        read_register_map(tmp_path / "registers.csv")
    assert refused.value.facts["line"] == 3


@pytest.mark.parametrize(
    "text", ["address,register\na,0\n", "address,register,type,word\na,0,int16,1\n", "address,register,type\n"]
)
def test_columns_of_the_map_are_checked(tmp_path, text):
    (tmp_path / "registers.csv").write_text(text)
    with pytest.raises(DefinitionError):
        read_register_map(tmp_path / "registers.csv")


@pytest.mark.parametrize("bad", ["pollMs: 0", "timeoutMs: soon", "payload: json"])
def test_keys_that_are_not_valid_are_refused_at_their_line(tmp_path, bad):
    plant = MqttPlant(tmp_path / "plant", "", CONTRACT)
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    lines = [line for line in CONTRACT.splitlines() if bad.partition(":")[0] not in line]
    at = next(at for at, line in enumerate(lines) if "kind: modbus" in line)
    file.write_text("\n".join([*lines[: at + 1], f"      {bad}", *lines[at + 1 :]]) + "\n")
    [found] = lint_contracts(Settings.load(plant.root), "line")
    assert found.line == at + 2


def test_a_missing_map_stops_the_collector(tmp_path):
    plant = MqttPlant(tmp_path / "plant", "", CONTRACT)
    settings = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "modbus://127.0.0.1:1"})
    failed = collect(settings, ["line"], threading.Event(), lambda *_: None)
    assert failed["line"].code == "register_map_missing"


def test_blocks_join_what_is_adjacent_and_nothing_between():
    from lakeward.sources.collectors.modbus.blocks import blocks_of

    registers = [Register(address=str(at), register=at, type="uint16") for at in (*range(130), 200)]
    assert [(block.start, block.count) for block in blocks_of(registers)] == [(0, 125), (125, 5), (200, 1)]
