from __future__ import annotations

from edge import contract, runtime
from edge.interfaces import inbound, logging, secrets


def test_modules_of_a_call_name_the_contract_alike() -> None:
    assert runtime.EXECUTE == secrets.SERVED_TO == contract.EXECUTE
    assert (logging.NAME, secrets.NAME, inbound.NAME) == (
        contract.LOGGING,
        contract.SECRETS,
        contract.INBOUND,
    )
