"""Columns of our own making with a label each: what a detector must find, and near misses that it must not.

Numbers are made by the standards' arithmetic, written here a second time; none is taken from anyone.
"""

import random
from datetime import UTC, datetime, timedelta

from lakeward.contracts.model import Column, DataType, Kind

RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ROWS = 200
START = datetime(2026, 3, 2, tzinfo=UTC)


def resident_id(rng, region="990000"):
    body = f"{region}{rng.randint(1950, 2005)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(1, 999):03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, RESIDENT_WEIGHTS, strict=True)) % 11]


def phone(rng):
    return rng.choice(["138", "150", "166", "177", "189", "199", "192"]) + f"{rng.randint(0, 99_999_999):08d}"


def luhn(body):
    total = sum(d if i % 2 else d * 2 - 9 * (d > 4) for i, d in enumerate(map(int, reversed(body))))
    return f"{body}{-total % 10}"


def bank_card(rng):
    return luhn("622" + "".join(rng.choices("0123456789", k=rng.choice([12, 15]))))


def credit_code(rng):
    organisation = "".join(rng.choices(USCC, k=8))
    base36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    rest = 11 - sum(base36.index(c) * w for c, w in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    body = (
        "91" + f"{rng.choice((110101, 310115, 440300, 500103, 650100))}" + organisation + {10: "X", 11: "0"}.get(rest, str(rest))
    )
    return body + USCC[(31 - sum(USCC.index(c) * pow(3, i, 31) for i, c in enumerate(body)) % 31) % 31]


def old_resident_id(rng):
    return f"{rng.choice((110101, 310115, 440301))}{rng.randint(30, 84)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(1, 999):03d}"


def visa(rng):
    return luhn("4" + "".join(rng.choices("0123456789", k=14)))


def spaced(make, before, pattern="{}{}{}"):
    """A phone number as people write it for abroad."""

    def value(rng):
        number = make(rng)
        return before + pattern.format(number[:3], number[3:7], number[7:])

    return value


def address(rng):
    region = rng.choice(["江苏省苏州市吴中区", "上海市浦东新区", "广东省佛山市顺德区", "四川省绵阳市安州区"])
    street = rng.choice(["宝带东路", "张江路", "大良街道清晖路", "花荄镇益昌路", "幸福村"])
    return f"{region}{street}{rng.randint(1, 999)}号{rng.choice(['', '3栋502室', '2单元', '附1号'])}"


def plate(rng):
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    head = rng.choice("京沪川粤苏浙鲁") + rng.choice(letters)
    tail = rng.choice([f"{rng.randint(0, 99999):05d}", f"D{rng.randint(0, 99999):05d}", f"A{rng.randint(0, 999):03d}B"])
    return head + tail


def email(rng):
    return f"user{rng.randint(1, 9999)}@plant{rng.randint(1, 9)}.example"


def digits(count, first=""):
    return lambda rng: first + "".join(rng.choices("0123456789", k=count - len(first)))


def stamp(pattern):
    return lambda rng: (START + timedelta(seconds=rng.randint(0, 9_000_000))).strftime(pattern)


def counter_numbers(start, step=1):
    numbers = iter(range(start, start + 10**6, step))
    return lambda _: str(next(numbers))


def embedded_in_text(make, share, text="换轴承，联系 {}，已完成"):
    return lambda rng: (
        text.format(make(rng))
        if rng.random() < share
        else rng.choice(["月度保养，无异常", "Belt loose 20260302", "WO20260302-0001"])
    )


def phone_with_dashes(rng):
    number = phone(rng)
    return f"{number[:3]}-{number[3:7]}-{number[7:]}"


def value_or_other(make, other, share):
    return lambda rng: make(rng) if rng.random() < share else other(rng)


# Name of the column -> (detector that must find it, or None; how a value is made).
LABELLED = {
    "phone": ("mobile", phone),
    "c01": ("mobile", phone),
    "联系电话": ("mobile", phone_with_dashes),
    "c02": ("mobile", lambda rng: "+86" + phone(rng)),
    "c28": ("mobile", spaced(phone, "+86 ", "{} {} {}")),
    "c29": ("mobile", spaced(phone, "+86-")),
    "c30": ("mobile", spaced(phone, "(+86) ", "{}-{}-{}")),
    "c31": ("mobile", spaced(phone, "0086 ")),
    "c32": ("mobile", spaced(phone, "86 ", "{} {} {}")),
    "旧身份证号": ("resident_id_15", old_resident_id),
    "account": ("payment_card", visa),
    "c37": ("payment_card", visa),
    "住址": ("address", address),
    "c33": ("address", address),
    "home_address": (
        "address",
        lambda rng: (
            f"{rng.randint(1, 999)} {rng.choice(['Long Acre', 'King', 'Old Mill'])} {rng.choice(['Road', 'Street', 'Ave'])}, Suzhou"
        ),
    ),
    "tel": ("mobile", value_or_other(phone, lambda _: "-", 0.6)),
    "remark": ("mobile", embedded_in_text(phone, 0.05)),
    "fault_text": ("mobile", embedded_in_text(phone, 0.3, "tel:{}; ok")),
    "block_phone": ("mobile", counter_numbers(19900001000)),
    "身份证号": ("resident_id", resident_id),
    "c03": ("resident_id", resident_id),
    "c04": ("resident_id", lambda rng: resident_id(rng).lower()),
    "note_id": ("resident_id", embedded_in_text(resident_id, 0.05)),
    "typo_id": ("resident_id", value_or_other(resident_id, digits(18), 0.9)),
    "card": ("bank_card", bank_card),
    "c05": ("bank_card", bank_card),
    "c06": ("bank_card", embedded_in_text(bank_card, 0.1)),
    "c07": ("credit_code", credit_code),
    "supplier": ("credit_code", embedded_in_text(credit_code, 0.2)),
    "plate": ("licence_plate", plate),
    "c08": ("licence_plate", embedded_in_text(plate, 0.1, "车辆{}已到")),
    "email": ("email", email),
    "c09": ("email", embedded_in_text(email, 0.05)),
    "维修人员": ("person_name", lambda rng: rng.choice("王李张刘陈杨赵黄周吴") + rng.choice(["伟", "芳", "小明", "秀英"])),
    # Near misses.
    "c34": (None, old_resident_id),
    "c35": (None, digits(15)),
    "part_id_no": (None, digits(15)),
    "c36": (None, digits(16, "4")),
    "ip_address": ("ip", lambda rng: f"10.0.{rng.randint(0, 255)}.{rng.randint(0, 255)}"),
    "modbus_address": (None, lambda rng: str(40000 + rng.randint(1, 9999))),
    "location": (None, lambda rng: rng.choice(["一厂区3号车间2号线", "二期厂区道路北侧5号泵房", "A区12号库", "东区锅炉房1号楼"])),
    "fault_place": (None, lambda rng: f"{rng.randint(1, 40)} Bar Press Line {rng.randint(1, 4)}"),
    "order_no": (None, counter_numbers(13800000001)),
    "c10": (None, counter_numbers(15012340001, 3)),
    "工单号": (None, digits(11, "1")),
    "c11": (None, digits(11)),
    "c12": (None, digits(18)),
    "c13": (None, lambda rng: f"990101{stamp('%Y%m%d')(rng)}{rng.randint(0, 9999):04d}"),
    "c14": (None, digits(16, "62")),
    "c15": (None, digits(19, "62")),
    "c16": (None, stamp("%Y%m%d%H%M%S")),
    "c17": (None, lambda rng: str(int((START.timestamp() + rng.randint(0, 10**7)) * 1000))),
    "c18": (None, lambda rng: str(int((START.timestamp() + rng.randint(0, 10**7)) * 1_000_000))),
    "c19": (None, stamp("%Y-%m-%d %H:%M:%S")),
    "serial_number": (None, lambda rng: f"SN{rng.randint(10**10, 10**11 - 1)}"),
    "c20": (None, lambda rng: f"V{rng.randint(0, 9)}-{phone(rng)[1:]}"),
    "machine": (None, lambda rng: rng.choice(["press01", "oven02", "A12345"])),
    "c21": (None, lambda rng: rng.choice(["云ABCDEF", "新品A1", "京东", "鲁班锁B12"])),
    "c22": (None, lambda rng: "".join(rng.choices(USCC, k=18))),
    "handle": (None, lambda rng: f"@user{rng.randint(1, 99)}"),
    "topic": (None, lambda rng: f"plant/line1@{rng.randint(1, 9)}"),
    "failure_name": (None, lambda rng: rng.choice(["高温报警", "马达过载", "温区断路", "石油泄漏"])),
    "manufacturer": (None, lambda rng: rng.choice(["张江", "万达", "金龙", "方正"])),
    "c23": (None, lambda rng: f"{rng.randint(0, 10**12)}"),
    "c24": (None, lambda rng: f"{rng.gauss(20, 5):.6f}"),
    "c25": (None, digits(11, "1")),
    # Beyond what values without a check digit can tell; `KNOWN_WRONG` says what is made of them.
    "c26": (None, digits(11, "138")),
    "c27": ("mobile", embedded_in_text(phone, 0.3, "TEL{}X")),
}
# A serial that draws its numbers like an operator does, under a name that says nothing; a phone with letters grown on.
KNOWN_WRONG = {"c26": "mobile", "c27": None}


def labelled_rows(seed):
    """One list of values per column."""
    rng = random.Random(seed)
    return {name: [make(rng) for _ in range(ROWS)] for name, (_, make) in LABELLED.items()}


def labelled_columns():
    return [Column(name, DataType(Kind.STRING), name) for name in LABELLED]
