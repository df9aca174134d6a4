"""Chance that repeats: one generator per purpose, so that a new defect never moves the numbers of the others."""

import random


def seeded_random(*purpose: object) -> random.Random:
    """A generator seeded by the text of `purpose`, alike on every machine and Python version."""
    return random.Random("/".join(map(str, purpose)))  # noqa: S311 (a simulation, not a secret)


def noise(rng: random.Random, count: int, spread: float) -> list[float]:
    """`count` bell-shaped values around 0 with standard deviation `spread`.

    Cut from a short table at random places: neighbours stay independent, and a day of 80 tags costs no 700,000 draws.
    """
    # The sum of twelve uniform draws has variance 1.
    table = [(sum(rng.random() for _ in range(12)) - 6.0) * spread for _ in range(1024)]
    values: list[float] = []
    while len(values) < count:
        values += table[rng.randrange(512) :]
    return values[:count]
