"""Columns whose names, comments and forms are those of public schemas, with values of our own making; half of them are near misses.

The names and comments were read in public repositories; who tunes detectors looks at the columns that are not held out.
"""

import csv
import json
import random
import string
import zlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from lakeward.contracts.model import Column, DataType, Kind
from support import labelled_columns as made

FILE = Path(__file__).parents[1] / "fixtures" / "grading" / "public_columns.csv"
KINDS = {
    "string": DataType(Kind.STRING),
    "integer": DataType(Kind.INTEGER),
    "double": DataType(Kind.DOUBLE),
    "decimal": DataType(Kind.DECIMAL, 12, 7),
}
SQL_TYPES = {"string": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE", "decimal": "DECIMAL(12, 7)"}
HEX, VIN = "0123456789abcdef", "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
WORDS = ("press", "oven", "辊道", "north gate", "ACME", "冷却段", "steel", "mixer 2", "待定", "合格品")
# Held out: a third of the columns, by a hash of the name.
THIRDS = 3


@dataclass(frozen=True)
class PublicColumn:
    column: Column
    sql_type: str
    form: str
    detector: str | None

    @property
    def held_out(self) -> bool:
        return zlib.crc32(self.column.name.encode()) % THIRDS == 0

    def values(self, seed):
        rng = random.Random(f"{seed} {self.column.name} {self.form}")
        return [FORMS[self.form](rng) for _ in range(150)]


def public_columns():
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            PublicColumn(
                Column(row["name"], KINDS[row["type"]], row["name"], description=row["comment"]),
                SQL_TYPES[row["type"]],
                row["form"],
                row["detector"] or None,
            )
            for row in csv.DictReader(file)
        ]


def pick(*values):
    return lambda rng: rng.choice(values)


def chars(alphabet, count):
    return lambda rng: "".join(rng.choices(alphabet, k=count))


def number(low, high, places):
    return lambda rng: f"{rng.uniform(low, high):.{places}f}"


def whole(low, high):
    return lambda rng: str(rng.randint(low, high))


def vin(rng, *, shift=0):
    body = rng.choice(["LSV", "LFV", "LGX", "LBE", "WDB"]) + chars(VIN, 5)(rng)
    tail = rng.choice("ABCDEFGHJKLMNPRSTVWXY123456789") + chars(VIN, 3)(rng) + f"{rng.randint(0, 9999):04d}"
    code = f"{body}0{tail}"
    total = sum(w * (int(c) if c.isdigit() else VIN_VALUES[c]) for c, w in zip(code, VIN_WEIGHTS, strict=True))
    return f"{body}{'0123456789X'[(total + shift) % 11]}{tail}"


def imei(rng):
    return made.luhn(rng.choice(["35", "86", "01"]) + chars(string.digits, 12)(rng))


def mac(separator, group=2, *, plain=False):
    def value(rng):
        digits = rng.choice(HEX) + rng.choice("02468ace") + chars(HEX, 10)(rng)
        return digits if plain else separator.join(digits[n : n + group] for n in range(0, 12, group)).upper()

    return value


def ip(*heads):
    return lambda rng: rng.choice(heads) + f".{rng.randint(0, 255)}.{rng.randint(1, 254)}"


def place(rng):
    return f"{rng.uniform(113, 122):.6f}", f"{rng.uniform(22, 40):.6f}"


def pair(rng):
    return rng.choice(["{},{}", "{}, {}", "{} {}"]).format(*place(rng))


def inside(make, *texts):
    return lambda rng: (
        rng.choice(texts).format(make(rng)) if rng.random() < 0.3 else rng.choice(["已完成", "no fault", "月度保养 3 次"])
    )


def as_json(**makers):
    return lambda rng: json.dumps({key: make(rng) for key, make in makers.items()}, ensure_ascii=False)


def arc(rng):
    return f"{rng.randint(22, 40)}°{rng.randint(0, 59)}′{rng.randint(0, 59)}″N {rng.randint(100, 122)}°{rng.randint(0, 59)}′{rng.randint(0, 59)}″E"


