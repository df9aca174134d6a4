"""How many examples a test of a property tries."""

from hypothesis import settings

# What Hypothesis tries by itself.
DEFAULT = 100


def examples(number: int) -> int:
    """As many as `number` in the long run, and as many fewer with every change as the profile of `conftest.py` says."""
    return max(1, number * settings.default.max_examples // DEFAULT)
