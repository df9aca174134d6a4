"""Technicians who do not exist. Names are common ones; phone and resident ID numbers are from unassigned ranges."""

import random
from dataclasses import dataclass

# No region of GB/T 2260 begins with 99: a number with it has a valid check digit and belongs to no one.
NO_REGION = "990000"
# Prefix of the simulated mobile numbers; the last four digits are the technician's.
PHONE = "1990000"
# ISO 7064 MOD 11-2, as GB 11643-1999 uses it: weight of each digit, and the check digit of each remainder.
WEIGHTS = tuple(2**power % 11 for power in range(17, 0, -1))
CHECK_DIGITS = "10X98765432"

NAMES = ("张伟", "王芳", "李强", "刘洋", "陈静", "杨帆", "赵磊", "黄敏", "周涛", "吴霞", "徐鹏", "孙丽")


@dataclass(frozen=True, slots=True)
class Technician:
    """One simulated person."""

    name: str
    phone: str
    id_number: str


def technicians(rng: random.Random) -> tuple[Technician, ...]:
    """The plant's maintenance crew."""
    phones = rng.sample(range(1000, 10_000), len(NAMES))
    return tuple(Technician(name, f"{PHONE}{phone}", _id_number(rng)) for name, phone in zip(NAMES, phones, strict=True))


def _id_number(rng: random.Random) -> str:
    born = f"{rng.randint(1965, 2000)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    body = f"{NO_REGION}{born}{rng.randint(1, 999):03d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """The 18th character to 17 digits. Source: GB 11643-1999, ISO 7064 MOD 11-2."""
    return CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]
