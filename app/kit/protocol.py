"""The protocol of the numbers on a page, to take along: `python -m afn verify` asks again."""

import json
from collections.abc import Callable, Iterable

from afn.ask.network import Network
from afn.ask.network_protocol import network_test
from afn.ask.protocol import card_of
from afn.ask.records import Cell, Question

from .plot import download
from .view import here

AskedNetworks = tuple[Network, Question, Iterable[Cell]]
"""A network, what it was asked, and its answers."""


def card_button(
    asked: Callable[[], Iterable[AskedNetworks]], name: str, *, in_list: bool = False
) -> None:
    """A button that downloads the protocol card, made when somebody presses it.

    The card holds the link to this screen, behind the address of the app.
    """
    address = here()  # only a run of the script knows whose

    def write() -> bytes:
        link = address.link(base=f"/{address.path}")
        tests = [network_test(*each) for each in asked() if each[2]]
        return json.dumps(card_of(tests, link=link).to_json(), indent=1).encode()

    download(
        "Protocol card (JSON)", write, f"{name}-protocol.json", "application/json",
        key=f"protocol.{name}", icon=None if in_list else ":material/download:",
        help="How these numbers were measured: statistics, batches, pixels, weights, constants, "
        "versions. `python -m afn verify FILE` asks again.",
    )  # fmt: skip
