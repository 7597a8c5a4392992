"""What the Robustness page shows: its settings, their link form, and what is to be tested."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from afn.ask.network import Network
from afn.ask.pictures import PicturesFile
from afn.ask.records import ORDERS, Cell, Order, Place, Question, places
from afn.ask.tasks import GridTask, PicturesTask, Task
from afn.corruptions.applying import applicable, left_out, left_out_words
from afn.data import dataset_entry
from afn.data.own.rules import own_in
from afn.settings.corruptions import CORRUPTION_NAMES

from ...kit import cards
from ...kit.batch_controls import BATCH_SIZES
from ...kit.draw.estimates import Tested
from ...kit.draw.grid import in_order
from ...kit.families import as_asked, is_here, own_fitting
from ...kit.networks import Chosen
from ...kit.view import View, ViewState, in_link, in_session
from .charts.batches import BatchMode, BatchPoint
from .charts.samples import ImageChoice
from .charts.steps import WayStep
from .words import HELP

CORRUPTIONS = tuple(in_order(CORRUPTION_NAMES))
"""In the order of the page."""
CLEAN: Place = (None, 0)
_EVERYWHERE = tuple(places(CORRUPTIONS, (1, 2, 3, 4, 5)))
KINDS: tuple[ImageChoice, ...] = get_args(ImageChoice)
MODES = ("trained", "running", "batch")
SHOWN = ("accuracy", "difference")
IMAGES = (200, 500, 1000, 2000, 5000, 10_000)
"""How many test images can be asked for."""
MAX_MODELS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class RobustnessView(View):
    """Which models are tested how, and what of it is on screen."""

    models: tuple[str, ...] = in_link("models", (), most=MAX_MODELS)
    """Ids of networks; empty for the newest comparison's."""
    dataset: str = in_link("data", "")
    """Whose test images; empty for those of the first model's."""
    images: int = in_link("n", 500, IMAGES)
    stats: str = in_link("stats", "trained", MODES)
    """Whose statistics norms with the choice use; "trained" is as each was configured."""
    batch_size: int = in_link("batch", 128, BATCH_SIZES)
    order: str = in_link("order", "mixed", ORDERS)
    baseline: str = in_link("baseline", "")
    """The model that others are held against; empty for the first BN, else the first."""
    shown: str = in_link("show", "difference", SHOWN)
    """In the heatmaps."""
    corruption: str = in_link("corruption", "contrast", CORRUPTIONS)
    severity: int = in_link("severity", 5, range(6))
    """0 to 5, of the shift that is seen up close."""
    pictures: ImageChoice = in_link("pictures", "flipped", KINDS)

    @property
    def place(self) -> Place:
        """The shift that is seen up close."""
        return (self.corruption, self.severity) if self.severity else CLEAN

    def question(self, network: Network, **changes: Any) -> Question:
        """What the page asks of a model; `changes` are arguments of `Network.question`."""
        asked = {
            "dataset": self.dataset,
            # See `fitting`; of one's own pictures they may be in another order.
            "classes": () if own_in(self.dataset) else network.class_names,
            "num_images": self.images,
            "stats": None if self.stats == "trained" else self.stats,
            "batch_size": self.batch_size,
            "order": self.order,
        }
        return network.question(**{**asked, **changes})


# -- what is asked, and what is known of it --------------------------------------------------------


def cells_of(network: Network, question: Question) -> Mapping[Place, Cell]:
    """What a model has answered so far.

    Of images that were corrupted under an older rule only where they cannot be made anew.
    """
    file = network.file(question)
    return file.cells() if is_here(question.dataset) else file.shown()


def tested(chosen: Chosen, question: Question) -> Tested:
    """A model with what it has answered to a question so far."""
    return _tested(chosen, question, cells_of(chosen.network, question))


def whole_grid(chosen: Chosen, question: Question) -> Tested:
    """The same; an older rule's answers are shown until today's are as many."""
    return _tested(chosen, question, chosen.network.file(question).shown())


def _tested(chosen: Chosen, question: Question, known: Mapping[Place, Cell]) -> Tested:
    network = chosen.network
    absent = left_out(_EVERYWHERE, question.dataset, network.image_shape)
    cells = {place: cell for place, cell in known.items() if place not in absent}
    return Tested(
        chosen.label, chosen.color, network.config.norm, question.statistics, cells, absent
    )


