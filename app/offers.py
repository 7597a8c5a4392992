"""What is on offer to be looked at or tested: runs, newest first, and pretrained models."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from afn.engine.config import TrainConfig
from afn.runs import Run
from afn.work import ENDED
from app import backend, cards
from app.comparison import NORM_TITLES
from app.recipes import recipe_of

LISTED = 200
"""So many of the newest runs are offered; a link may name any."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A run or a pretrained model on offer."""

    id: str
    title: str
    config: TrainConfig


def offers(is_wanted: Callable[[Run], bool]) -> list[Choice]:
    """The wanted runs, newest first, and behind them the pretrained models."""
    found: list[Choice] = []
    for run in backend.store().list():
        if len(found) == LISTED:
            break
        if is_wanted(run) and (choice := _of_run(run)):
            found.append(choice)
    found += [
        Choice(card.name, f"{card.name} · pretrained", card.config) for card in cards.sound_cards()
    ]
    shared = Counter(choice.title for choice in found)
    return [
        replace(each, title=f"{each.title} · {each.id}") if shared[each.title] > 1 else each
        for each in found
    ]  # a widget tells its options by their titles


def _of_run(run: Run) -> Choice | None:
    try:
        record, config = run.record(), run.config()
    except (ValueError, OSError):
        return None
    name, norm = f"{record.get('name') or ''}", NORM_TITLES[config.norm]
    parts = [name if name.startswith(norm) else f"{norm} {name}".strip(), config.dataset]
    parts.append(f"seed {config.seed}")
    if isinstance(when := record.get("created"), int | float):
        parts.append(f"{datetime.fromtimestamp(when):%d %b %H:%M}")
    if run.state().status not in ENDED:
        parts.append("running")
    return Choice(run.id, " · ".join(parts), config)


def newest(offered: Sequence[Choice], count: int, *, first: Sequence[str]) -> tuple[str, ...]:
    """The newest on offer, and beside it the newest of other norms that is else like it.

    Args:
        offered: Newest first.
        count: At most so many.
        first: The norms that come first, in this order.
    """
    by_norm: dict[str, str] = {}
    for choice in offered:
        if alike(choice.config) == alike(offered[0].config):
            by_norm.setdefault(choice.config.norm, choice.id)
    ranks = [*first, *sorted(by_norm.keys() - set(first))]
    return tuple(by_norm[norm] for norm in ranks if norm in by_norm)[:count]


def alike(config: TrainConfig) -> TrainConfig:
    """What networks have in common that differ in norm, seed and tests alone."""
    return replace(recipe_of(config), dataset=config.dataset, seed=0)
