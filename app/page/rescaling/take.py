"""γ/β: how γ̂ and β̂ differ between conditions, and how they spread as the network learned."""

from collections.abc import Sequence
from statistics import fmean, pstdev
from typing import Literal

from afn.ask.rescaling import Condition, Rescaling
from afn.ask.tasks import RescalingTask
from afn.settings.norms import SWITCHABLE_NORMS
from afn.wording import statistics_told

from ...kit.draw.chart import Shown
from ...kit.take import asking
from ...kit.take.code import ONE_THREAD, Origin, call, literal, program_of
from ...kit.take.program import Program, drawing, line
from .ridges import by_layer

_DIGITS = 6
_WHICH: tuple[Literal["gamma", "beta"], ...] = ("gamma", "beta")
_CONDITIONS = """\
conditions = [
{conditions}]
measured = {call}
rows = []
for layer in measured.layers:
    for which in ("gamma", "beta"):
        for (dataset, corruption, severity), shifts in zip(conditions[1:], layer.shifts(which)):
            where = f"{{corruption}} {{severity}}" if corruption else dataset
            rows.append((f"{{which}}, {{layer.name}}", where, fmean(map(abs, shifts))))
            print(f"{{which}}, {{layer.name}}  {{where}}  {{rows[-1][2]:.6f}}")
"""
_SNAPSHOTS = """\
rows = []
for step, layers in rescaling_of(source).items():
    for layer, values in layers.items():
        for which, channels in zip(("gamma", "beta"), values):
            name = f"{which}, {layer}"
            rows.append((f"{name}, mean", step, fmean(channels)))
            rows.append((f"{name}, spread", step, pstdev(channels)))
            for name, _, value in rows[-2:]:
                print(f"{name}  step {step}  {value:.6f}")
"""


def between_conditions(chosen: Shown, task: RescalingTask) -> list[Program]:
    """Measuring γ̂ and β̂ under the conditions that are on screen."""
    origin, question = Origin.of(chosen.id), task.question
    mode = "running" if question.statistics == "running" else "batch"
    has_choice = origin.config.norm in SWITCHABLE_NORMS
    dataset, (_, corruption, _) = origin.config.dataset, task.conditions[1]
    against = [name for name, *_ in task.conditions[1:]]
    others = ("--corruption", corruption) if corruption else ("--domains", *against)
    told = f"severities of {corruption}" if corruption else ", ".join(against)
    expected = differences(task.conditions, measured) if (measured := task.read()) else []
    counts = measured.num_images if measured else [question.num_images]
    told_mode = "; ".join(dict.fromkeys(statistics_told(question.statistics, n) for n in counts))
    options = asking.options(question.num_images, question.batch_size, mode if has_choice else None)
    given = [origin.network(), "conditions", f"num_images={question.num_images}"]
    given += [f"batch_size={question.batch_size}"] if question.batch_size != 128 else []
    given += [f"statistics={literal(mode)}"] if has_choice else []
    return [
        program_of(
            {chosen.label: origin},
            ONE_THREAD,
            _CONDITIONS.format(
                conditions="".join(f"    {literal(each)},\n" for each in task.conditions),
                call=call("rescaling_under", given),
            ),
            title="Between conditions",
            about=f"γ̂ and β̂ of {chosen.label} (seed {origin.config.seed}): how far they lie, "
            f"on average over channels, from those on clean images of {dataset} under {told}. "
            f"{question.num_images} test images of each; statistics: {told_mode}.",
            commands=(("rescaling", chosen.id, *others, *options),),
            expected=tuple(expected),
            plot=drawing("mean |difference|"),
        )
    ]


def differences(conditions: Sequence[Condition], measured: Rescaling) -> list[str]:
    """How far γ̂ and β̂ lie from those under the first condition, as programs print it."""
    return [
        line(
            f"{which}, {layer.name}", f"{corruption} {severity}" if corruption else dataset,
            fmean(map(abs, shifts)), _DIGITS,
        )
        for layer in measured.layers
        for which in _WHICH
        for (dataset, corruption, severity), shifts in zip(
            conditions[1:], layer.shifts(which), strict=True
        )
    ]  # fmt: skip


def over_steps(chosen: Shown, layer: str) -> list[Program]:
    """Reading γ̂ and β̂ of every snapshot, in one layer or in all."""
    origin, history = Origin.of(chosen.id), chosen.history
    steps = [snapshot["step"] for snapshot in history.snapshots]
    is_one = layer in history.layers
    which_layer = ("--layer", layer) if is_one else ()
    expected = [
        text
        for step in (steps if origin.is_over else [])
        for name, values in by_layer(history, step).items()
        if not is_one or name == layer
        for which in _WHICH
        for text in (
            line(f"{which}, {name}, mean", f"step {step}", fmean(values[which]), 6),
            line(f"{which}, {name}, spread", f"step {step}", pstdev(values[which]), 6),
        )
    ]
    return [
        program_of(
            {chosen.label: origin},
            f"source = {origin.source()}",
            _SNAPSHOTS,
            title="As the network learned",
            about=f"γ̂ and β̂ of {chosen.label} (seed {origin.config.seed}) at every snapshot "
            "of its training, with the statistics of a training batch: mean and standard "
            "deviation over the channels of each layer.",
            commands=(("course", chosen.id, "--of", "rescaling", *which_layer),),
            expected=tuple(expected),
            plot=drawing("γ̂ and β̂ over channels", "step"),
        )
    ]
