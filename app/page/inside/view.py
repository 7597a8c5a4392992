"""What the Inside page shows: its settings, their link form, and what is asked of a network."""

import base64
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from afn.ask.inside import own_picture
from afn.ask.inside.look import POOL, SHOWN, SHOWN_NORMS, Batch, Look
from afn.ask.network import Network, Stats
from afn.ask.records import Order
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.settings.lambda_init import LAMBDAS
from afn.settings.norms import ADAPTIVE_NORMS, NORM_TITLES

from ...kit.draw.grid import in_order
from ...kit.view import View, ViewState, in_link, in_session, said
from .stages import IDS
from .words import HELP

NORMS = SHOWN_NORMS
"""Whose layers can be looked into."""
UNTRAINED = ("afn", "asrnorm", "bn")
"""Who is offered before anybody has trained."""
CORRUPTIONS = tuple(in_order(CORRUPTION_NAMES))
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
MODES = ("trained", "running", "batch")
ORDERS: tuple[Order, ...] = ("mixed", "by label")
SOURCES = ("test images", "a drawing", "an upload")
NEWEST = -1
"""Stands for the last checkpoint, or the only one."""
_MOST_BYTES = 200_000
"""Of a drawing, as the browser sends it."""
_TRAINED = ""
"""Stands for a λ that is left as it was trained."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InsideView(View):
    """Which network, which layer, which batch, and what is forced upon it."""

    model: str = in_link("model", "")
    """A run, a pretrained model, or untrained-<norm>; empty for the first on offer."""
    instead: int = in_link("instead", 0, range(2))
    """1 where a diagram led here whose own network was not kept: the model has the same layers."""
    step: int = in_link("step", NEWEST)
    """Of the run's training: the checkpoint nearest to it is looked into."""
    layer: str = in_link("layer", "")
    channel: int = in_link("channel", 0)
    pixel: str = in_link("pixel", "")
    """Row and column of the followed value, "3-14"; empty for the one that stands out most."""
    card: str = in_link("card", IDS[0], IDS)
    """The step of the layer that is large."""
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
    damaged: int = in_link("damaged", 0, range(2))
    """1 where the corruption is applied to what takes the first place, too."""

    def __post_init__(self) -> None:
        View.__post_init__(self)
        for name in LAMBDAS:
            _share(getattr(self, name))
        _place(self.pixel)
        if self.picture:
            own_picture.from_text(self.picture)

    @property
    def lambdas(self) -> dict[str, float]:
        """The λ that are forced."""
        values = {name: _share(getattr(self, name)) for name in LAMBDAS}
        return {name: value for name, value in values.items() if value is not None}


def _place(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    row, _, column = text.partition("-")
    if not (f"{row}{column}".isascii() and row.isdigit() and column.isdigit() and len(text) < 10):
        raise ValueError(f"a pixel is a row and a column such as 3-14, not {text[:40]!r}")
    return int(row), int(column)


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
    return {f"untrained-{norm}": f"{NORM_TITLES[norm]}, untrained (mnist5k)" for norm in UNTRAINED}


def unforced(look: Look) -> Look:
    """The same images to the same networks as trained; what only changes the view is left out."""
    return replace(look, layer="", channel=0, pixel=None, stats=None, lambdas={}, everywhere=True)


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
            damages_picture=not picture or bool(view.damaged),
        ),
        layer=view.layer,
        channel=view.channel,
        image=min(view.image, view.size - 1),
        pixel=_place(view.pixel),
        stats=stats if network.has_choice else None,
        lambdas=view.lambdas if has_networks else {},
        everywhere=view.where == "everywhere",
        others=tuple(others),
    )


def _linked(view: InsideView) -> InsideView:
    if view.source == "test images":
        view = replace(view, damaged=0)
    return view if view.source == "a drawing" else replace(view, picture="")


VIEW = ViewState(
    "inside", InsideView, anchor="model", things=("model", "layer"), linked=_linked, help=HELP
)
UPLOADER = "inside_upload"
"""The uploader's key."""


def wish(wanted: Mapping[str, Any]) -> None:
    """Do what the hand wants on the diagram."""
    VIEW.set(**{name: f"{float(wanted[name]):.4g}" for name in LAMBDAS if name in wanted})
    plain = ("layer", "where", "channel", "image", "pixel", "card", "source", "damaged")
    VIEW.set(**{name: wanted[name] for name in plain if name in wanted})
    if "layer" in wanted:
        VIEW.set(pixel="")  # its pictures may be of another size
    if "source" in wanted:
        VIEW.set(image=0, damaged=0)
    if "drawn" in wanted:
        _draw(wanted["drawn"])
    if wanted.get("do") in ("off", "trained"):
        VIEW.set(**dict.fromkeys(LAMBDAS, "0" if wanted["do"] == "off" else _TRAINED))
    if wanted.get("do") == "off":
        VIEW.set(where="everywhere")


def newest() -> None:
    """Forget which step was asked for, and whose the model stands for: another was chosen."""
    VIEW.set(step=NEWEST, instead=0)


def _draw(url: str) -> None:
    """Put a drawing into the first place; a canvas that was wiped takes it away."""
    data = url.partition(",")[2]
    if len(data) > _MOST_BYTES:
        return
    image = Image.open(io.BytesIO(base64.b64decode(data)), formats=("PNG",))
    canvas, picture = np.asarray(image.convert("L")), ""
    if canvas.any():
        with suppress(ValueError):  # too faint a dot to be a digit
            picture = own_picture.to_text(own_picture.centred(canvas))
    VIEW.set(picture=picture, image=0, **({} if picture else {"damaged": 0}))


@dataclass
class Upload:
    """The file that was uploaded last, which is not in the link; empty where there is none."""

    data: bytes = b""


def upload() -> Upload:
    """This session's."""
    return in_session(Upload)


def keep_upload() -> None:
    """Keep what was uploaded, or forget what was removed."""
    file = said(UPLOADER)
    upload().data = b"" if file is None else file.getvalue()
    VIEW.set(image=0, damaged=0)
