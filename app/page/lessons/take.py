"""Lessons: the experiment of each, whichever of its kinds it is."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from afn.adapt.records import accuracy_of
from afn.ask.lambda_maps import LambdaMap
from afn.ask.records import where
from afn.ask.rescaling import Condition
from afn.sweep.plan import words

from ...kit import cards
from ...kit.markdown import plain
from ...kit.take import asking, maps, sweeps
from ...kit.take.code import ONE_THREAD, call, literal, program, table
from ...kit.take.program import Program, drawing, line
from ..cost import take as costs
from ..rescaling import take as scales
from .experiments.arithmetic import Arithmetic
from .experiments.evaluations import Answers, Evaluations, LessonQuestion, Rescalings
from .experiments.maps import MapMeasured
from .experiments.streams import Lives, Streams
from .experiments.timings import Timings
from .experiments.trainings import Trained, Trainings
from .lessons.lesson import Lesson

_CONDITIONS = """\
conditions = [
{conditions}]
rows = []
for name, network in networks.items():
    measured = rescaling_under(network, conditions, num_images={images})
    for layer in measured.layers:
        for which in ("gamma", "beta"):
            for (dataset, corruption, severity), shifts in zip(conditions[1:], layer.shifts(which)):
                where = f"{{corruption}} {{severity}}" if corruption else dataset
                what, value = f"{{name}}: {{which}}, {{layer.name}}", fmean(map(abs, shifts))
                rows.append((what, where, value))
                print(f"{{what}}  {{where}}  {{value:.6f}}")
"""
_VALUES = """\
rows = [(name, "", value) for name, value in found.items() if not isinstance(value, list)]
for name, _, value in rows:
    print(f"{name}  {value:.6g}")
"""


def programs_of(lesson: Lesson[Any], data: Any) -> list[Program]:
    """What the lesson tried out."""
    told = lesson.title, plain(f"{lesson.setup} {lesson.experiment.conditions(data)}.")
    match lesson.experiment:
        case Trainings(tells="first gradient") as trial:
            return _first_gradients(trial, data, told[1])
        case Trainings() as trial:
            return sweeps.programs_of(trial.plan, data.results, metric="clean")
        case Timings() as trial:
            return [costs.measuring(trial.plan, data, title=lesson.title)]
        case Evaluations() as trial:
            return [_asks(trial, data, *told)]
        case Rescalings() as trial:
            return [_conditions(trial, data, *told)]
        case Lives() as trial:
            return [_lives(trial, data, *told)]
        case MapMeasured() as trial:
            return [_map(trial, data, *told)]
        case Arithmetic() as trial:
            return [_arithmetic(trial, *told)]
    return []


def _asks(trial: Evaluations, answers: Answers, title: str, about: str) -> Program:
    dataset = cards.card_of(trial.asks[0].model).config.dataset
    [places] = {frozenset(ask.places) for ask in trial.asks}  # alike for all
    corruptions = sorted({name for name, _ in places if name})
    severities = sorted({severity for name, severity in places if name})
    over: dict[str, Any] = {"corruptions": corruptions, "severities": severities}
    return Program(
        title=title,
        about=about,
        python=program(
            ONE_THREAD,
            table("questions", {ask.label: _question(ask) for ask in trial.asks}),
            asking.loop(
                dataset=dataset, num_images=trial.num_images, **(over if corruptions else {})
            ),
        ),
        commands=tuple(_command(ask, corruptions, trial.num_images) for ask in trial.asks),
        expected=tuple(
            line(ask.label, where(place), answers[ask.label][place].accuracy)
            for ask in trial.asks
            for place in ask.places
        ),
    )  # fmt: skip


def _question(ask: LessonQuestion) -> str:
    return asking.question(
        literal(ask.model), statistics=ask.stats, networks=ask.networks, batch_size=ask.batch_size
    )


def _command(ask: LessonQuestion, corruptions: list[str], num_images: int) -> tuple[str, ...]:
    named = [part for name in corruptions or ["clean"] for part in ("--corruption", name)]
    told = asking.options(num_images, ask.batch_size, ask.stats, ask.networks)
    return ("evaluate", ask.model, "--grid", *named, *told)


def _conditions(trial: Rescalings, data: Any, title: str, about: str) -> Program:
    conditions: tuple[Condition, ...] = trial.conditions_
    return Program(
        title=title,
        about=about,
        python=program(
            ONE_THREAD,
            table("networks", {label: literal(name) for label, name in trial.models.items()}),
            _CONDITIONS.format(
                conditions="".join(f"    {literal(each)},\n" for each in conditions),
                images=trial.num_images,
            ),
        ),
        no_command="`python -m afn rescaling` holds a network against its own test images; here "
        "both are held against embedded ones.",
        expected=tuple(
            f"{label}: {each}"
            for label in trial.models
            for each in scales.differences(conditions, data[label].rescaling)
        ),
        plot=drawing("mean |difference|"),
    )  # fmt: skip


_STREAMS = """\
rows = []
for name, (method, order) in lives.items():
    plan = StreamPlan(order=order, {plan})
    steps = [step for _, step in follow_stream({{name: Adapter(model, method)}}, {data}, plan)]
    hits = sum(sum(step.hits) for step in steps)
    rows.append((name, order, hits / plan.images))
    print(f"{{name}}  {{order}}  {{rows[-1][2]:.4f}}")
