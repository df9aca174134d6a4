"""Contracts of every kind of source become DAGs, and parsing them imports no library of a protocol."""

import pytest

from integration.orchestration.conftest import add
from support import http_door, kafka_cluster, modbus_plant, mqtt_plant, opcua_plant, sparkplug_segments, sql_plant

pytestmark = pytest.mark.exhaustive
PARSE = """
import json, sys
from lakeward.orchestration.factory import dags
made = dags(".")
heavy = {"duckdb", "pyarrow", "deltalake", "paho", "asyncua", "pymodbus", "confluent_kafka", "fastavro", "grpc_tools", "google.protobuf",
    "adbc_driver_postgresql", "uvicorn"}
print(json.dumps({"schedules": {name: str(getattr(d.timetable, "delta", None)) for name, d in made.items()}, "heavy": sorted(heavy & set(sys.modules))}))
"""
CONTRACTS = {
    "kafka": kafka_cluster.CONTRACT,
    "http": http_door.CONTRACT,
    "modbus": modbus_plant.CONTRACT,
    "mqtt": mqtt_plant.CONTRACT,
    "opcua": opcua_plant.CONTRACT,
    "sparkplug": sparkplug_segments.CONTRACT,
    "sql": sql_plant.CONTRACT.format(version="1.0.0", source=sql_plant.XID8, columns=sql_plant.COLUMNS).replace(
        "readings", "line"
    ),
}


def test_each_kind_of_source_is_drained_every_five_minutes(plant, python_in):
    for name, text in CONTRACTS.items():
        add(plant, name, text.replace("name: line", f"name: {name}"))
    found = python_in(plant, PARSE)
    assert found["heavy"] == []
    assert {found["schedules"][f"ingest__{name}"] for name in CONTRACTS} == {"0:05:00"}
    for name, minutes in (("kafka", 2), ("press", 120)):
        file = plant / "expectations" / "datasets" / name / "contract.odcs.yaml"
        file.write_text(f"{file.read_text()}  - {{property: schedule, value: {minutes}min}}\n")
    schedules = python_in(plant, PARSE)["schedules"]
    assert (schedules["ingest__kafka"], schedules["ingest__press"]) == ("0:02:00", "2:00:00")
