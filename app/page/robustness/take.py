"""Robustness: trained networks on corrupted images, asked in the ways that the page compares."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from afn.ask.network import Network
from afn.ask.records import ORDERS, Place, Question
from afn.data import dataset_entry
from afn.wording import statistics_told

from ...kit.batch_controls import BATCH_SIZES
from ...kit.draw.chart import enumerate_words
from ...kit.draw.corruptions import group_title
from ...kit.markdown import plain
from ...kit.networks import Chosen
from ...kit.take.code import (
    ONE_THREAD,
    Origin,
    call,
    configurations,
    literal,
    origins_note,
    program,
    table,
)
from ...kit.take.experiment import OLDER_RULE, PLOT, Experiment, line
from . import view as robustness
from .view import CLEAN, CORRUPTIONS, RobustnessView

_LOOP = """\
data = load_dataset({dataset})
rows = []
for name, model in tests.items():
    grid = corruption_grid(model, data, num_images={images}, {batches}{corruptions})
    for cell in grid:
        where = f"{{cell.corruption}} {{cell.severity}}" if cell.corruption else "clean"
        rows.append((name, where, cell.accuracy))
        print(f"{{name}}  {{where}}  {{cell.accuracy:.4f}}")
"""
_SIZES = """\
data = load_dataset({dataset})
rows = []
for name, model in tests.items():
    for order in {orders}:
        for size in {sizes}:
            grid = corruption_grid(
                model, data, num_images={images}, batch_size=size, order=order,
                corruptions={corruptions}, severities={severities},
            )
            *_, cell = grid
            rows.append((f"{{name}}, {{order}}", f"{{size}}", cell.accuracy))
            print(f"{{name}}, {{order}}  {{size}}  {{cell.accuracy:.4f}}")