def asked_of(
    chosen: Sequence[Chosen], known: Sequence[Tested], view: RobustnessView
) -> list[tuple[Network, Question, list[Cell]]]:
    """Every model with what it was asked and what it answered, as protocol cards tell it."""
    return [
        (each.network, view.question(each.network), list(those.cells.values()))
        for each, those in zip(chosen, known, strict=True)
    ]


def corruptions_for(chosen: Sequence[Chosen], dataset: str) -> tuple[str, ...]:
    """Those that change the images of a data set, in the form in which some model takes them."""
    places = {
        place
        for each in chosen
        for place in applicable(_EVERYWHERE, dataset, each.network.image_shape)
    }
    return tuple(name for name in CORRUPTIONS if any((name, s) in places for s in range(1, 6)))


def num_corruptions(tested: Tested) -> int:
    """How many corruptions a model has met."""
    return len({corruption for corruption, _ in tested.cells} - {None})


def misfits(chosen: Sequence[Chosen], view: RobustnessView) -> list[str]:
    """One line for each thing that a link asks of models, and that they do not have."""
    lines = []
    datasets = datasets_of(chosen)
    for key, value, known, what in (
        ("data", view.dataset, datasets, "the models' data sets"),
        ("baseline", view.baseline, [each.network.id for each in chosen], "the models"),
    ):
        if value and value not in known:
            line = f"In the link, {key}={value[:40]}: it is none of {what}. The default is used."
            lines.append(" ".join(line.split()))
    dataset = view.dataset if view.dataset in datasets else datasets[0]
    if view.corruption not in corruptions_for(chosen, dataset):
        reasons = left_out([(view.corruption, 1)], dataset, chosen[0].network.image_shape)
        words = left_out_words(reasons.values())
        lines.append(f"In the link, corruption={view.corruption}: {words}. The default is used.")
    return lines


def datasets_of(chosen: Sequence[Chosen]) -> list[str]:
    """Those of the models, and one's own pictures that one's own models fit."""
    theirs = [each.network.config.dataset for each in chosen if each.network.config.dataset]
    own = [name for each in chosen for name in own_fitting(each.network)]
    return list(dict.fromkeys([*theirs, *own]))


def fitting(
    chosen: Sequence[Chosen], dataset: str, called: Callable[[str], str] = str
) -> tuple[list[Chosen], list[str]]:
    """The models that can be asked image by image about a data set of one of them.

    Returns:
        Those that know the same classes in the same order as who was trained on it, or of one's
        own pictures in any order; and one line for each other one, with data sets as they are
        called.
    """
    asked = [replace(each, network=as_asked(each.network, dataset)) for each in chosen]
    if own_in(dataset):
        names = set(dataset_entry(dataset).class_names)
        is_fit = [set(each.network.class_names) == names for each in asked]
    else:
        first = next(each for each in asked if each.network.config.dataset == dataset)
        is_fit = [each.network.class_names == first.network.class_names for each in asked]
    return [each for each, fits in zip(asked, is_fit, strict=True) if fits], [
        f"{each.label} ({called(each.network.config.dataset) or 'no data set'}) knows other "
        f"classes than those of {called(dataset)}: it is left out."
        for each, fits in zip(chosen, is_fit, strict=True)
        if not fits
    ]


def baseline_of(chosen: Sequence[Chosen], view: RobustnessView) -> Chosen:
    """The model that the others are held against."""
    named = [each for each in chosen if each.network.id == view.baseline]
    plain = [each for each in chosen if each.network.config.norm == "bn"]
    return (named or plain or list(chosen))[0]


def grid_tasks(chosen: Sequence[Chosen], view: RobustnessView) -> list[Task]:
    """All corruptions at all severities, but for those that change nothing."""
    return [_task(each.network, view.question(each.network), _EVERYWHERE) for each in chosen]


def _task(network: Network, question: Question, places: Sequence[Place]) -> GridTask:
    asked = applicable(places, question.dataset, network.image_shape)
    return GridTask(network=network, question=question, places=asked)


def are_shipped(chosen: Sequence[Chosen], tested: Sequence[Tested], view: RobustnessView) -> bool:
    """Whether pretrained models came with the answers that the page shows."""
    return all(
        each.is_pretrained
        and view.question(each.network) in cards.questions(cards.card_of(each.network.id))
        and {cell.rule for cell in those.cells.values()}
        <= {None, cards.card_of(each.network.id).rule}
        for each, those in zip(chosen, tested, strict=True)
    )


