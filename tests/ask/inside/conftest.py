"""Shipped networks of the embedded digits, as looking into them takes them."""

from collections.abc import Callable

import pytest

from afn.ask.inside.look import Batch, Look
from afn.ask.network import Network
from afn.pretrained.cards import read_card

Networks = Callable[[str], Network]
Asks = Callable[..., Look]


@pytest.fixture
def network(tmp_path) -> Networks:
    """A shipped network of the embedded digits by its norm."""
    return lambda norm: read_card(f"mnist5k-{norm}").network(tmp_path / norm)


@pytest.fixture
def asks(network: Networks) -> Asks:
    """A look at a network of some norm; keywords are the batch's or the look's."""

    def look(norm: str, **changes: object) -> Look:
        batch = {key: changes.pop(key) for key in list(changes) if key in Batch.__slots__}
        return Look(
            subject=network(norm),
            batch=Batch(**{"dataset": "mnist5k", "size": 16, **batch}),
            **changes,
        )

    return look
