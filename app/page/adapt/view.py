"""What the page of adapting shows: its settings and their link form; and what is to be computed."""

from dataclasses import dataclass, replace

from afn.adapt.plan import STREAM_ORDERS, STREAM_WAYS, AdaptMethod, StreamPlan
from afn.adapt.task import SheetsTask, StreamTask
from afn.ask.network import Network
from afn.ask.tasks import Task
from afn.pretrained.cards import Card
from afn.settings.corruptions import CORRUPTION_NAMES

from ...kit import backend, cards, families
from ...kit.draw.grid import in_order
from ...kit.view import View, ViewState, in_link
from .words import HELP

CORRUPTIONS = tuple(in_order(CORRUPTION_NAMES))
BATCHES = (1, 2, 5, 10, 20, 50, 100, 200)
IMAGES = (200, 500, 1000)
ALPHAS, PRIORS = ("0.1", "0.25", "0.5", "0.75", "0.9"), ("4", "16", "64", "256")
MOMENTA, RATES = ("0.05", "0.1", "0.2", "0.5"), ("0.001", "0.005", "0.01", "0.05", "0.1")
NUMBERS = {
    "mix": ("alpha", "Mix: α", ALPHAS),
    "prior": ("prior", "By size: N", PRIORS),
    "moving": ("momentum", "Momentum", MOMENTA),
    "tent": ("rate", "TENT's rate", RATES),
}
"""What can be set of a way: the field, its label, and what is on offer."""
_SIDE = 64
"""Networks of larger images take too long here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdaptView(View):
    """Which stream, who lives on it, and which batch is looked at."""

    group: str = in_link("of", "mnist5k")
    """The networks ``GROUP-bn`` and ``GROUP-afn``."""
    order: str = in_link("order", "sorted", STREAM_ORDERS)
    corruption: str = in_link("corruption", "glass_blur", CORRUPTIONS)
    severity: int = in_link("severity", 5, range(6))
    batch_size: int = in_link("batch", 20, BATCHES)
    images: int = in_link("n", 1000, IMAGES)
    ways: tuple[str, ...] = in_link("ways", ("running", "batch", "tent", "afn"), tuple(STREAM_WAYS))
    alpha: str = in_link("alpha", "0.5", ALPHAS)
    prior: str = in_link("prior", "16", PRIORS)
    momentum: str = in_link("momentum", "0.1", MOMENTA)
    rate: str = in_link("rate", "0.05", RATES)
    resets: tuple[str, ...] = in_link("resets", ())
    """Batches, counted from 1, before which networks are put back."""
    at: int = in_link("at", 0, range(1001))
    """The batch that is looked at, counted from 1; 0 is the newest."""

    @property
    def plan(self) -> StreamPlan:
        """The stream; resets that cannot be are left out."""
        plain = StreamPlan(
            order=self.order,  # type: ignore[arg-type]
            corruption=self.corruption if self.severity else None,
            severity=self.severity or 5,
            batch_size=self.batch_size,
            images=self.images,
        )
        numbers = {int(each) - 1 for each in self.resets if each.isdecimal() and len(each) < 6}
        resets = tuple(each for each in numbers if 0 < each < plain.num_batches)
        return replace(plain, resets=resets)

    def method(self, way: str) -> AdaptMethod:
        """How a contender adapts."""
        if way == "afn":
            return AdaptMethod("batch")
        number = NUMBERS.get(way)
        return AdaptMethod(way, float(getattr(self, number[0])) if number else None)

    @property
    def contenders(self) -> list[str]:
        """In the order of `STREAM_WAYS`."""
        return [way for way in STREAM_WAYS if way in self.ways]


@dataclass
class Arrivals:
    """How often the address was adopted: each time its batch is shown."""

    number: int = 0


VIEW = ViewState("adapt", AdaptView, anchor="order", help=HELP)


def groups() -> dict[str, Card]:
    """What can be chosen, by name: pairs of a BN and an AFN whose images are here; BN's card."""
    known = {card.name: card for card in cards.sound_cards()}
    return {
        group: card
        for name, card in known.items()
        if (group := name.removesuffix("-bn")) != name
        and f"{group}-afn" in known
        and max(card.inputs.image_shape[:2]) <= _SIDE
        and families.is_here(card.config.dataset)
    }


def network_of(view: AdaptView, way: str) -> Network:
    """Who adapts in that way."""
    norm = "afn" if way in ("afn", "frozen") else "bn"
    return cards.network_of(cards.card_of(f"{view.group}-{norm}"))


def stream_tasks(view: AdaptView) -> dict[str, StreamTask]:
    """By contender."""
    networks = {way: network_of(view, way) for way in view.contenders}
    return {
        way: StreamTask(
            network=network, dataset=network.config.dataset, plan=view.plan, method=view.method(way)
        )
        for way, network in networks.items()
    }


def sheets_task(view: AdaptView) -> SheetsTask:
    """The images to look at."""
    network = network_of(view, "running")
    return SheetsTask(
        folder=backend.pictures(), dataset=network.config.dataset, plan=view.plan,
        image_shape=network.image_shape,
    )  # fmt: skip


def all_tasks(view: AdaptView) -> list[Task]:
    """All of it."""
    return [sheets_task(view), *stream_tasks(view).values()]


def title_of(way: str, view: AdaptView) -> str:
    """A contender's name, with its number."""
    number = NUMBERS.get(way)
    return f"{STREAM_WAYS[way]} {getattr(view, number[0])}" if number else STREAM_WAYS[way]