"""


def _lives(trial: Lives, data: Streams, title: str, about: str) -> Program:
    plan, dataset = trial.lives[0].plan, cards.card_of(trial.model).config.dataset
    shared = {name: getattr(plan, name)
              for name in ("corruption", "severity", "images", "batch_size")}  # fmt: skip
    entries = {
        each.label: f"({literal(each.method)}, {literal(each.plan.order)})" for each in trial.lives
    }
    return Program(
        title=title,
        about=about,
        python=program(
            ONE_THREAD,
            f"model = load_pretrained({literal(trial.model)})\n",
            table("lives", entries),
            _STREAMS.format(
                plan=", ".join(f"{name}={literal(value)}" for name, value in shared.items()),
                data=literal(dataset),
            ),
        ),
        commands=tuple(
            (
                "adapt", trial.model, "--method", each.method, "--order", each.plan.order,
                "--corruption", f"{plan.corruption}", "--severity", f"{plan.severity}",
                "--batch", f"{plan.batch_size}", "--images", f"{plan.images}",
            )
            for each in trial.lives
        ),
        expected=tuple(
            line(each.label, each.plan.order, accuracy_of(data[each.label]))
            for each in trial.lives
        ),
    )  # fmt: skip


def _map(trial: MapMeasured, data: LambdaMap, title: str, about: str) -> Program:
    corruption, severity = trial.place
    named = ("--corruption", corruption, "--severity", str(severity)) if corruption else ()
    return Program(
        title=title,
        about=about,
        python=program(
            ONE_THREAD,
            maps.asked(literal(trial.model), trial.place, trial.num_images, trial.points),
            maps.POINTS,
        ),
        commands=(
            (
                "map", trial.model, *named, "--images", str(trial.num_images),
                "--points", str(trial.points),
            ),
        ),
        expected=maps.expected(data.points),
        plot=maps.PLOT,
    )  # fmt: skip


def _arithmetic(trial: Arithmetic[Any], title: str, about: str) -> Program:
    found = trial.compute(**trial.settings)
    settings = call("dict", [f"{key}={literal(each)}" for key, each in trial.settings.items()])
    return Program(
        title=title,
        about=about,
        python=program(
            "from typing import Any\n\nimport numpy as np\n\n",
            _source(trial.compute),
            f"\nfound = {trial.compute.__name__}(**{settings})\n",
            _VALUES,
        ),
        no_command="It is a few lines of NumPy; there is no command for them.",
        expected=tuple(
            f"{name}  {value:.6g}" for name, value in found.items() if not isinstance(value, list)
        ),
        plot="",
    )


def _source(function: Callable[..., Any]) -> str:
    """The function's own text, and that of the functions beside it that it calls."""
    home = vars(inspect.getmodule(function))
    found: list[Callable[..., Any]] = [
        each
        for name in function.__code__.co_names
        if inspect.isfunction(each := home.get(name)) and each.__module__ == function.__module__
    ]
    return "\n".join(inspect.getsource(each) for each in [*found, function])


_WHAT = "first gradient"
_DIGITS = 1
"""What comes along is rounded to five digits in all."""
_LOOP = """\
rows = []
for (where, seed), run in run_sweep(spec).runs().items():
    history = history_of(find(run))
    rows.append((f"{where}, seed {seed}", "first gradient", history.columns["grad_norm"][0]))
    print(f"{where}, seed {seed}  first gradient  {rows[-1][2]:.1f}")
"""


def _first_gradients(trial: Trainings, data: Trained, about: str) -> list[Program]:
    """Training anew, one step or more, and telling the norm of the gradient at the first."""
    [sweep] = sweeps.programs_of(trial.plan, None, metric="clean")
    return [
        replace(
            sweep,
            about=about,
            python=program(f"spec = {sweeps.spec_code(trial.plan.spec)}\n", _LOOP),
            expected=tuple(
                line(
                    f"{words(run.point)}, seed {run.config.seed}", _WHAT,
                    data.gradients[run.run_id][0], _DIGITS,
                )
                for run in trial.plan.runs
            ),
            note=f"{sweep.note} The table that the command writes is of accuracies.",
            plot=drawing("norm of the first gradient"),
        )
    ]  # fmt: skip
