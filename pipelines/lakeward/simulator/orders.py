"""Maintenance orders of the last ninety days, as the plant's old system exports them: GB18030, Chinese headers, local times."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from lakeward.simulator.people import Technician, technicians
from lakeward.simulator.plant import MACHINES, OFFSET, Machine
from lakeward.simulator.truth import InjectedDefect

DATASET = "maintenance_orders"
ENCODING = "gb18030"
HEADER = "工单号,设备编号,报修时间,完工时间,故障代码,故障描述,维修人员,联系电话,身份证号,费用"
ORDERS, TODAY, DAYS = 300, 12, 90
TIME = "%Y-%m-%d %H:%M:%S"

FAULTS = (
    ("MECH-01", "轴承异响，更换轴承并重新润滑", "Bearing noise, bearing replaced and greased"),
    ("MECH-02", "皮带松动，已调整张紧度", "Belt loose, tension adjusted"),
    ("HYDR-01", "液压油泄漏，更换密封圈", "Hydraulic leak, seal replaced"),
    ("HYDR-02", "油压不足，清洗滤芯", "Low oil pressure, filter cleaned"),
    ("ELEC-01", "变频器过流报警，复位后正常", "Drive overcurrent alarm, fine after reset"),
    ("ELEC-02", "接近开关失灵，已更换", "Proximity switch dead, replaced"),
    ("HEAT-01", "温区二加热棒断路", "Heater rod of zone 2 open circuit"),
    ("CTRL-01", "PLC 通讯中断，重启网关", "PLC link lost, gateway restarted"),
    ("PREV-01", "月度保养，无异常", "Monthly service, nothing found"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One line of the export; every field is the text that is written."""

    number: str
    machine: str
    opened: str
    closed: str
    fault: str
    text: str
    technician: Technician
    cost: str

    def line(self) -> str:
        """The order as a line of CSV."""
        technician = self.technician
        order = (self.number, self.machine, self.opened, self.closed, self.fault, self.text)
        return ",".join(
            f'"{part}"' if "," in part else part
            for part in (*order, technician.name, technician.phone, technician.id_number, self.cost)
        )


OrderDefect = Callable[[Order], Order]


def make_orders(day: date, rng: random.Random) -> list[Order]:
    """Faultless orders in the order they were opened; the last few on `day` itself, some of them still open."""
    end = datetime.combine(day, time(23, 59))
    ages = [rng.uniform(24 * 60, DAYS * 24 * 60) for _ in range(ORDERS - TODAY)] + [rng.uniform(0, 24 * 60) for _ in range(TODAY)]
    crew = technicians(rng)
    opened = sorted(end - timedelta(minutes=int(age)) for age in ages)
    return [_make_order(number, at, end, rng.choice(crew), rng) for number, at in enumerate(opened, start=1)]


def _make_order(number: int, opened: datetime, end: datetime, technician: Technician, rng: random.Random) -> Order:
    fault, chinese, english = rng.choice(FAULTS)
    closed = opened + timedelta(minutes=rng.randint(25, 1500))
    text = chinese if rng.random() < 0.7 else english
    # People put contact data where it does not belong; a column that only contains it must be found as well.
    text += f"。联系{technician.name} {technician.phone}" if rng.random() < 0.05 else ""
    return Order(
        number=f"WO{opened:%Y%m%d}-{number:04d}",
        machine=_machine(fault, rng).name,
        opened=opened.strftime(TIME),
        closed=closed.strftime(TIME) if closed <= end else "",
        fault=fault,
        text=text,
        technician=technician,
        cost=f"{rng.lognormvariate(6.2, 0.9):.2f}",
    )


def _machine(fault: str, rng: random.Random) -> Machine:
    fitting = {"HYDR": ("press",), "HEAT": ("furnace", "packer")}.get(fault[:4])
    return rng.choice([machine for machine in MACHINES if fitting is None or machine.type in fitting])


def _closed_before_opened(order: Order) -> Order:
    return replace(order, closed=(datetime.strptime(order.opened, TIME) - timedelta(hours=3)).strftime(TIME))  # noqa: DTZ007 (local, naive)


def _missing_machine(order: Order) -> Order:
    return replace(order, machine="")


def _negative_cost(order: Order) -> Order:
    return replace(order, cost=f"-{order.cost}")


def _decimal_comma(order: Order) -> Order:
    return replace(order, cost=order.cost.replace(".", ","))


def _unknown_fault(order: Order) -> Order:
    return replace(order, fault="XXXX-99")


ORDER_DEFECTS: tuple[tuple[str, OrderDefect, int], ...] = (
    ("closed_before_opened", _closed_before_opened, 2),
    ("missing_machine", _missing_machine, 1),
    ("negative_cost", _negative_cost, 1),
    ("decimal_comma", _decimal_comma, 1),
    ("unknown_fault", _unknown_fault, 2),
)
CORRECTIONS, DUPLICATES = 4, 1


def export(day: date, rng: random.Random) -> tuple[list[str], list[str], list[InjectedDefect]]:
    """Lines of the export, lines of the later file with corrections, and what is wrong in both."""
    book = make_orders(day, rng)
    picks = iter(rng.sample(range(ORDERS - TODAY), sum(count for *_, count in ORDER_DEFECTS) + CORRECTIONS + DUPLICATES))
    injected: list[InjectedDefect] = []
    for kind, spoil, count in ORDER_DEFECTS:
        for _, index in zip(range(count), picks, strict=False):
            book[index] = spoil(book[index])
            injected.append(_injected_order(book[index], kind, 1))
    later, more = _corrections_file([book[index] for index in picks])
    return [order.line() for order in book], later, injected + more


def _corrections_file(later_orders: list[Order]) -> tuple[list[str], list[InjectedDefect]]:
    corrected = [replace(order, cost=f"{float(order.cost) * 1.1:.2f}") for order in later_orders[:CORRECTIONS]]
    repeated = later_orders[CORRECTIONS:]
    truth: Iterator[InjectedDefect] = (_injected_order(order, "correction", 1.1) for order in corrected)
    return [order.line() for order in corrected + repeated], [
        *truth,
        *(_injected_order(order, "duplicate", 2) for order in repeated),
    ]


def _injected_order(order: Order, kind: str, magnitude: object) -> InjectedDefect:
    opened = order.opened.replace(" ", "T") + OFFSET
    return InjectedDefect(dataset=DATASET, key=order.number, start=opened, end=opened, kind=kind, magnitude=str(magnitude))
