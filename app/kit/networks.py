"""The trained networks that can be tested: which there are, and how they are called."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from afn.ask.network import Network
from afn.runs.fork import place_of, steps_of
from afn.runs.store import Run
from afn.work.folder import ENDED

from . import backend, cards
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
    """What can be tested: runs with weights, newest first, and pretrained models."""

    def is_wanted(run: Run) -> bool:
        return (running or run.state().status in ENDED) and run.weights() is not None

    return offers(is_wanted)


def network_of(name: str, step: int | None = None) -> Network:
    """The network of a run or of a pretrained model.

    Args:
        name: Of one of them.
        step: At which the run has a checkpoint; the newest by default.

    Raises:
        ValueError, OSError: It cannot be had; the line says why.
    """
    if name in cards.names():
        return cards.network_of(cards.card_of(name))
    run = backend.store().open(name)
    return Network.of_run(run, None if step is None else place_of(run, step).path)


def checkpoints(name: str) -> list[int]:
    """The steps at which a run has checkpoints, in order; none for what is no run."""
    return steps_of(backend.run(name)) if backend.has_run(name) else []


def opened(ids: Sequence[str]) -> tuple[list[Chosen], list[str]]:
    """The named networks, and one line for each that cannot be had."""
    networks, problems = [], []
    for name in ids:
        try:
            networks.append(network_of(name))
        except (ValueError, OSError) as error:
            problems.append(f"{error}. It is left out.")
    names = labels(tuple(network.config for network in networks))
    colors = run_colors([network.config.norm for network in networks])
    found = zip(networks, names, colors, strict=True)
    pretrained = cards.names()
    return [
        Chosen(network, label, color, network.id in pretrained) for network, label, color in found
    ], problems
