from __future__ import annotations

import pytest

from edge import errors
from edge.interfaces.inbound import MAX_WAITING, Inbound


def test_messages_come_in_the_order_in_which_they_were_pushed() -> None:
    inbound = Inbound()
    poll, pending = inbound.functions["inbound-poll"], inbound.functions["inbound-pending"]
    inbound.push({"id": "1"})
    inbound.push({"id": "2"})
    assert pending(None) == (2,)
    assert [poll(None) for _ in range(3)] == [({"id": "1"},), ({"id": "2"},), (None,)]
    assert pending(None) == (0,)


def test_a_flood_of_messages_is_refused() -> None:
    inbound = Inbound()
    for number in range(MAX_WAITING):
        inbound.push({"id": str(number)})
    with pytest.raises(errors.StateError):
        inbound.push({"id": "one more"})
    assert len(inbound) == MAX_WAITING
