"""A percentage is whole only if the share is."""

import pytest

from lakeward.core.shares import percent


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "0.0%"),
        (1e-9, "<0.1%"),
        (0.0449, "4.5%"),
        (0.999, "99.9%"),
        (0.99951, ">99.9%"),
        (1 - 1e-9, ">99.9%"),
        (1, "100.0%"),
    ],
)
def test_some_never_looks_like_none_or_all(share, shown):
    assert percent(share) == shown
