"""What the Inside page shows: its settings, their link form, and what is asked of a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from afn.ask.inside import own_picture
from afn.ask.inside.look import POOL, SHOWN, Batch, Look
from afn.ask.network import Network, Stats
from afn.ask.records import Order
from afn.corruptions.severities import SEVERITIES
from afn.settings.config import ADAPTIVE_NORMS
from afn.settings.lambda_init import LAMBDAS

from ...kit.comparison import NORM_TITLES
from ...kit.draw.grid import in_order
from ...kit.view import ViewState

NORMS = ("afn", "asrnorm", "bn")
"""Whose layers can be looked into."""
CORRUPTIONS = tuple(in_order(SEVERITIES))
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
MODES = ("trained", "running", "batch")
ORDERS: tuple[Order, ...] = ("mixed", "by label")
SOURCES = ("test images", "a drawing", "an upload")
_TRAINED = ""
"""Stands for a λ that is left as it was trained."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InsideView:
    """Which network, which layer, which batch, and what is forced upon it."""

    model: str = ""
    """A run, a pretrained model, or untrained-<norm>; empty for the first on offer."""
    layer: str = ""
    channel: int = 0
    image: int = 0
    """Of the batch: the one that is followed."""
    dataset: str = ""
    """Empty for the network's own."""
    corruption: str = "contrast"
    severity: int = 5
    size: int = 32
    first: int = 0
    order: str = "mixed"
    stats: str = "trained"
    mu: str = _TRAINED
    sigma: str = _TRAINED
    gamma: str = _TRAINED
    beta: str = _TRAINED
    where: str = "everywhere"
    """In which layers λ are forced: everywhere, or here alone."""
    source: str = "test images"
    """What takes the first place of the batch."""
    picture: str = ""
    """A drawing, as `own_picture.to_text` writes it."""

    def __post_init__(self) -> None:
        known: dict[str, tuple[object, ...]] = {
            "corruption": CORRUPTIONS,
            "severity": tuple(range(6)),
            "size": SIZES,
            "order": ORDERS,
            "stats": MODES,
            "where": ("everywhere", "here"),
            "source": SOURCES,
            "image": tuple(range(SHOWN)),
        }
        for name, values in known.items():
            if (value := getattr(self, name)) not in values:
                text = f"{value}"[:40]
                raise ValueError(
                    f"{_URL[name]} is one of {', '.join(map(str, values))}, not {text!r}"
                )
        if not isinstance(self.channel, int):
            raise ValueError(f"a channel is a whole number, not {self.channel[:40]!r}")
        if not isinstance(self.first, int) or not 0 <= self.first < POOL:
            raise ValueError(f"the first image is 0 to {POOL - 1}, not {f'{self.first}'[:40]!r}")
        for name in LAMBDAS:
            _share(getattr(self, name))
        if self.picture:
            own_picture.from_text(self.picture)

    @property
    def lambdas(self) -> dict[str, float]:
        """The λ that are forced."""
        values = {name: _share(getattr(self, name)) for name in LAMBDAS}
        return {name: value for name, value in values.items() if value is not None}


_URL = {
    "model": "model",
    "layer": "layer",
    "channel": "channel",
    "image": "image",
    "dataset": "data",
    "corruption": "corruption",
    "severity": "severity",
    "size": "batch",
    "first": "first",
    "order": "order",
    "stats": "stats",
    "mu": "mu",
    "sigma": "sigma",
    "gamma": "gamma",
    "beta": "beta",
    "where": "where",
    "source": "first_place",
    "picture": "drawn",
}
"""Field -> URL parameter."""


def _share(text: str) -> float | None:
    if text == _TRAINED:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -1 <= value <= 1:
        raise ValueError(f"a λ is a number from 0 to 1 (from −1 where it is ungated), not {text!r}")
    return value


# -- networks --------------------------------------------------------------------------------------


def untrained_names() -> dict[str, str]:
    """Networks that nobody has trained: id -> title."""
    return {f"untrained-{norm}": f"{NORM_TITLES[norm]}, untrained (mnist5k)" for norm in NORMS}


def unforced(look: Look) -> Look:
    """The same images to the same networks as trained; what only changes the view is left out."""
    return replace(look, layer="", channel=0, stats=None, lambdas={}, everywhere=True)


def look_of(
    view: InsideView, network: Network, others: Sequence[Network], picture: bytes = b""
) -> Look:
    """What the view asks.

    Args:
        view: The settings.
        network: The network that is looked into.
        others: Networks that answer the same images.
        picture: An image of one's own, as the network takes it; empty for none.
    """
    stats: Stats | None = None
    if view.stats == "running":
        stats = "running"
    elif view.stats == "batch":
        stats = "batch"
    has_networks = network.config.norm in ADAPTIVE_NORMS and network.config.adaptive
    return Look(
        subject=network,
        batch=Batch(
            dataset=view.dataset or network.config.dataset,
            corruption=view.corruption if view.severity else None,
            severity=view.severity,
            size=view.size,
            first=view.first,
            order="by label" if view.order == "by label" else "mixed",
            picture=picture,
        ),
        layer=view.layer,
        channel=view.channel,
        image=min(view.image, view.size - 1),
        stats=stats if network.has_choice else None,
        lambdas=view.lambdas if has_networks else {},
        everywhere=view.where == "everywhere",
        others=tuple(others),
    )


# -- the session -----------------------------------------------------------------------------------


def _linked(view: InsideView) -> InsideView:
    return view if view.source == "a drawing" else replace(view, picture="")


_VIEW = ViewState(
    "inside", InsideView, _URL, anchor="model", things=("model", "layer"), linked=_linked
)
"""An upload is not in the link."""
_UPLOAD = "inside.upload.file"
UPLOADER = "inside_upload"
"""The uploader's key."""

begin, from_url, to_url = _VIEW.begin, _VIEW.from_url, _VIEW.to_url
key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def wish(wanted: Mapping[str, Any]) -> None:
    """Do what the hand wants on the diagram."""
    session = st.session_state
    for name in LAMBDAS:
        if name in wanted:
            session[key(name)] = f"{float(wanted[name]):.4g}"
    for name in ("layer", "where", "channel", "image"):
        if name in wanted:
            session[key(name)] = wanted[name]
    if wanted.get("do") in ("off", "trained"):
        for name in LAMBDAS:
            session[key(name)] = "0" if wanted["do"] == "off" else ""
    if wanted.get("do") == "off":
        session[key("where")] = "everywhere"


def draw(picture: str) -> None:
    """Keep a drawing; empty where it was wiped off."""
    st.session_state[key("picture")] = picture
    st.session_state[key("image")] = 0


def keep_upload() -> None:
    """Keep what was uploaded for the session, or forget what was removed; it is not in the link."""
    file = st.session_state[UPLOADER]
    st.session_state[_UPLOAD] = b"" if file is None else file.getvalue()
    st.session_state[key("image")] = 0


def upload() -> bytes:
    """The file that was uploaded last; empty where there is none."""
    found: bytes = st.session_state.get(_UPLOAD, b"")
    return found
