"""How far small networks moved from their start, and how much their answers change."""

from collections.abc import Mapping

from afn.ask.movement import BATCH_SIZE, NUM_IMAGES, SEVERITY, Movement

from .code import ONE_THREAD, Origin, program_of, seeds_of, table
from .program import Program, drawing, line

_LOOP = """\
rows = []
for name, source in sources.items():
    found = movement_of(source)
    cosine, ratio = found.weights
    print(f"{name}  cosine to the start  {cosine:.4f}")
    print(f"{name}  norm over the start's  {ratio:.4f}")
    if (alone := decay_alone(source).ratio) is not None:
        print(f"{name}  weight decay alone  {alone:.4f}")
    for answer in found.outputs:
        change = answer.in_spreads(answer.follows)
        rows.append((f"{name}, {answer.output}", answer.layer, change))
        print(f"{name}, {answer.output}  {answer.layer}  {change:.6f}")
"""


def programs_of(shown: Mapping[str, tuple[str, Movement, float | None]]) -> list[Program]:
    """Measuring it once more.

    Args:
        shown: Of each network by its label: the run's or the pretrained model's name, what is on
            screen, and what weight decay alone leaves.
    """
    origins = {label: Origin.of(name) for label, (name, _, _) in shown.items()}
    if not origins:
        return []
    return [
        program_of(
            origins,
            ONE_THREAD,
            table("sources", {label: each.source() for label, each in origins.items()}),
            _LOOP,
            title="How far the networks moved",
            about=f"The small networks of {', '.join(shown)} (seed {seeds_of(origins)}), held "
            "against the start that the seed draws; and how much their answers change between "
            f"{NUM_IMAGES} clean test images and the same under the standard corruptions at "
            f"severity {SEVERITY}, in units of what they act on. Statistics: test batches of "
            f"{BATCH_SIZE}.",
            commands=(("movement", *(origin.id for origin in origins.values())),),
            expected=tuple(
                text
                for label, (_, movement, alone) in shown.items()
                for text in _told(label, movement, alone)
            ),
            plot=drawing("change of the answer"),
        )
    ]


def _told(label: str, movement: Movement, alone: float | None) -> list[str]:
    cosine, ratio = movement.weights
    lines = [
        line(label, "cosine to the start", cosine),
        line(label, "norm over the start's", ratio),
    ]
    if alone is not None:
        lines.append(line(label, "weight decay alone", alone))
    return lines + [
        line(f"{label}, {each.output}", each.layer, each.in_spreads(each.follows), 6)
        for each in movement.outputs
        if each.follows is not None
    ]
