"""Names of columns as SQL can say them."""

import pytest

from lakeward.profiling.naming import sql_names


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Usage_kWh", "usage_kwh"),
        ("CO2(tCO2)", "co2_tco2"),
        ("Lagging_Current_Reactive.Power_kVarh", "lagging_current_reactive_power_kvarh"),
        ("Volume Flow RateRMS", "volume_flow_raterms"),
        ("温度", "温度"),
        ("温度（℃）", "温度_c"),
        ("湿度%", "湿度_pct"),
        ("1st stage", "c_1st_stage"),
        ("order", "order_"),
        ("_row", "row"),
        ("  ", "column_1"),
        ('a"; DROP TABLE x', "a_drop_table_x"),
    ],
)
def test_a_header_becomes_a_name_that_sql_can_say(header, name):
    assert sql_names([header]) == (name,)


def test_two_headers_never_share_a_name():
    assert sql_names(["Temp", "temp", "TEMP", "temp_2"]) == ("temp", "temp_2", "temp_3", "temp_2_2")
