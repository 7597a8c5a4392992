"""How far small networks moved from their start: kept for pretrained models, asked of runs."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache

import streamlit as st

from afn.ask.movement import BATCH_SIZE, NUM_IMAGES, SEVERITY, Movement, conditions_of
from afn.ask.network import Network
from afn.ask.tasks import MovementTask
from afn.pretrained.cards import Card
from afn.settings.norms import ADAPTIVE_NORMS
from afn.stats.decay import decay_alone
from afn.wording import distinct

from .. import backend, folders, histories, jobs
from ..cards import per_card
from ..draw import movement as charts
from ..draw.chart import Shown
from ..draw.legend import Entry, legend_html
from ..draw.movement import Moved
from ..jobs import Job
from ..markdown import plain
from ..plot import csv_button, heading, markup, plot, say
from ..take import Program, movements, offer
from ..words import ABOUT

KEPT = folders.REFERENCE / "movement.jsonl"
"""Of the pretrained models, as ``python -m afn movement --all --output`` wrote it."""
_HEIGHT = 300


@lru_cache(maxsize=1)
def _kept() -> Mapping[str, Movement]:
    """By the SHA-256 of the weights."""
    records = map(json.loads, KEPT.read_text().splitlines())
    return {record["sha256"]: Movement.from_json(record) for record in records}


def of_card(card: Card) -> Movement | None:
    """What is kept of a pretrained model; None where that is nothing."""
    return _kept().get(card.sha256["weights"])


def decay_of_card(card: Card) -> float | None:
    """What weight decay alone leaves of a pretrained model's networks; None where that is open."""
    try:
        return _decay_of_card(card)
    except (ValueError, OSError):  # its events are missing or damaged
        return None


@per_card()
def _decay_of_card(card: Card) -> float | None:
    return decay_alone(card).ratio


def task_of(network: Network) -> MovementTask:
    """What is asked of a run's network."""
    return MovementTask(
        network=network,
        question=network.question(num_images=NUM_IMAGES, batch_size=BATCH_SIZE, stats="batch"),
        conditions=conditions_of(network.config.dataset, network.image_shape),
    )


def figures(shown: Sequence[Moved], *, key: str) -> None:
    """Both pictures, side by side."""
    left, right = st.columns(2)
    with left:
        st.markdown("**Where the networks' matrices went**")
        plot(
            charts.way_figure(shown, height=_HEIGHT), charts.way_reading(shown), f"{key}.way",
            about="Arrows from the start to where they are", is_told=True,
        )  # fmt: skip
    with right:
        st.markdown("**How much their answers change with what is shown**")
        plot(
            charts.answers_figure(shown, height=_HEIGHT), charts.answers_reading(shown),
            f"{key}.answers", about="A dot per layer: change of each answer", is_told=True,
        )  # fmt: skip


def render(chosen: Sequence[Shown]) -> None:
    """The section of the λ page: of all networks that are chosen and have ended."""
    adaptive = [
        each for each in chosen if each.config.norm in ADAPTIVE_NORMS and each.config.adaptive
    ]
    if not adaptive:
        return
    heading("Did the networks learn?", "dynamics.movement", ABOUT["movement"])
    ended = [each for each in adaptive if not each.is_live]
    tasks: dict[str, MovementTask] = {}
    for each in ended:
        try:
            if each.card is None or of_card(each.card) is None:
                tasks[each.id] = task_of(histories.network_of(each))
        except (ValueError, OSError) as error:
            st.caption(plain(f"{each.label}: {error}."))
    if len(ended) < len(adaptive):
        st.caption("Runs that still train are measured once they have ended.")
    if tasks:
        backend.runner().start()

    def ask_now() -> tuple[Job]:
        return (jobs.ask("dynamics.movement", list(tasks.values()), starts=True),)

    def draw(asked: Job) -> None:
        jobs.show("dynamics.movement", asked)
        if shown := _shown(ended, tasks):
            _draw(shown, [each for each in ended if each.id in shown])
        elif asked.is_running:
            st.skeleton(height=_HEIGHT)

    jobs.part(ask_now, draw)


def _shown(ended: Sequence[Shown], tasks: Mapping[str, MovementTask]) -> dict[str, Moved]:
    """Those of which it is known, by the name of the run or the pretrained model."""
    found = {}
    for each in ended:
        movement = of_card(each.card) if each.card else None
        if each.id in tasks:
            movement = tasks[each.id].read()
        if movement:
            found[each.id] = Moved(each.label, each.color, movement, _decay(each))
    return found


def _decay(each: Shown) -> float | None:
    if each.card:
        return decay_of_card(each.card)
    store = backend.store()
    try:
        return decay_alone(store.open(each.id), each.history, store).ratio
    except (ValueError, OSError):
        return None


def _draw(known: Mapping[str, Moved], opened: Sequence[Shown]) -> None:
    shown = list(known.values())
    say(plain(f"{charts.way_reading(shown)} {charts.answers_reading(shown)}"))
    if len(shown) > 1:
        markup(legend_html([Entry(each.label, each.color) for each in shown]))
    figures(shown, key="dynamics.movement")
    told = f"{histories.provenance(opened)} · {source_words(shown)}"
    csv_button("Networks and answers (CSV)", lambda: charts.table(shown), "movement", told)
    offer("dynamics.movement", lambda: programs_of(known))


def programs_of(known: Mapping[str, Moved]) -> list[Program]:
    """To take along: of networks by the name of their run or pretrained model."""
    return movements.programs_of(
        {each.label: (name, each.movement, each.decay_alone) for name, each in known.items()}
    )


def source_words(shown: Sequence[Moved]) -> str:
    """What was shown to the networks."""
    found = [each.movement for each in shown]
    counts, sizes = distinct(m.num_images for m in found), distinct(m.batch_size for m in found)
    corruptions = distinct(len(movement.conditions) - 1 for movement in found)
    return (
        f"{counts} test images, clean and under {corruptions} corruptions at severity {SEVERITY} · "
        f"statistics: test batches of {sizes} (ASRNorm: each image's) · start rebuilt from the seed"
    )
