"""The plant as it stands: lines, machines and tags. All of it is invented."""

from dataclasses import dataclass

SITE = "acme/suzhou"
# The plant's zone, Asia/Shanghai, has had no daylight saving since 1991: its offset is constant.
OFFSET = "+08:00"


@dataclass(frozen=True, slots=True)
class Tag:
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
    cycle_s: float
    commissioned: str
    maker: str

    @property
    def path(self) -> str:
        """Its place in the unified namespace; the tags lie below it."""
        return f"{SITE}/{self.line}/{self.name}"


MACHINES = (
    Machine("press01", "line1", "press", 6.0, "2016-05-12", "Northforge 北锻"),
    Machine("press02", "line1", "press", 6.5, "2016-05-12", "Northforge 北锻"),
    Machine("cnc01", "line1", "cnc", 20.0, "2019-09-01", "Halden Werkzeug"),
    Machine("pack01", "line1", "packer", 2.5, "2021-03-15", "Lakeline 湖联"),
    Machine("press03", "line2", "press", 5.5, "2022-11-20", "Northforge 北锻"),
    Machine("cnc02", "line2", "cnc", 18.0, "2023-02-08", "Halden Werkzeug"),
    Machine("furnace01", "line2", "furnace", 30.0, "2014-07-30", "Rotherm 瑞热"),
    Machine("pack02", "line2", "packer", 2.5, "2021-03-15", "Lakeline 湖联"),
)

# Machines whose clock will go wrong. They get no other defect of a tag: none may hide another.
CLOCK_AHEAD, CLOCK_RESET = "press03", "cnc02"

COMMON = (
    Tag("power_kw", "kW", 2.0, 42.0, 20, 0.6, swing=4.0),
    Tag("temp_degc", "Cel", 3.0, 36.0, 1500, 0.12, ambient=True),
    Tag("vib_mms", "mm/s", 0.3, 3.1, 15, 0.12),
    Tag("ambient_degc", "Cel", 0.0, 0.0, 60, 0.04, ambient=True),
)
SPECIAL = {
    "press": (
        Tag("force_kn", "kN", 5.0, 820.0, 5, 6.0, swing=120.0, period_s=60),
        Tag("oil_bar", "bar", 4.0, 165.0, 30, 0.8, swing=6.0, period_s=60),
        Tag("oil_degc", "Cel", 2.0, 28.0, 2400, 0.08, ambient=True),
    ),
    "cnc": (
        Tag("spindle_rpm", "/min", 0.0, 7800.0, 12, 15.0, swing=300.0, period_s=200),
        Tag("coolant_lmin", "L/min", 0.5, 24.0, 20, 0.2),
        Tag("load_pct", "%", 1.0, 62.0, 10, 1.5, swing=15.0, period_s=200),
    ),
    "furnace": (
        Tag("zone1_degc", "Cel", 420.0, 845.0, 1800, 0.7, swing=12.0, period_s=2400, ambient=True),
        Tag("zone2_degc", "Cel", 400.0, 810.0, 2100, 0.7, swing=10.0, period_s=2400, ambient=True),
        Tag("gas_m3h", "m3/h", 12.0, 96.0, 60, 0.9, swing=8.0, period_s=2400),
    ),
    "packer": (
        Tag("air_bar", "bar", 5.8, 6.4, 40, 0.03, swing=0.2),
        Tag("speed_ppm", "/min", 0.0, 23.0, 10, 0.2),
        Tag("seal_degc", "Cel", 40.0, 128.0, 300, 0.3, ambient=True),
    ),
}


def tags(machine: Machine) -> tuple[Tag, ...]:
    """The analogue tags of a machine: seven, beside its state and its two counters."""
    return COMMON + SPECIAL[machine.type]