"""


@dataclass(frozen=True, slots=True)
class _Test:
    """One way of asking one network."""

    name: str
    network: Network
    question: Question

    def model(self, networks: dict[str, str]) -> str:
        """Python for it; the network itself has a name."""
        given = [networks[self.network.id]]
        given += [literal(_mode(self.question))] if self.network.has_choice else []
        way = self.question.networks
        given += [] if way == "on" else [f"networks={literal(way)}"]
        return call("as_tested", given)

    def arguments(self, corruptions: Sequence[str]) -> tuple[str, ...]:
        """Of the command that asks it."""
        question = self.question
        parts = ["evaluate", self.network.id, "--grid"]
        for corruption in corruptions:
            parts += ["--corruption", corruption]
        parts += ["--images", f"{question.num_images}", "--batch-size", f"{question.batch_size}"]
        parts += ["--stats", _mode(question)] if self.network.has_choice else []
        parts += [] if question.networks == "on" else ["--networks", question.networks]
        parts += [] if question.order == "mixed" else ["--order", question.order]
        return tuple(parts)

    def has_older(self, places: Sequence[Place]) -> bool:
        """Whether some of what is known of it was asked under an older rule of corruptions."""
        return not self.network.file(self.question).outdated().keys().isdisjoint(places)

    def expected(self, places: Sequence[Place]) -> list[str]:
        """What is known of it, as it comes out today."""
        cells = self.network.file(self.question).cells()
        return [line(self.name, _words(place), cells[place].accuracy)
                for place in places if place in cells]  # fmt: skip


def near(chosen: Sequence[Chosen], view: RobustnessView) -> list[Experiment]:
    """One corruption up close, the way from BN to AFN, and the size of the test batch."""
    made = [_grid(chosen, view, [view.corruption])]
    steps = robustness.way(chosen, view)
    way = [_Test(label, network, question) for label, _, network, question in steps]
    if way:
        made.append(
            _experiment(
                way, view, [view.corruption],
                title="From BN to AFN",
                about="What test-batch statistics give, what AFN's weights, and what its networks "
                "by adapting",
            )
        )  # fmt: skip
    if sizes := _sizes(chosen, view):
        made.append(sizes)
    return made


def grid(chosen: Sequence[Chosen], view: RobustnessView) -> list[Experiment]:
    """All corruptions at all severities."""
    return [_grid(chosen, view, CORRUPTIONS)]


def _grid(chosen: Sequence[Chosen], view: RobustnessView, corruptions: Sequence[str]) -> Experiment:
    names = enumerate_words([each.label for each in chosen])
    what = group_title(corruptions[0]) if len(corruptions) == 1 else "all corruptions"
    tests = [_Test(each.label, each.network, view.question(each.network)) for each in chosen]
    return _experiment(
        tests, view, corruptions, title=what[0].upper() + what[1:], about=f"{names} under {what}"
    )


def _statistics(test: _Test) -> str:
    """With the sizes of the test batches, once it is known how many images there are."""
    asked = test.question
    n = asked.num_images
    with suppress(ValueError):  # where the data is not here any more, only answers say it
        n = min(n, dataset_entry(asked.dataset).num_test or n)
    cells = test.network.file(asked).shown().values()
    return statistics_told(asked.statistics, next((cell.n for cell in cells), n))


def _experiment(
    tests: Sequence[_Test],
    view: RobustnessView,
    corruptions: Sequence[str],
    *,
    title: str,
    about: str,
) -> Experiment:
    origins = {each.network.id: Origin.of(each.network.id) for each in tests}
    names, models = _networks(origins)
    places: list[Place] = [CLEAN, *((name, s) for name in corruptions for s in range(1, 6))]
    is_all = len(corruptions) == len(CORRUPTIONS)
    modes = ", ".join(f"{each.name}: {_statistics(each)}" for each in tests)
    return Experiment(
        title=title,
        about=plain(
            f"{about}: the first {view.images} test images of {view.dataset}, clean and at all "
            f"five severities. {_seeds(origins)}. Statistics: {modes}."
        ),
        python=program(
            ONE_THREAD,
            models,
            table("tests", {each.name: each.model(names) for each in tests}),
            _LOOP.format(
                dataset=literal(view.dataset), images=view.images,
                batches=f"batch_size={view.batch_size}, order={literal(view.order)}",
                corruptions="" if is_all else f", corruptions={literal(list(corruptions))}",
            ),
        ),
        commands=tuple(each.arguments(() if is_all else corruptions) for each in tests),
        files=configurations({each.name: each.network.config for each in tests}),
        expected=tuple(text for each in tests for text in each.expected(places)),
        note=_note(origins, has_older=any(test.has_older(places) for test in tests)),
    )  # fmt: skip


def _note(origins: dict[str, Origin], *, has_older: bool) -> str:
    return " ".join(filter(None, [origins_note(list(origins.values())), OLDER_RULE * has_older]))


def _networks(origins: dict[str, Origin]) -> tuple[dict[str, str], str]:
    """Names of variables by network, and the lines that set them."""
    names: dict[str, str] = {}
    lines = []
    for name, origin in origins.items():
        norm = origin.config.norm if origin.config.norm.isidentifier() else "network"
        norm = {"in": "instance", "none": "plain"}.get(norm, norm)
        taken = [each for each in names.values() if each.rstrip("_0123456789") == norm]
        names[name] = f"{norm}_{len(taken) + 1}" if taken else norm
        lines.append(f"{names[name]} = {origin.model()}\n")
    return names, "".join(lines)


def _sizes(chosen: Sequence[Chosen], view: RobustnessView) -> Experiment | None:
    having = [each for each in chosen if each.network.has_choice]
    if not having:
        return None
    tests = [
        _Test(each.label, each.network, view.question(each.network, stats="batch"))
        for each in having
    ]
    origins = {each.network.id: Origin.of(each.network.id) for each in tests}
    names, models = _networks(origins)
    sizes = [size for size in BATCH_SIZES if size <= view.images]
    expected, commands = [], []
    for test, each in zip(tests, having, strict=True):
        for order in ORDERS:
            for size in sizes:
                asked = view.question(each.network, stats="batch", batch_size=size, order=order)
                if cell := each.network.file(asked).cells().get(view.place):
                    expected.append(line(f"{each.label}, {order}", f"{size}", cell.accuracy))
        place = (view.corruption, "--severity", f"{view.severity}") if view.severity else ("clean",)
        commands.append(
            (
                "evaluate", test.network.id, "--corruption", *place, "--images", f"{view.images}",
                "--batch-size", *map(str, sizes), "--order", *ORDERS, "--stats", "batch",
            )
        )  # fmt: skip
    return Experiment(
        title="Size of the test batch",
        about=plain(
            f"{enumerate_words([each.label for each in having])} with statistics of test batches "
            f"of {sizes[0]} to {sizes[-1]} images, mixed and sorted by class: "
            f"{_words(view.place)}, the first {view.images} test images of {view.dataset}. "
            f"{_seeds(origins)}."
        ),
        python=program(
            ONE_THREAD,
            models,
            table("tests", {each.name: each.model(names) for each in tests}),
            _SIZES.format(
                dataset=literal(view.dataset), images=view.images, orders=literal(list(ORDERS)),
                sizes=literal(sizes),
                corruptions=literal([view.corruption] if view.severity else []),
                severities=literal([view.severity]),
            ),
        ),
        commands=tuple(commands),
        files=configurations({each.label: each.network.config for each in having}),
        expected=tuple(expected),
        note=origins_note(list(origins.values())),
        plot=PLOT.format(ylabel="accuracy").replace(
            "axes.legend()", 'axes.set_xlabel("images in a test batch")\naxes.legend()'
        ),
    )  # fmt: skip


def _seeds(origins: dict[str, Origin]) -> str:
    seeds = dict.fromkeys(str(each.config.seed) for each in origins.values())
    return f"Seed {' / '.join(seeds)}"


def _mode(question: Question) -> str:
    return "running" if question.statistics == "running" else "batch"


def _words(place: Place) -> str:
    corruption, severity = place
    return f"{corruption} {severity}" if corruption else "clean"
