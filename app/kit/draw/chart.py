"""What every live chart is: a drawing to mount, a sentence that reads it, and its data."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from afn.pretrained.cards import Card
from afn.runs.history import History
from afn.runs.origin import ForkedFrom
from afn.runs.recorded import Recorded
from afn.runs.recording import Recording, Setup, has_no_config
from afn.settings.commands import change_words
from afn.settings.config import TrainConfig
from afn.wording import statistics_told

Rows = list[dict[str, Any]]
"""A table in long form: one dict a row, all with the same keys."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A run or pretrained model on screen: its name and colour are the same in every figure."""

    label: str
    color: str
    setup: Setup
    """How it trains; of a run that was recorded in a loop of somebody's own what its model is."""
    history: History
    is_over: bool = False
    """Whether no more is to come."""
    origin: ForkedFrom | None = None
    """Where it was forked from."""
    past_of: str = ""
    """Of an earlier seed, the name of the contender that it is one of."""

    @property
    def id(self) -> str:
        """The run's, or the model's name."""
        return self.history.run.id

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
    def recording(self) -> Recording | None:
        """What its model is, where it was recorded."""
        return self.setup if isinstance(self.setup, Recording) else None

    @property
    def norm(self) -> str:
        """By its name; of a model of several that of most layers, one with λ first."""
        return self.setup.norm

    @property
    def card(self) -> Card | None:
        """Where it is pretrained."""
        return self.history.run if isinstance(self.history.run, Card) else None

    @property
    def kind(self) -> Literal["live", "cached", "precomputed"]:
        """How its history comes to be here."""
        is_precomputed = self.card or isinstance(self.history.run, Recorded)
        return "precomputed" if is_precomputed else "cached" if self.is_over else "live"

    @property
    def is_live(self) -> bool:
        """Whether it still trains."""
        return self.kind == "live"

    @property
    def statistics(self) -> str:
        """At test time; with the sizes of the test batches, once one was made."""
        test = self.history.latest_accuracy()
        if self.recording:
            return test["statistics"] if test else "not tested"
        mode = self.config.statistics
        return statistics_told(mode, test["n"]) if test else mode


@dataclass(frozen=True, slots=True)
class Chart:
    """One live chart.

    Args:
        subject: What is drawn; another subject clears the drawing.
        spec: How it is drawn, see `app.kit.draw.live_chart`.
        feed: What is new since a cursor.
        reading: One sentence, computed from the data, that says what the chart shows.
        table: The chart's data in long form, for download.
        is_final: Whether no more is to come.
    """

    subject: Hashable
    spec: dict[str, Any]
    feed: Callable[[Any], tuple[dict[str, Any], Any]]
    reading: str
    table: Callable[[], Rows]
    is_final: bool = False


def chart_of(
    shown: Sequence[Shown],
    view: tuple[Hashable, ...],
    spec: dict[str, Any],
    feed: Callable[[Any], tuple[dict[str, Any], Any]],
    reading: str,
    table: Callable[[], Rows],
) -> Chart:
    """A chart of runs: another one where these, their revisions or the view of them change."""
    subject = tuple((each.history.run.id, each.history.revision) for each in shown), view
    runs = [_run(each, shown) for each in shown]
    is_over = all(each.is_over for each in shown)
    return Chart(subject, {**spec, "runs": runs}, feed, reading, table, is_over)


def _run(each: Shown, shown: Sequence[Shown]) -> dict[str, Any]:
    """How a drawing knows a run: a branch begins where the other's future becomes a ghost."""
    run: dict[str, Any] = {"id": each.id, "label": each.label, "color": each.color}
    branches = [other.origin for other in shown if other.origin and other.origin.script]
    if futures := [origin.branches_at for origin in branches if origin.run == each.id]:
        run["until"] = min(futures)
    if each.origin in branches and each.origin is not None:
        run["from"] = each.origin.branches_at
    if each.past_of:
        run["past"] = each.past_of
    return run


def marks_since(shown: Sequence[Shown], seen: Sequence[int]) -> list[dict[str, Any]]:
    """Labelled marks of the changes made while training, those behind the first `seen` of a run."""
    return [
        {"x": command["step"], "text": text, "run": run}
        for run, (each, first) in enumerate(zip(shown, seen, strict=True))
        for command in each.history.commands[first:]
        if (text := change_words(command))
    ]
