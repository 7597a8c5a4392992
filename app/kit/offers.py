"""What is on offer to be looked at or tested: runs, newest first, and pretrained models."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from afn.runs.index import Line
from afn.runs.recording import Recording, Setup, has_no_config
from afn.runs.store import Run
from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.config import TrainConfig
from afn.settings.norms import NORM_TITLES
from afn.wording import count_words
from afn.work.folder import ENDED

from . import backend, cards, people

LISTED = 200
"""So many of the newest runs are offered; a link may name any."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A run or a pretrained model on offer."""

    id: str
    title: str
    setup: Setup
    is_fork: bool = False
    """Whether it goes on from another run's checkpoint: one of several futures, no training."""
    is_own: bool = False
    """Whether it is a model of one's own, of whose training nothing is known."""

    @property
    def config(self) -> TrainConfig:
        """How it trains.

        Raises:
            ValueError: It was recorded, so that nobody knows.
        """
        if isinstance(self.setup, Recording):
            raise ValueError(has_no_config(self.id))
        return self.setup

    @property
    def is_recorded(self) -> bool:
        """Whether it was recorded in a loop of somebody's own."""
        return isinstance(self.setup, Recording)


def offers(is_wanted: Callable[[Run], bool], *, with_recorded: bool = False) -> list[Choice]:
    """The wanted runs, newest first, and behind them the pretrained models.

    Args:
        is_wanted: Which.
        with_recorded: Those without a configuration, too.
    """
    found: list[Choice] = []
    for line in people.listed(backend.all_lines() if with_recorded else backend.lines()):
        if len(found) == LISTED:
            break
        if not line.is_damaged and is_wanted(backend.run(line.id)):
            found.append(_of_line(line))
    found += [
        Choice(card.name, f"{card.name} · pretrained", card.config) for card in cards.sound_cards()
    ]
    shared = Counter(choice.title for choice in found)
    return [
        replace(each, title=f"{each.title} · {each.id}") if shared[each.title] > 1 else each
        for each in found
    ]  # a widget tells its options by their titles


def _of_line(line: Line) -> Choice:
    setup: Setup = line.recording() if line.recorded else line.config()
    if isinstance(setup, Recording):
        parts = [line.name or line.id, setup.model, setup.kind_words]
    else:
        norm = NORM_TITLES[setup.norm]
        named = line.name if line.name.startswith(norm) else f"{norm} {line.name}".strip()
        parts = [named, backend.data_words(setup.dataset), f"seed {setup.seed}"]
    parts.append(f"{datetime.fromtimestamp(line.created):%d %b %H:%M}")
    if line.status not in ENDED:
        parts.append("running")
    return Choice(line.id, " · ".join(parts), setup, is_fork=bool(line.forked_from))


def newest(
    offered: Sequence[Choice], count: int, *, first: Sequence[str], at_least: int = 1
) -> tuple[str, ...]:
    """The newest whole comparison on offer: networks that differ in their norm, in this order.

    A fork is no part of one, unless there is nothing else; pretrained models are, behind all runs:
    so many norms came along that of them only those in `first` are taken, where that is enough. A
    run that was recorded is alone.

    Args:
        offered: Newest first.
        count: At most so many.
        first: Norms in their order; all others come behind.
        at_least: So many norms, where any comparison has them.
    """
    if offered[0].is_recorded:
        return (offered[0].id,)
    known = [choice for choice in offered if not choice.is_recorded]
    trained = [choice for choice in known if not choice.is_own] or known
    whole = [choice for choice in trained if not choice.is_fork] or trained
    by_recipe: dict[TrainConfig, dict[str, str]] = {}
    for choice in whole:
        by_recipe.setdefault(alike(choice.config), {}).setdefault(choice.config.norm, choice.id)
    found = list(by_recipe.values())
    by_norm = next((each for each in found if len(each) >= at_least), found[0])
    ranks = [norm for norm in first if norm in by_norm]
    if len(ranks) < at_least or not all(map(cards.find, by_norm.values())):
        ranks += sorted(by_norm.keys() - set(first))
    return tuple(by_norm[norm] for norm in ranks)[:count]


@lru_cache(maxsize=4096)
def alike(config: TrainConfig) -> TrainConfig:
    """What networks have in common that differ in norm, seed and tests alone."""
    return replace(recipe_of(config), dataset=config.dataset, seed=0)


_TEST_ONLY = (
    "eval_stats", "eval_images", "eval_batch_size", "evals_per_epoch", "corruptions", "severity",
    "test_domains", "max_seconds",
)  # fmt: skip
"""What does not change the weights that training ends with."""


def recipe_of(config: TrainConfig) -> TrainConfig:
    """How a network was trained, whatever its norm and data."""
    plain = TrainConfig()
    names = (*_TEST_ONLY, "norm", "dataset")
    changes: dict[str, Any] = {name: getattr(plain, name) for name in names}
    changes["max_steps"] = min(config.max_steps, plain.max_steps)  # more than that is no limit
    return replace(config, **changes)


def recipe_words(recipe: TrainConfig) -> str:
    """The recipe in a few words."""
    has_widths = BACKBONE_ROWS[recipe.backbone].has_widths
    widths = f" {'-'.join(map(str, recipe.widths))}" if has_widths else ""
    parts = [
        f"{recipe.backbone}{widths}",
        count_words(recipe.epochs, "epoch"),
        f"batch {recipe.batch_size}",
        f"lr {recipe.lr:g}",
        f"seed {recipe.seed}",
    ]
    parts += recipe.told("backbone", "widths", "epochs", "batch_size", "lr", "seed")
    if recipe.max_steps != TrainConfig().max_steps:
        parts.append(f"at most {count_words(recipe.max_steps, 'step')}")
    return ", ".join(parts)