def as_shipped(chosen: Sequence[Chosen]) -> dict[str, Any]:
    """Settings with which pretrained models were asked for their cards, as far as they tell."""
    asked: Counter[int] = Counter()
    for each in chosen:
        if each.is_pretrained:
            for question, count in cards.questions(cards.card_of(each.network.id)).items():
                if question.dataset == each.network.config.dataset:
                    asked[question.num_images] += count
    images = [n for n, _ in asked.most_common() if n in IMAGES]
    return {"images": (images or [500])[0], "batch_size": 128, "order": "mixed"}


def shift_tasks(chosen: Sequence[Chosen], view: RobustnessView, pictures: Path) -> list[Task]:
    """One corruption up close: its pictures, all severities of it, and where the gain is from.

    What is on screen is tested first.
    """
    severities = dict.fromkeys([view.severity or 1, 1, 2, 3, 4, 5])
    near = tuple(places([view.corruption], severities))
    tasks: list[Task] = [PicturesTask(file=pictures_file(view, pictures))]
    for each in chosen:
        tasks.append(_task(each.network, view.question(each.network), near))
    for _, _, network, question in way(chosen, view):
        tasks.append(_task(network, question, near))
    return tasks


def pictures_file(view: RobustnessView, folder: Path) -> PicturesFile:
    """The pictures of the corruption that is seen up close."""
    return PicturesFile(
        folder=folder, dataset=view.dataset, num_images=view.images, corruption=view.corruption
    )


def way(chosen: Sequence[Chosen], view: RobustnessView) -> list[tuple[str, str, Network, Question]]:
    """From BN with running statistics to AFN: label, what changed, who, and what is asked."""
    first = {each.network.config.norm: each.network for each in reversed(chosen)}
    if "bn" not in first or "afn" not in first:
        return []
    bn, afn = first["bn"], first["afn"]

    question = view.question
    return [
        ("BN, running", "", bn, question(bn, stats="running")),
        ("BN, test batch", "test-batch statistics", bn, question(bn, stats="batch")),
        (
            "AFN, networks frozen",
            "AFN's weights",
            afn,
            question(afn, stats="batch", networks="frozen"),
        ),
        ("AFN", "the networks' adapting", afn, question(afn, stats="batch")),
    ]


def way_steps(chosen: Sequence[Chosen], view: RobustnessView) -> list[WayStep]:
    """The steps from BN to AFN at the shift, none while one of them is not known."""
    steps: list[WayStep] = []
    for label, change, network, question in way(chosen, view):
        cell = cells_of(network, question).get(view.place)
        if cell is None or (steps and not cell.is_alike(steps[0].cells[0])):
            return []
        steps.append(WayStep(label, change, (cell,)))
    return steps


def batch_tasks(chosen: Sequence[Chosen], view: RobustnessView) -> list[Task]:
    """The shift at every test batch size, mixed and sorted by class."""
    return [
        _task(each.network, question, (view.place,))
        for each, _, _, question in _batches(chosen, view)
    ]


def largest_batch(view: RobustnessView) -> int:
    """The largest test batch that the images fill."""
    return max(size for size in BATCH_SIZES if size <= view.images)


def batch_points(chosen: Sequence[Chosen], view: RobustnessView) -> list[BatchPoint]:
    """What is known of it."""
    points = []
    for each, mode, order, question in _batches(chosen, view):
        if cell := cells_of(each.network, question).get(view.place):
            points.append(
                BatchPoint(
                    label=each.label,
                    color=each.color,
                    norm=each.network.config.norm,
                    mode=mode,
                    order=order,
                    batch_size=question.batch_size,
                    cell=cell,
                )
            )
    return points


def _batches(
    chosen: Sequence[Chosen], view: RobustnessView
) -> list[tuple[Chosen, BatchMode, Order, Question]]:
    asked: list[tuple[Chosen, BatchMode, Order, Question]] = []
    for each in chosen:
        network = each.network
        if not network.has_choice:
            asked.append((each, "per image", "mixed", view.question(network)))
            continue
        asked.append((each, "running", "mixed", view.question(network, stats="running")))
        for order in ORDERS:
            for size in BATCH_SIZES:
                if size <= view.images:
                    question = view.question(network, stats="batch", batch_size=size, order=order)
                    asked.append((each, "batch", order, question))
    return asked


# -- the session -----------------------------------------------------------------------------------

VIEW = ViewState("robustness", RobustnessView, anchor="models", help=HELP)


def _started() -> set[str]:
    """The tests that were asked for."""
    return in_session(set, "robustness.tests")


def starts(test: str) -> bool:
    """Whether a test goes on by itself where settings change: once it was asked for."""
    return test in _started()


def start(test: str) -> None:
    """Ask for a test."""
    _started().add(test)