def electronic_passport(rng):
    return "E" + rng.choice("ABCDEFGH") + chars(string.digits, 7)(rng)


def recipe(rng):
    return f"A料 {rng.randint(10, 60)}% B料 {rng.randint(10, 40)}% 水 {rng.randint(1, 9)}%"


def stamp(pattern):
    return lambda rng: (made.START + timedelta(seconds=rng.randint(0, 9_000_000))).strftime(pattern)


FORMS = {
    "vin": vin,
    "vin_other_check": lambda rng: vin(rng, shift=rng.randint(1, 10)),
    "text_vin": inside(vin, "车架号{}更换轮胎", "VIN: {} ok"),
    "json_vin": as_json(vin=vin, km=whole(1, 200000)),
    "imei": imei,
    "text_imei": inside(imei, "终端{}离线", "imei={} lost"),
    "mac": mac(":"),
    "mac_dots": mac(".", 4),
    "mac_plain": mac("", plain=True),
    "text_mac": inside(mac("-"), "who has {} tell", "地址 {} 冲突"),
    "ip_private": ip("10.12", "192.168", "172.20"),
    "ip_public": ip("123.125", "39.156", "101.6"),
    "ip_v6": lambda rng: f"2409:8a00:{rng.randint(1, 9999):x}::{rng.randint(1, 65535):x}",
    "text_ip": inside(ip("10.12", "192.168"), "login from {} port 22", "主机 {} 无响应"),
    "longitude": number(73.5, 135, 6),
    "latitude": number(18, 53, 6),
    "pair": pair,
    "wkt": lambda rng: "POINT ({} {})".format(*place(rng)),
    "json_place": lambda rng: json.dumps({"lng": float(place(rng)[0]), "lat": float(place(rng)[1])}),
    "arc": arc,
    "text_place": inside(pair, "越界报警 位置 {}", "stopped at {} for 20 min"),
    "passport": lambda rng: (
        rng.choice(["E", "G"]) + chars(string.digits, 8)(rng) if rng.random() < 0.5 else electronic_passport(rng)
    ),
    "text_passport": inside(lambda rng: "E" + chars(string.digits, 8)(rng), "来访，护照号：{}", "passport no. {} seen"),
    "digits_18_plain": chars(string.digits, 18),
    "text_household": inside(chars(string.digits, 9), "走访户号 {}", "户口簿号：{} 已登记"),
    "recipe_text": recipe,
    "json_params": as_json(temperature=whole(180, 900), pressure=number(0.1, 3, 2), speed=whole(100, 1500)),
    "phone": made.phone,
    "text_phone": inside(made.phone, "联系 {}", "tel:{}; ok"),
    "email": made.email,
    "json_email": as_json(mail=made.email, name=pick(*WORDS)),
    "resident": lambda rng: made.resident_id(rng, "310115"),
    "text_resident": inside(lambda rng: made.resident_id(rng, "310115"), "来访 {} 登记", "id {} ok"),
    "person": lambda rng: rng.choice("王李张刘陈杨赵黄周吴") + rng.choice(["伟", "芳", "小明", "秀英"]),
    "plate": made.plate,
    "card": made.bank_card,
    "address": made.address,
    "uscc": made.credit_code,
    "word": pick(*WORDS),
    "status": pick("pending", "ok", "failed", "启用", "停用"),
    "flag": pick("0", "1"),
    "small_int": whole(0, 200),
    "percent_int": whole(0, 100),
    "negative": whole(-95, -20),
    "count": whole(0, 5_000_000),
    "counter": whole(1000, 99_999),
    "port": whole(1, 65535),
    "measure": number(0, 900, 2),
    "small_measure": number(-5, 5, 4),
    "latitude_like": number(18, 53, 4),
    "longitude_like": number(80, 130, 4),
    "measure_pair": lambda rng: f"{rng.uniform(0, 50):.4f},{rng.uniform(80, 130):.4f}",
    "flow_pair": lambda rng: f"{rng.uniform(200, 900):.4f},{rng.uniform(200, 900):.4f}",
    "percent": number(0, 100, 2),
    "money": number(1, 90000, 2),
    "area": number(20, 200, 1),
    "model_code": lambda rng: f"{chars('ABCX', 2)(rng)}-{rng.randint(100, 999)}",
    "serial_17": chars(VIN, 17),
    "digits_6": chars(string.digits, 6),
    "digits_8": chars(string.digits, 8),
    "digits_9": chars(string.digits, 9),
    "digits_10": chars(string.digits, 10),
    "digits_12": chars(string.digits, 12),
    "digits_15": lambda rng: "460" + chars(string.digits, 12)(rng),
    "letter_8": lambda rng: rng.choice("EGKM") + chars(string.digits, 8)(rng),
    "letters_6": chars(string.ascii_uppercase, 6),
    "pan": lambda rng: chars(string.ascii_uppercase, 5)(rng) + chars(string.digits, 4)(rng) + rng.choice("ABC"),
    "emirates": lambda rng: f"784-{rng.randint(1960, 2005)}-{rng.randint(10**6, 10**7 - 1)}-{rng.randint(1, 9)}",
    "uuid": lambda rng: "-".join(chars(HEX, n)(rng) for n in (8, 4, 4, 4, 12)),
    "hash": chars(HEX, 28),
    "hex_12": chars(HEX, 12),
    "hex_6": lambda rng: "#" + chars(HEX, 6)(rng),
    "version": lambda rng: f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 99)}",
    "version_4": lambda rng: f"{rng.randint(1, 20)}.{rng.randint(0, 9)}.{rng.randint(0, 255)}.{rng.randint(0, 20)}",
    "section": lambda rng: f"{rng.randint(1, 9)}.{rng.randint(1, 12)}.{rng.randint(1, 9)}.{rng.randint(1, 9)}",
    "oid": lambda rng: f"1.3.6.1.4.1.{rng.randint(1, 9999)}.{rng.randint(1, 9)}",
    "clock": stamp("%H:%M:%S"),
    "clock_frames": lambda rng: stamp("%H:%M:%S")(rng) + f":{rng.randint(0, 24):02d}",
    "stamp": stamp("%Y-%m-%d %H:%M:%S"),
    "date": stamp("%Y-%m-%d"),
    "date_plain": stamp("%Y%m%d"),
    "place_name": pick("北京,中国", "一号门", "Suzhou", "管城区普惠路附近", "3号泵房"),
    "grid": lambda rng: f"{chars('HJK', 1)(rng)}{rng.randint(10, 53)}E{rng.randint(1, 144):03d}",
    "account": pick("li.wei", "wang.fang", "svc_mes"),
    "sentence": pick("建议更换轴承并复查", "looks fine", "温度偏高, 已降速", "n/a"),
    "unit_word": pick("MPa", "℃", "mm", "r/min"),
    "cidr": lambda rng: f"10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.0/24",
    "mask": pick("255.255.255.0", "255.255.0.0", "255.255.255.128"),
    "port_name": lambda rng: f"GE1/0/{rng.randint(1, 48)}",
    "opc_url": lambda rng: f"opc.tcp://line{rng.randint(1, 9)}:4840",
    "rule_text": lambda rng: f"permit tcp any eq {rng.randint(20, 9000)}",
    "json_spec": as_json(power_kw=whole(1, 90), weight=whole(100, 9000)),
    "landline": lambda rng: f"0{rng.randint(10, 99)}-{rng.randint(10**7, 10**8 - 1)}",
    "ean": chars(string.digits, 13),
    "work_order": lambda rng: f"WO{stamp('%Y%m%d')(rng)}{rng.randint(1, 999):03d}",
    "agent": pick("Mozilla/5.0 (X11; Linux x86_64)", "okhttp/4.12.0", "curl/8.5.0"),
    "url": lambda rng: f"https://plant.example/img/{rng.randint(1, 9999)}.png",
    "yarn": lambda rng: f"{rng.randint(10, 80)}S/{rng.randint(1, 2)}",
}
