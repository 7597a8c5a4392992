"""Inside the layer: a batch through a norm layer, with what is forced upon it."""

import json

from afn.ask.inside.look import Look, Seen

from ...kit.take.code import (
    ONE_THREAD,
    Origin,
    call,
    configurations,
    literal,
    origins_note,
    program,
)
from ...kit.take.program import Program
from .view import InsideView

_PRINTS = """\
seen = Bench().look(look)
at = f"channel {seen['channel']}"
rows = [(at, name, values[seen["channel"]]) for name, values in seen["channels"].items()]
rows += [("difference to", name, each["difference"]) for name, each in seen["beside"].items()]
answered = [(look.subject.id, seen["now"])]
answered += [(each.id, its) for each, its in zip(look.others, seen["others"])]
for name, its in answered:
    rows.append((name, "accuracy", its["score"]["correct"] / its["score"]["n"]))
for name, what, value in rows:
    print(f"{name}  {what}  {value:.5g}")
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


def experiments_of(view: InsideView, look: Look, seen: Seen) -> list[Program]:
    """The layer's steps, what other arithmetic makes of them, and the accuracies."""
    batch = look.batch
    ids = [look.subject.id, *(each.id for each in look.others)]
    origins = [Origin.of(name) for name in ids if not name.startswith("untrained-")]
    notes = [origins_note(origins)]
    is_uploaded = bool(batch.picture) and view.source == "an upload"
    if is_uploaded:
        notes.append(f"Your picture is not in it: put the file beside it as {_FILE}.")
    forced = ", ".join(f"λ_{name} {value:g}" for name, value in look.lambdas.items())
    corruption = (
        f"{look.batch.corruption} {look.batch.severity}" if look.batch.severity else "clean"
    )
    configs = {each.id: each.config for each in (look.subject, *look.others)}
    return [
        Program(
            title="One batch through one layer",
            about=(
                f"`{seen['layer']}` of `{look.subject.id}`, seed {look.subject.config.seed}, on "
                f"{batch.size} test images of {batch.dataset} ({corruption}), statistics: "
                f"{seen['statistics']}; λ forced: {forced or 'none'}."
            ),
            python=program(
                ONE_THREAD,
                f"look = {call('Look', _look(look, view, is_uploaded))}\n",
                _PRINTS,
            ),
            commands=(_command(look, view, is_uploaded),),
            files=configurations(configs),
            expected=tuple(_expected(look, seen)),
            note=" ".join(note for note in notes if note),
            plot=_PLOT,
        )
    ]


def _look(look: Look, view: InsideView, is_uploaded: bool) -> list[str]:
    batch = look.batch
    given = [f"dataset={literal(batch.dataset)}"]
    if batch.severity:
        given += [f"corruption={literal(batch.corruption)}", f"severity={batch.severity}"]
    given += [f"size={batch.size}"]
    given += [f"first={batch.first}"] if batch.first else []
    given += [f"order={literal(batch.order)}"] if batch.order != "mixed" else []
    shape = literal(look.subject.image_shape)
    if is_uploaded:
        given.append(
            f'picture=from_upload(Path("{_FILE}").read_bytes(), {shape}, '
            f"is_digit={look.subject.knows_digits})"
        )
    elif batch.picture:
        given.append(f"picture=in_shape(from_text({literal(view.picture)}), {shape})")
    lines = [f"subject=network({literal(look.subject.id)})", f"batch={call('Batch', given)}"]
    lines += [f"layer={literal(look.layer)}"] if look.layer else []
    lines += [f"channel={look.channel}"] if look.channel else []
    lines += [f"image={look.image}"] if look.image else []
    lines += [f"stats={literal(look.stats)}"] if look.stats else []
    lines += [f"lambdas={json.dumps(look.lambdas)}"] if look.lambdas else []
    lines += [] if look.everywhere else ["everywhere=False"]
    if look.others:
        others = ", ".join(f"network({literal(each.id)})" for each in look.others)
        lines.append(f"others=({others},)")
    return lines


def _command(look: Look, view: InsideView, is_uploaded: bool) -> tuple[str, ...]:
    batch = look.batch
    parts = ["inside", look.subject.id]
    parts += ["--beside", *(each.id for each in look.others)] if look.others else []
    parts += ["--layer", look.layer] if look.layer else []
    parts += ["--channel", f"{look.channel}"] if look.channel else []
    parts += ["--image", f"{look.image}"] if look.image else []
    parts += ["--dataset", batch.dataset]
    if batch.severity:
        parts += ["--corruption", f"{batch.corruption}", "--severity", f"{batch.severity}"]
    parts += ["--batch-size", f"{batch.size}"]
    parts += ["--first", f"{batch.first}"] if batch.first else []
    parts += ["--order", batch.order] if batch.order != "mixed" else []
    parts += ["--stats", look.stats] if look.stats else []
    if look.lambdas:
        parts += ["--lambda", *(f"{name}={value:g}" for name, value in look.lambdas.items())]
    parts += [] if look.everywhere else ["--here"]
    if is_uploaded:
        parts += ["--picture", _FILE]
    elif batch.picture:
        parts += [f"--drawing={view.picture}"]  # it may begin with a dash
    return tuple(parts)


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
