from __future__ import annotations

import math
import socket

import pytest

from integrations.pms.deadline import _DeadlineReader, deadline, seconds_left


def test_without_a_deadline_there_is_no_end() -> None:
    assert seconds_left() == math.inf


def test_a_deadline_ends_with_its_block() -> None:
    with deadline(60):
        assert 59 < seconds_left() <= 60
    assert seconds_left() == math.inf


def test_nothing_is_read_after_the_deadline_even_if_it_is_there() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, _DeadlineReader(ours) as reader:
        theirs.sendall(b"late")
        with deadline(-1), pytest.raises(TimeoutError, match="over"):
            reader.readinto(bytearray(4))
        buffer = bytearray(4)
        assert reader.readinto(buffer) == 4
    assert buffer == b"late"
