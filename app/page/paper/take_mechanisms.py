"""Paper: what speaks for and against its three mechanisms, from pretrained models."""

from collections.abc import Sequence

from afn.ask.records import STANDARD

from ...kit import histories
from ...kit.draw.chart import Shown
from ...kit.sections import movement as moving
from ...kit.take import asking, lambdas
from ...kit.take.code import ONE_THREAD, Origin, program_of, table
from ...kit.take.program import OLDER_RULE, Program, drawing, line
from . import evidence
from .mechanisms import STARTS, VARIANTS

_BATCH_SIZE = 128
_NETWORKS = """\
rows, accuracies = [], {{}}
for name, cell in found:
    accuracies.setdefault((name, cell.severity), []).append(cell.accuracy)
for severity in range(1, 6):
    on, without = (fmean(accuracies[name, severity]) for name in questions)
    rows.append(("gain of the networks", f"severity {{severity}}", on - without))
    print(f"networks {control}  severity {{severity}}  {{without:.4f}}")
    print(f"gain of the networks  severity {{severity}}  {{on - without:.4f}}")
"""
_CONTROLS = {"frozen": "frozen (shown the averages of training)", "off": "with every λ at 0"}
_GRADIENTS = """\
rows = []
for name, source in sources.items():
    history = history_of(source)
    course = list(zip(history.steps, history.columns["grad_norm"]))
    rows += [(name, step, norm) for step, norm in course]
    norms = [norm for _, norm in course]
    print(f"{name}  first step  {norms[0]:.4f}")
    print(f"{name}  largest  {max(norms):.4f}")
"""


def programs_of(network: str) -> list[Program]:
    """Each mechanism's numbers, asked or read once more."""
    opened, _ = histories.opened([course.name for course in evidence.courses(network)])
    known = {each.id.removeprefix(f"{network}-"): each for each in opened}
    starts = [known[variant] for variant in STARTS if variant in known]
    moved = moving.programs_of(evidence.moved(network))
    return [*moved, *_networks(network), *lambdas.programs_of(starts, "lambda"), *_gradients(known)]


def _networks(network: str) -> list[Program]:
    grid = {each.severity: each for each in evidence.effects(network) if each.severity}
    if not grid:
        return []
    origin = Origin.of(f"{network}-afn")
    images, control = grid[1].n, grid[1].control
    return [
        program_of(
            {origin.id: origin},
            ONE_THREAD,
            table(
                "questions",
                {
                    f"networks {how}": asking.question(origin.network(), networks=how)
                    for how in ("on", control)
                },
            ),
            asking.found(
                statistics="batch", num_images=images, batch_size=_BATCH_SIZE,
                corruptions=list(STANDARD), clean=False,
            )
            + _NETWORKS.format(control=control),
            title=f"Networks on and {control}",
            about=f"What AFN's networks add to the accuracy of {origin.id} (seed "
            f"{origin.config.seed}): adapting less {_CONTROLS[control]}, same weights, on "
            f"the first {images:,} test images of {origin.config.dataset}; mean over the "
            f"{len(STANDARD)} standard corruptions. Statistics: test batch of {_BATCH_SIZE}.",
            commands=tuple(
                (
                    "evaluate", origin.id, "--grid",
                    *asking.options(images, _BATCH_SIZE, "batch", how),
                )
                for how in ("on", control)
            ),
            expected=tuple(
                text
                for severity, effect in sorted(grid.items())
                if not effect.older
                for text in (
                    line(f"networks {control}", f"severity {severity}", effect.without),
                    line("gain of the networks", f"severity {severity}", effect.gain.value),
                )
            ),
            note=f"{2 * len(STANDARD) * 5} tests of {images:,} images: seconds with the small "
            "ConvNet, minutes with ResNet-20."
            + (f" {OLDER_RULE}" if any(effect.older for effect in grid.values()) else ""),
        )
    ]  # fmt: skip


def _gradients(known: dict[str, Shown]) -> list[Program]:
    courses = {VARIANTS[variant]: each for variant, each in known.items()}
    if not courses:
        return []
    origins = {label: Origin.of(each.id) for label, each in courses.items()}
    return [
        program_of(
            origins,
            table("sources", {label: origin.source() for label, origin in origins.items()}),
            _GRADIENTS,
            title="Norm of the gradient",
            about=f"The norm of the gradient of all parameters in the trainings of "
            f"{', '.join(origin.id for origin in origins.values())}: at the first step, "
            "and at most. Cards tell the first 100 steps and some 400 others, in four digits.",
            no_command="`python -m afn pretrained show NAME` says a card. The norm of the gradient "
            "at each step stands in its events, which the Python reads.",
            expected=tuple(
                text for label, each in courses.items() for text in _told(label, each)
            ),
            plot=drawing("norm of the gradient", "step", how="loglog"),
        )
    ]  # fmt: skip


def _told(label: str, opened: Shown) -> Sequence[str]:
    history = opened.history
    norms = history.columns["grad_norm"].tolist()
    return line(label, "first step", norms[0]), line(label, "largest", max(norms))
