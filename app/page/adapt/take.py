"""Adapting: the stream that is shown, lived through once more."""

from afn.adapt.plan import StreamPlan

from ...kit.take.code import ONE_THREAD, Origin, call, literal, program_of, table
from ...kit.take.program import Program, drawing, line
from .living import Flow
from .view import AdaptView

_LOOP = """\
rows, hits = [], dict.fromkeys(contenders, 0)
for name, step in follow_stream(contenders, {dataset}, plan):
    rows.append((name, step.batch + 1, step.accuracy))
    hits[name] += sum(step.hits)
    print(f"{{name}}  batch {{step.batch + 1}}  {{step.accuracy:.4f}}")
for name, right in hits.items():
    print(f"{{name}}  all  {{right / plan.images:.4f}}")
"""


def program(view: AdaptView, flow: Flow) -> Program:
    """Every contender's accuracy, batch by batch and over all."""
    norms = {way: "afn" if way in ("afn", "frozen") else "bn" for way in flow.tasks}
    models = {norm: f"{view.group}-{norm}" for norm in dict.fromkeys(norms.values())}
    origins = {norm.upper(): Origin.of(model) for norm, model in models.items()}
    plan, dataset = view.plan, next(iter(flow.tasks.values())).dataset
    methods = {way: f"{task.method}" for way, task in flow.tasks.items()}
    entries = {
        flow.titles[way]: f"Adapter({norm}, {literal(methods[way])})" for way, norm in norms.items()
    }
    given = {name: getattr(plan, name) for name in StreamPlan.__slots__}
    more = [f"{name}={literal(value)}" for name, value in given.items()
            if value != getattr(StreamPlan(), name)]  # fmt: skip
    return program_of(
        origins,
        ONE_THREAD,
        "".join(f"{norm} = load_pretrained({literal(model)})\n" for norm, model in models.items()),
        table("contenders", entries),
        f"plan = {call('StreamPlan', more)}\n",
        _LOOP.format(dataset=literal(dataset)),
        title="Adapting on a stream",
        about=f"{', '.join(flow.titles.values())} on a stream of {plan.images:,} test images of "
        f"{dataset}, {plan.order}, in batches of {plan.size}: the share of right answers in each "
        "batch, given before anything is learned from it, and of all.",
        commands=tuple(
            (
                "adapt", model,
                "--method", *(methods[way] for way in flow.tasks if norms[way] == norm),
                *_stream(plan),
            )
            for norm, model in models.items()
        ),
        expected=tuple(_expected(flow)),
        notes=("The command says each contender's numbers over all.",),
        plot=drawing("accuracy of a batch", "batch"),
    )  # fmt: skip


def _stream(plan: StreamPlan) -> tuple[str, ...]:
    """Of the command."""
    resets = ("--reset", *map(str, plan.resets)) if plan.resets else ()
    return (
        "--order", plan.order, "--corruption", plan.corruption or "clean",
        "--severity", str(plan.severity), "--batch", str(plan.batch_size),
        "--images", str(plan.images), *resets,
    )  # fmt: skip


def _expected(flow: Flow) -> list[str]:
    """Batch by batch, as they come; those of all once it has ended."""
    living = flow.look()
    told = [
        (step.batch, line(each.title, f"batch {step.batch + 1}", step.accuracy))
        for each in living
        for step in each.steps
    ]
    lines = [text for _, text in sorted(told, key=lambda each: each[0])]
    for each, task in zip(living, flow.tasks.values(), strict=True):
        if len(each.steps) == task.plan.num_batches:
            lines.append(line(each.title, "all", each.courses.all_accuracy[-1]))
    return lines
