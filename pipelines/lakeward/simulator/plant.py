"""The plant as it stands: lines, machines and tags. All of it is invented."""

from dataclasses import KW_ONLY, dataclass

SITE = "acme/suzhou"
# The plant's zone, Asia/Shanghai, has had no daylight saving since 1991: its offset is constant.
OFFSET = "+08:00"


@dataclass(frozen=True, slots=True)
class AnalogTag:
    """An analogue signal and how it answers to its machine.

    Args:
        unit: UCUM code.
        rest, busy: Where it settles while the machine stands, and while it runs (above ambient where `ambient`).
        lag_s: Time constant of its first-order answer, seconds.
        noise: Standard deviation of the sensor's noise.
        swing, period_s: Height and length of the batch cycle that it shows while the machine runs.
        ambient: It stands on the temperature of the hall.
    """

    name: str
    unit: str
    _: KW_ONLY
    rest: float
    busy: float
    lag_s: float
    noise: float
    swing: float = 0.0
    period_s: int = 600
    ambient: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a line.

    Args:
        cycle_s: Ideal time per piece, seconds.
    """

    name: str
    line: str
    type: str
    _: KW_ONLY
    cycle_s: float
    commissioned: str
    maker: str

    @property
    def path(self) -> str:
        """Its place in the unified namespace; the tags lie below it."""
        return f"{SITE}/{self.line}/{self.name}"


MACHINES = (
    Machine("press01", "line1", "press", cycle_s=6.0, commissioned="2016-05-12", maker="Northforge 北锻"),
    Machine("press02", "line1", "press", cycle_s=6.5, commissioned="2016-05-12", maker="Northforge 北锻"),
    Machine("cnc01", "line1", "cnc", cycle_s=20.0, commissioned="2019-09-01", maker="Halden Werkzeug"),
    Machine("pack01", "line1", "packer", cycle_s=2.5, commissioned="2021-03-15", maker="Lakeline 湖联"),
    Machine("press03", "line2", "press", cycle_s=5.5, commissioned="2022-11-20", maker="Northforge 北锻"),
    Machine("cnc02", "line2", "cnc", cycle_s=18.0, commissioned="2023-02-08", maker="Halden Werkzeug"),
    Machine("furnace01", "line2", "furnace", cycle_s=30.0, commissioned="2014-07-30", maker="Rotherm 瑞热"),
    Machine("pack02", "line2", "packer", cycle_s=2.5, commissioned="2021-03-15", maker="Lakeline 湖联"),
)

# Machines whose clock will go wrong. They get no other defect of a tag: none may hide another.
CLOCK_AHEAD, CLOCK_RESET = "press03", "cnc02"

COMMON = (
    AnalogTag("power_kw", "kW", rest=2.0, busy=42.0, lag_s=20, noise=0.6, swing=4.0),
    AnalogTag("temp_degc", "Cel", rest=3.0, busy=36.0, lag_s=1500, noise=0.12, ambient=True),
    AnalogTag("vib_mms", "mm/s", rest=0.3, busy=3.1, lag_s=15, noise=0.12),
    AnalogTag("ambient_degc", "Cel", rest=0.0, busy=0.0, lag_s=60, noise=0.04, ambient=True),
)
SPECIAL = {
    "press": (
        AnalogTag("force_kn", "kN", rest=5.0, busy=820.0, lag_s=5, noise=6.0, swing=120.0, period_s=60),
        AnalogTag("oil_bar", "bar", rest=4.0, busy=165.0, lag_s=30, noise=0.8, swing=6.0, period_s=60),
        AnalogTag("oil_degc", "Cel", rest=2.0, busy=28.0, lag_s=2400, noise=0.08, ambient=True),
    ),
    "cnc": (
        AnalogTag("spindle_rpm", "/min", rest=0.0, busy=7800.0, lag_s=12, noise=15.0, swing=300.0, period_s=200),
        AnalogTag("coolant_lmin", "L/min", rest=0.5, busy=24.0, lag_s=20, noise=0.2),
        AnalogTag("load_pct", "%", rest=1.0, busy=62.0, lag_s=10, noise=1.5, swing=15.0, period_s=200),
    ),
    "furnace": (
        AnalogTag("zone1_degc", "Cel", rest=420.0, busy=845.0, lag_s=1800, noise=0.7, swing=12.0, period_s=2400, ambient=True),
        AnalogTag("zone2_degc", "Cel", rest=400.0, busy=810.0, lag_s=2100, noise=0.7, swing=10.0, period_s=2400, ambient=True),
        AnalogTag("gas_m3h", "m3/h", rest=12.0, busy=96.0, lag_s=60, noise=0.9, swing=8.0, period_s=2400),
    ),
    "packer": (
        AnalogTag("air_bar", "bar", rest=5.8, busy=6.4, lag_s=40, noise=0.03, swing=0.2),
        AnalogTag("speed_ppm", "/min", rest=0.0, busy=23.0, lag_s=10, noise=0.2),
        AnalogTag("seal_degc", "Cel", rest=40.0, busy=128.0, lag_s=300, noise=0.3, ambient=True),
    ),
}


def tags(machine: Machine) -> tuple[AnalogTag, ...]:
    """The analogue tags of a machine: seven, beside its state and its two counters."""
    return COMMON + SPECIAL[machine.type]
