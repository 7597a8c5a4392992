"""Robustness: trained networks on corrupted images, asked in the ways that the page compares."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from afn.ask.network import Network
from afn.ask.records import COUNTED, ORDERS, Place, Question, where
from afn.data import dataset_entry
from afn.wording import enumerate_words, statistics_told

from ...kit.batch_controls import BATCH_SIZES
from ...kit.draw.corruptions import group_title
from ...kit.networks import Chosen
from ...kit.take import asking
from ...kit.take.code import ONE_THREAD, Origin, literal, program_of, seeds_of, table
from ...kit.take.program import OLDER_RULE, Program, drawing, line
from .view import CLEAN, CORRUPTIONS, RobustnessView, cells_of, way

_SIZES = """\
questions = {{
    (f"{{name}}, {{order}}", f"{{size}}"): {{**test, "order": order, "batch_size": size}}
    for name, test in tests.items()
    for order in {orders}
    for size in {sizes}
}}
"""


@dataclass(frozen=True, slots=True)
class _Test:
    """One way of asking one network."""

    name: str
    network: Network
    question: Question

    def code(self, networks: dict[str, str]) -> str:
        """Python for it."""
        return asking.question(
            networks[self.network.id],
            statistics=_mode(self.question) if self.network.has_choice else None,
            networks=self.question.networks,
        )

    def arguments(self, corruptions: Sequence[str]) -> tuple[str, ...]:
        """Of the command that asks it."""
        asked = self.question
        named = [part for corruption in corruptions for part in ("--corruption", corruption)]
        told = asking.options(
            asked.num_images, asked.batch_size, _mode(asked) if self.network.has_choice else None,
            asked.networks, [asked.order],
        )  # fmt: skip
        return ("evaluate", self.network.id, "--grid", *named, *told)

    def has_older(self, places: Sequence[Place]) -> bool:
        """Whether some of what is known of it was asked under an older rule of corruptions."""
        return not self.network.file(self.question).outdated().keys().isdisjoint(places)

    def expected(self, places: Sequence[Place]) -> list[str]:
        """What is known of it, as it comes out today."""
        cells = self.network.file(self.question).cells()
        return [line(self.name, where(place), cells[place].accuracy)
                for place in places if place in cells]  # fmt: skip


def near(chosen: Sequence[Chosen], view: RobustnessView) -> list[Program]:
    """One corruption up close, the way from BN to AFN, and the size of the test batch."""
    made = [_grid(chosen, view, [view.corruption])]
    steps = [_Test(label, network, asked) for label, _, network, asked in way(chosen, view)]
    if steps:
        made.append(
            _experiment(
                steps, view, [view.corruption],
                title="From BN to AFN",
                about="What test-batch statistics give, what AFN's weights, and what its networks "
                "by adapting",
            )
        )  # fmt: skip
    if sizes := _sizes(chosen, view):
        made.append(sizes)
    return made


def grid(chosen: Sequence[Chosen], view: RobustnessView) -> list[Program]:
    """All corruptions at all severities."""
    return [_grid(chosen, view, CORRUPTIONS)]


def _grid(chosen: Sequence[Chosen], view: RobustnessView, corruptions: Sequence[str]) -> Program:
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
) -> Program:
    origins = {each.network.id: Origin.of(each.network.id) for each in tests}
    names, models = asking.networks(origins)
    places: list[Place] = [CLEAN, *((name, s) for name in corruptions for s in range(1, 6))]
    is_all = len(corruptions) == len(CORRUPTIONS)
    modes = ", ".join(f"{each.name}: {_statistics(each)}" for each in tests)
    return program_of(
        origins,
        ONE_THREAD,
        models,
        table("questions", {each.name: each.code(names) for each in tests}),
        asking.loop(
            dataset=view.dataset, num_images=view.images, batch_size=view.batch_size,
            order=view.order, corruptions=list(corruptions),
        ),
        title=title,
        about=f"{about}: the first {view.images} test images of {view.dataset}, clean and at all "
        f"five severities. Seed {seeds_of(origins)}. Statistics: {modes}.",
        commands=tuple(each.arguments(() if is_all else corruptions) for each in tests),
        configs={each.name: each.network.config for each in tests},
        expected=tuple(text for each in tests for text in each.expected(places)),
        notes=[OLDER_RULE] if any(test.has_older(places) for test in tests) else (),
    )  # fmt: skip


def _sizes(chosen: Sequence[Chosen], view: RobustnessView) -> Program | None:
    having = [each for each in chosen if each.network.has_choice]
    if not having:
        return None
    tests = [
        _Test(each.label, each.network, view.question(each.network, stats="batch"))
        for each in having
    ]
    origins = {each.network.id: Origin.of(each.network.id) for each in tests}
    names, models = asking.networks(origins)
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
    return program_of(
        origins,
        ONE_THREAD,
        models,
        table("tests", {each.name: each.code(names) for each in tests}),
        _SIZES.format(orders=literal(list(ORDERS)), sizes=literal(sizes)),
        asking.loop(
            name="(name, where)", dataset=view.dataset, num_images=view.images,
            **({"corruptions": [view.corruption], "severities": [view.severity],
                "clean": False} if view.severity else {}),
        ),
        title="Size of the test batch",
        about=f"{enumerate_words([each.label for each in having])} with statistics of test batches "
        f"of {sizes[0]} to {sizes[-1]} images, mixed and sorted by class: "
        f"{where(view.place)}, the first {view.images} test images of {view.dataset}. "
        f"Seed {seeds_of(origins)}.",
        commands=tuple(commands),
        configs={each.label: each.network.config for each in having},
        expected=tuple(expected),
        plot=drawing("accuracy", "images in a test batch"),
    )  # fmt: skip


def _mode(question: Question) -> str:
    return "running" if question.statistics == "running" else "batch"


_QUESTIONS = """\
questions = {{
    (name, order): {{"network": each, "order": order}}
    for name, each in networks.items()
    for order in {orders}
}}
"""


def classes(chosen: Sequence[Chosen], view: RobustnessView) -> list[Program]:
    """Asking those that take a test batch's statistics, for every number of classes."""
    having = [each for each in chosen if each.network.has_choice]
    num_classes = max(each.network.num_classes for each in having)
    counted = [order for order, number in COUNTED.items() if number <= num_classes]
    orders = [*counted, "by label"]
    origins = {each.label: Origin.of(each.network.id) for each in having}
    expected = []
    for each in having:
        for order in orders:
            asked = view.question(each.network, stats="batch", order=order)
            if cell := cells_of(each.network, asked).get(CLEAN):
                expected.append(line(each.label, order, cell.accuracy))
    return [
        program_of(
            origins,
            ONE_THREAD,
            table("networks", {label: origin.network() for label, origin in origins.items()}),
            _QUESTIONS.format(orders=literal(orders)),
            asking.loop(
                name="(name, where)", dataset=view.dataset, num_images=view.images,
                statistics="batch", batch_size=view.batch_size,
            ),
            title="Classes in a test batch",
            about=f"{enumerate_words(list(origins))} with the statistics of test batches that hold "
            f"1 to {len(counted)} classes, and sorted by class: the first {view.images:,} test "
            f"images of {view.dataset}, clean, at most {view.batch_size} to a batch.",
            commands=tuple(
                (
                    "evaluate", each.network.id, "--grid", "--corruption", "clean",
                    *asking.options(view.images, view.batch_size, "batch", orders=orders),
                )
                for each in having
            ),
            expected=tuple(expected),
        )
    ]  # fmt: skip
