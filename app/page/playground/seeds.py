"""Earlier seeds of the contenders on screen: pale curves, and a band where there are enough.

New seed keeps the runs that it takes from the screen; they are in the link, so that a refresh or
somebody else sees them, too. A run is shown as long as a contender differs from it by its seed
alone.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from afn.settings.config import TrainConfig

from ...kit import backend
from ...kit.comparison import MAX_CONTENDERS
from ...kit.draw.chart import Shown
from . import view as state
from .slot import Slot

SEEDS = 8
"""So many seeds of a contender are shown, with the present one."""
_MOST = MAX_CONTENDERS * (SEEDS - 1)


def keep(slots: Sequence[Slot]) -> None:
    """Remember the runs on screen as those of an earlier seed; forks are no seeds."""
    runs = [slot.run.id for slot in slots if slot.run and slot.origin is None]
    began = [run_id for run_id in runs if backend.history(run_id).num_steps]
    kept = [*began, *(each for each in _past() if each not in began)][:_MOST]
    state.set_view("past", "~".join(kept))


def earlier(slots: Sequence[Slot], names: Sequence[str], colors: Sequence[str]) -> list[Shown]:
    """Runs of earlier seeds, by contender."""
    known = {slot.run.id for slot in slots if slot.run}
    past = [pair for pair in _configs() if pair[0] not in known]
    return [
        Shown(
            f"{name}, seed {config.seed}", color, config, backend.history(run_id),
            is_over=True, past_of=name,
        )
        for slot, name, color in zip(slots, names, colors, strict=True)
        if slot.origin is None
        for run_id, config in [
            pair for pair in past
            if _unseeded(pair[1]) == _unseeded(slot.config) and pair[1].seed != slot.config.seed
        ][: SEEDS - 1]
    ]  # fmt: skip


def _configs() -> Iterator[tuple[str, TrainConfig]]:
    for run_id in _past():
        with suppress(ValueError, OSError):  # it was deleted, or the link is damaged
            yield run_id, backend.store().open(run_id).config()


def _past() -> list[str]:
    return [each for each in state.view("past").split("~") if each][:_MOST]


def _unseeded(config: TrainConfig) -> TrainConfig:
    return replace(config, seed=0, severity=1)
