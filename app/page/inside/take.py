"""Inside the layer: a batch through a norm layer, with what is forced upon it."""

from collections.abc import Mapping
from typing import Any

from afn.ask.inside.look import Look, Seen

from ...kit.take.code import ONE_THREAD, Origin, call, literal, program_of
from ...kit.take.program import Program
from .view import InsideView

_PRINTS = """\
at = f"channel {{seen['channel']}}"
rows = [(at, name, values[seen["channel"]]) for name, values in seen["channels"].items()]
rows += [("difference to", name, each["difference"]) for name, each in seen["beside"].items()]
answered = [({name}, seen["now"]), *zip({beside}, seen["others"])]
for name, its in answered:
    rows.append((name, "accuracy", its["score"]["correct"] / its["score"]["n"]))
for name, what, value in rows:
    print(f"{{name}}  {{what}}  {{value:.5g}}")
"""
_PLOT = """\
import matplotlib.pyplot as plt

figure, panels = plt.subplots(1, 2, figsize=(11, 4))
for axes, name in zip(panels, ("mu", "sigma")):
    for kind in (name, f"{name}_stan", f"{name}_hat"):
        if kind in seen["channels"]:
            axes.plot(seen["channels"][kind], "o", label=kind)
    axes.set_xlabel("channel")
    axes.legend()
plt.show()
"""
_FILE = "picture.png"
_OPTIONS = {"size": "batch-size", "statistics": "stats"}


def programs_of(view: InsideView, look: Look, seen: Seen) -> list[Program]:
    """The layer's steps, what other arithmetic makes of them, and the accuracies."""
    batch = look.batch
    networks = (look.subject, *look.others)
    ids = [each.id for each in networks]
    trained = [it.id for it in networks if not (it.rebuilt or it.id.startswith("untrained-"))]
    origins = {name: Origin.of(name) for name in trained}
    is_uploaded = bool(batch.picture) and view.source == "an upload"
    notes = [f"Your picture is not in it: put the file beside it as {_FILE}."]
    forced = ", ".join(f"λ_{name} {value:g}" for name, value in look.lambdas.items())
    corruption = f"{batch.corruption} {batch.severity}" if batch.severity else "clean"
    asked = _asked(look, view, is_uploaded)
    seed = "" if look.subject.rebuilt else f", seed {look.subject.config.seed}"
    if look.subject.rebuilt:
        notes = [*notes[: bool(is_uploaded)], "Run it where the model's file lies."]
    return [
        program_of(
            origins,
            ONE_THREAD,
            _code(look, asked),
            _PRINTS.format(name=literal(look.subject.id), beside=literal(ids[1:])),
            title="One batch through one layer",
            about=f"{seen['layer']} of {look.subject.id}{seed}, on {batch.size} test images of "
            f"{batch.dataset} ({corruption}), statistics: {seen['statistics']}; "
            f"λ forced: {forced or 'none'}.",
            commands=(_command(look, asked),),
            configs={it.id: it.config for it in networks if it.rebuilt is None},
            expected=tuple(_expected(look, seen)),
            notes=notes if is_uploaded or look.subject.rebuilt else (),
            plot=_PLOT,
        )
    ]


def _asked(look: Look, view: InsideView, is_uploaded: bool) -> dict[str, Any]:
    """What `afn.look_inside` is told of it, less what is the default."""
    batch = look.batch
    told: dict[str, Any] = {
        "beside": [each.id for each in look.others],
        "layer": look.layer,
        "channel": look.channel,
        "image": look.image,
        "dataset": batch.dataset,
        "corruption": batch.corruption if batch.severity else None,
        "severity": batch.severity,
        "size": batch.size,
        "first": batch.first,
        "order": batch.order if batch.order != "mixed" else None,
        "statistics": look.stats,
        "lambdas": look.lambdas,
        "picture": _FILE if is_uploaded else "",
        "drawing": view.picture if batch.picture and not is_uploaded else "",
    }
    told = {name: value for name, value in told.items() if value}
    is_kept = batch.picture and batch.severity and not batch.damages_picture
    return told | ({"damages_picture": False} if is_kept else {})


def _code(look: Look, asked: Mapping[str, Any]) -> str:
    given = [literal(look.subject.id), *(f"{name}={literal(each)}" for name, each in asked.items())]
    given += [] if look.everywhere else ["everywhere=False"]
    return f"seen = {call('look_inside', given)}\n"


def _command(look: Look, asked: Mapping[str, Any]) -> tuple[str, ...]:
    parts = ["inside", look.subject.id]
    for name, value in asked.items():
        match name:
            case "lambdas":
                parts += ["--lambda", *(f"{which}={each:g}" for which, each in value.items())]
            case "beside":
                parts += ["--beside", *value]
            case "drawing":
                parts += [f"--drawing={value}"]  # it may begin with a dash
            case "damages_picture":
                parts.append("--as-drawn")
            case _:
                parts += [f"--{_OPTIONS.get(name, name)}", f"{value}"]
    return (*parts, *([] if look.everywhere else ["--here"]))


def _expected(look: Look, seen: Seen) -> list[str]:
    at = seen["channel"]
    found = [(f"channel {at}", name, values[at]) for name, values in seen["channels"].items()]
    found += [("difference to", name, each["difference"]) for name, each in seen["beside"].items()]
    scores = [(look.subject.id, seen["now"]["score"])]
    scores += [
        (each.id, its["score"]) for each, its in zip(look.others, seen["others"], strict=True)
    ]
    found += [(name, "accuracy", score["correct"] / score["n"]) for name, score in scores]
    return [f"{name}  {what}  {value:.5g}" for name, what, value in found]
