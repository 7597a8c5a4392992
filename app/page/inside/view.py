"""What the Inside page shows: its settings, their link form, and what is asked of a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from afn.ask.inside import own_picture
from afn.ask.inside.look import POOL, SHOWN, Batch, Look
from afn.ask.network import Network, Stats
from afn.ask.records import Order
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.settings.lambda_init import LAMBDAS
from afn.settings.norms import ADAPTIVE_NORMS, NORM_TITLES

from ...kit.draw.grid import in_order
from ...kit.view import View, ViewState, here, in_link, in_session, said
from .words import HELP

NORMS = ("afn", "asrnorm", "bn")
"""Whose layers can be looked into."""
CORRUPTIONS = tuple(in_order(CORRUPTION_NAMES))
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
MODES = ("trained", "running", "batch")
ORDERS: tuple[Order, ...] = ("mixed", "by label")
SOURCES = ("test images", "a drawing", "an upload")
_TRAINED = ""
"""Stands for a λ that is left as it was trained."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InsideView(View):
    """Which network, which layer, which batch, and what is forced upon it."""

    model: str = in_link("model", "")
    """A run, a pretrained model, or untrained-<norm>; empty for the first on offer."""
    layer: str = in_link("layer", "")
    channel: int = in_link("channel", 0)
    image: int = in_link("image", 0, range(SHOWN))
    """Of the batch: the one that is followed."""
    dataset: str = in_link("data", "")
    """Empty for the network's own."""
    corruption: str = in_link("corruption", "contrast", CORRUPTIONS)
    severity: int = in_link("severity", 5, range(6))
    size: int = in_link("batch", 32, SIZES)
    first: int = in_link("first", 0, range(POOL))
    order: str = in_link("order", "mixed", ORDERS)
    stats: str = in_link("stats", "trained", MODES)
    mu: str = in_link("mu", _TRAINED)
    sigma: str = in_link("sigma", _TRAINED)
    gamma: str = in_link("gamma", _TRAINED)
    beta: str = in_link("beta", _TRAINED)
    where: str = in_link("where", "everywhere", ("everywhere", "here"))
    """In which layers λ are forced: everywhere, or here alone."""
    source: str = in_link("first_place", "test images", SOURCES)
    """What takes the first place of the batch."""
    picture: str = in_link("drawn", "")
    """A drawing, as `own_picture.to_text` writes it."""

    def __post_init__(self) -> None:
        View.__post_init__(self)
        for name in LAMBDAS:
            _share(getattr(self, name))
        if self.picture:
            own_picture.from_text(self.picture)

    @property
    def lambdas(self) -> dict[str, float]:
        """The λ that are forced."""
        values = {name: _share(getattr(self, name)) for name in LAMBDAS}
        return {name: value for name, value in values.items() if value is not None}


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


def untrained_names() -> dict[str, str]:
    """Networks that nobody has trained: id -> title."""
    return {f"untrained-{norm}": f"{NORM_TITLES[norm]}, untrained (mnist5k)" for norm in NORMS}


def unforced(look: Look) -> Look:
    """The same images to the same networks as trained; what only changes the view is left out."""
    return replace(look, layer="", channel=0, stats=None, lambdas={}, everywhere=True)


def look_of(
    view: InsideView, network: Network, others: Sequence[Network], picture: bytes = b""
) -> Look:
    """What the view asks of a network, and of others beside it; no picture is an empty one."""
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


def _linked(view: InsideView) -> InsideView:
    return view if view.source == "a drawing" else replace(view, picture="")


VIEW = ViewState(
    "inside", InsideView, anchor="model", things=("model", "layer"), linked=_linked, help=HELP
)
UPLOADER = "inside_upload"
"""The uploader's key."""


def wish(wanted: Mapping[str, Any]) -> None:
    """Do what the hand wants on the diagram."""
    VIEW.set(**{name: f"{float(wanted[name]):.4g}" for name in LAMBDAS if name in wanted})
    plain = ("layer", "where", "channel", "image")
    VIEW.set(**{name: wanted[name] for name in plain if name in wanted})
    if wanted.get("do") in ("off", "trained"):
        VIEW.set(**dict.fromkeys(LAMBDAS, "0" if wanted["do"] == "off" else _TRAINED))
    if wanted.get("do") == "off":
        VIEW.set(where="everywhere")


@dataclass
class Upload:
    """The file that was uploaded last, which is not in the link; empty where there is none."""

    data: bytes = b""


def upload() -> Upload:
    """This session's."""
    return in_session(Upload)


def upload_refused() -> str:
    """Why Streamlit would refuse an upload, if it would: without its cookie it takes none."""
    link = here().link()  # none: there is no browser, as in tests
    has_cookie = XSRF_COOKIE_NAME in st.context.cookies
    if not link or has_cookie or not st.get_option("server.enableXsrfProtection"):
        return ""
    return (
        "Your browser keeps back the cookie that uploads need, as it does in another site’s page: "
        f"[open this one in a tab of its own]({link})."
    )


def keep_upload() -> None:
    """Keep what was uploaded, or forget what was removed."""
    file = said(UPLOADER)
    upload().data = b"" if file is None else file.getvalue()
    VIEW.set(image=0)
