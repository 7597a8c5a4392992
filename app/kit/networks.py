"""The trained networks that can be tested: which there are, and how they are called."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from afn.ask.inside.networks import untrained
from afn.ask.network import Network
from afn.runs.fork import place_of, steps_of
from afn.runs.store import Run
from afn.wording import distinct
from afn.work.folder import ENDED

from . import backend, cards, own
from .comparison import labels
from .draw.palette import run_colors
from .offers import Choice, offers


@dataclass(frozen=True, slots=True)
class Chosen:
    """A network on screen: its name and colour are the same in every figure."""

    network: Network
    label: str
    color: str
    is_pretrained: bool = False


@st.cache_data(ttl=5, show_spinner=False)
def choices(*, running: bool = False) -> list[Choice]:
    """What can be tested: the server's own models, runs with weights, newest first, and pretrained
    models."""

    def is_wanted(run: Run) -> bool:
        return (running or run.state().status in ENDED) and run.weights() is not None

    return [*_own(), *offers(is_wanted)]


def _own() -> list[Choice]:
    """The server's own models, which are what whoever named them wants to see."""
    found = [(each, own.network_of(each).config) for each in own.models()]
    labels_of = [each.label for each, _ in found]
    return [
        Choice(
            each.id,
            f"{each.label if labels_of.count(each.label) == 1 else each.id} · your model",
            config,
            is_own=True,
        )
        for each, config in found
    ]


def network_of(name: str, step: int | None = None) -> Network:
    """The network of a run or of a pretrained model.

    Args:
        name: Of one of them.
        step: One of the run's `checkpoints`; the newest by default.

    Raises:
        ValueError, OSError: It cannot be had; the line says why.
    """
    if name in cards.names():
        return cards.network_of(cards.card_of(name))
    if ":" in name:
        return _own_network(name)
    run = backend.store().open(name)
    if step == 0:
        return replace(untrained(run.config()), id=name)
    return Network.of_run(run, None if step is None else place_of(run, step).path)


def own_networks(name: str) -> list[Network]:
    """A model of one's own as it is, and what was made of it: those of one source."""
    models = own.models()
    base = next((each.base for each in models if each.id == name), "")
    return [own.network_of(each) for each in models if each.base == base]


def _own_network(name: str) -> Network:
    """Only of those that the server was started with: a link has nothing executed."""
    if kept := own.model(name):
        return own.network_of(kept)
    known = ", ".join(each.id for each in own.models())
    raise ValueError(
        f"{name[:80]} is none of the models that this server was started with; "
        + (f"those are {known}" if known else "python -m afn serve --model FILE.py:FUNCTION")
    )


def checkpoints(name: str) -> list[int]:
    """The steps at which a run's network is known, in order; none for what is no run.

    Those of its checkpoints, and 0, for what a configuration begins with follows from its seed.
    """
    if not backend.has_run(name):
        return []
    run = backend.run(name)
    try:
        is_fork = run.origin() is not None
    except ValueError:  # whoever opens the run is told
        return []
    return [*([] if is_fork else [0]), *steps_of(run)]


def of_runs(chosen: Sequence[Chosen]) -> list[Chosen]:
    """Those that were trained here, which programs that are handed out can come by."""
    return [each for each in chosen if each.network.rebuilt is None]


def seeds_of(chosen: Sequence[Chosen]) -> str:
    """Whose seeds they were trained with; of models of one's own nobody knows."""
    return distinct(each.network.config.seed for each in of_runs(chosen)) or "unknown"


def opened(ids: Sequence[str]) -> tuple[list[Chosen], list[str]]:
    """The named networks, and one line for each that cannot be had."""
    networks, problems = [], []
    for name in ids:
        try:
            networks.append(network_of(name))
        except (ValueError, OSError) as error:
            problems.append(f"{error}. It is left out.")
    names = [
        network.rebuilt.label if network.rebuilt else label
        for network, label in zip(
            networks, labels(tuple(network.config for network in networks)), strict=True
        )
    ]
    colors = run_colors([network.config.norm for network in networks])
    found = zip(networks, names, colors, strict=True)
    pretrained = cards.names()
    return [
        Chosen(network, label, color, network.id in pretrained) for network, label, color in found
    ], problems
