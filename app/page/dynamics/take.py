"""λ dynamics: the map that is shown, measured once more."""

from afn.ask.lambda_maps import LambdaMap, MapPoint, correct_of, wanted
from afn.ask.map_task import MapTask
from afn.wording import count_words, statistics_told

from ...kit.draw.chart import Shown
from ...kit.take import maps
from ...kit.take.code import ONE_THREAD, Origin, program_of
from ...kit.take.program import Program, line

_TRAINED = """\
print(f"as trained  {found.where}  {found.trained.accuracy:.4f}")
"""


def program(shown: Shown, task: MapTask, found: LambdaMap) -> Program:
    """The map of a network.

    Args:
        shown: The network.
        task: What is asked of it.
        found: What is known by now.
    """
    origin, question = Origin.of(shown.id), task.question
    corruption, severity = task.place
    named = ("--corruption", corruption, "--severity", str(severity)) if corruption else ()
    statistics = statistics_told(question.statistics, found.trained.n)
    return program_of(
        {shown.label: origin},
        ONE_THREAD,
        maps.asked(
            origin.network(), task.place, question.num_images, task.points, task.beside
        ),
        _TRAINED,
        maps.POINTS,
        title="A map of accuracy over λ",
        about=f"The accuracy of {shown.label} (seed {origin.config.seed}) with λ_μ and λ_σ of all "
        f"layers forced, at {task.points} points: "
        f"{count_words(found.trained.n, 'test image')} of {question.dataset}, {found.where}. "
        f"Statistics: {statistics}.",
        commands=(
            (
                "map", shown.id, *named, "--images", str(question.num_images),
                "--points", str(task.points),
            ),
        ),
        expected=(
            line("as trained", found.where, found.trained.accuracy),
            *maps.expected(_asked_for(task, found)),
        ),
        notes=("The command measures no point beside the grid.",) if task.beside else (),
        plot=maps.PLOT,
    )  # fmt: skip


def _asked_for(task: MapTask, found: LambdaMap) -> list[MapPoint]:
    """Of the points that are known those of the task: others may have asked for more."""
    correct, nodes = correct_of(found.points), dict[tuple[int, int], int]()
    while new := [node for node in wanted(nodes, task.points) if node in correct]:
        nodes |= {node: correct[node] for node in new}
    beside = set(task.beside)
    return [each for each in found.points if each.node in nodes or (each.mu, each.sigma) in beside]
