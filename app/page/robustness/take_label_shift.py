"""Robustness: the accuracy of networks in test batches of few classes."""

from collections.abc import Sequence

from afn.ask.records import COUNTED
from afn.wording import enumerate_words

from ...kit.networks import Chosen
from ...kit.take import asking
from ...kit.take.code import ONE_THREAD, Origin, literal, program_of, table
from ...kit.take.program import Program, line
from .view import CLEAN, RobustnessView, cells_of

_QUESTIONS = """\
questions = {{
    (name, order): {{"network": each, "order": order}}
    for name, each in networks.items()
    for order in {orders}
}}
"""


def programs_of(chosen: Sequence[Chosen], view: RobustnessView) -> list[Program]:
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
