"""The Playground: contenders that train from one start, and what each test gave."""

from collections.abc import Sequence

from afn.corruptions.severities import rule_of, rule_words
from afn.runs.history import History
from afn.settings.corruptions import RULE
from afn.wording import enumerate_words

from ..draw.chart import Shown
from .code import ONE_THREAD, Origin, origins_note, program_of, seeds_of, table
from .program import OLDER_RULE, Program, line

_LOOP = """\
rows = []
for name, events in contenders.items():
    for event in events:
        if event.kind == "evaluation":
            test = event.values
            shift = f"{test['corruption']} {test['severity']}" if test["corruption"] else "clean"
            rows.append((name, f"step {event.step}, {shift}", test["accuracy"]))
            print(f"{name}  step {event.step}, {shift}  {test['accuracy']:.4f}")
"""


def programs_of(shown: Sequence[Shown]) -> list[Program]:
    """Training the contenders once more, by the names that they have on the page."""
    origins = {each.label: Origin.of(each.history.run.id) for each in shown}
    config = shown[0].config
    modes = ", ".join(f"{each.label}: {each.statistics}" for each in shown)
    events = {label: origin.events() for label, origin in origins.items()}
    names, is_alone = enumerate_words(list(origins)), len(origins) == 1
    how = "and is tested" if is_alone else (
        "from the same start on the same images in the same order, and are tested"
    )  # fmt: skip
    few = names if len(origins) < 3 else f"{len(origins)} contenders"
    return [
        program_of(
            origins, ONE_THREAD, table("contenders", events), _LOOP,
            title=f"{few} on {config.dataset}",
            about=f"{names} {'trains' if is_alone else 'train'} on {config.dataset} "
            f"({config.backbone}, seed {seeds_of(origins)}) {how} on clean and corrupted images. "
            f"Statistics at test time: {modes}.",
            commands=tuple(origin.training() for origin in origins.values()),
            expected=tuple(
                text for each in shown for text in _tests(each.label, each.history)
            ),
            note=_note(
                list(origins.values()),
                has_older=any(
                    rule_words(rule_of(test)) for each in shown for test in each.history.evaluations
                ),
            ),
        )
    ]  # fmt: skip


def _tests(label: str, history: History) -> list[str]:
    found = []
    for test in (each for each in history.evaluations if rule_of(each) in (None, RULE)):
        shift = f"{test['corruption']} {test['severity']}" if test["corruption"] else "clean"
        found.append(line(label, f"step {test['step']}, {shift}", test["accuracy"]))
    return found


def _note(origins: Sequence[Origin], *, has_older: bool) -> str:
    lines = [OLDER_RULE] if has_older else []
    if any(origin.script for origin in origins):
        lines.append(
            "What was changed, tested or stopped by hand while a network trained is in the script, "
            "with the step behind which it was done; pauses are not, they change nothing."
        )
    if any(origin.forked for origin in origins):
        lines.append(
            "A fork begins at a checkpoint of another run, which must be below AFN_RUNS_DIR."
        )
    if any(origin.is_cut_short and not origin.forked for origin in origins):
        lines.append("A run was cut short by no command of its own; here it goes on to its end.")
    if any(not origin.is_over for origin in origins):
        lines.append(origins_note((o for o in origins if not o.is_over), names_runs=False))
    return " ".join(lines)
