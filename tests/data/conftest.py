"""What the tests of `data` share."""

from contextlib import contextmanager

import pytest

from tfgan_ref.errors import InputError


@pytest.fixture
def refused():
    """A context that must raise InputError with one line that holds all of the given parts."""

    @contextmanager
    def check(*parts):
        with pytest.raises(InputError) as raised:
            yield
        message = str(raised.value)
        assert "\n" not in message
        for part in parts:
            assert part in message

    return check
