"""The fork panel: a checkpoint of a run, what to change there, and the futures that came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from afn.runs.fork import ForkPlace, changed_config, changes_of, fork, place_of, steps_of
from afn.runs.index import Line
from afn.runs.origin import ForkedFrom
from afn.runs.store import Run
from afn.settings.config import CHANGEABLE, SETTINGS, TrainConfig
from afn.settings.lambda_init import LAMBDAS
from afn.settings.norms import ADAPTIVE_NORMS, NORM_TITLES
from afn.wording import enumerate_words, percent
from afn.work.folder import ENDED

from ...kit import backend, people, routes
from ...kit.comparison import LETTERS
from ...kit.jobs import follow
from ...kit.letters import lettered_bare
from ...kit.markdown import plain
from ...kit.setting_control import control
from .view import fork_key, selection
from .words import HELP

_TICK_SECONDS = 1.0
_LISTED = 4
"""So many of a run's newest forks are listed."""
_ON_TOP = ("norm", "lr", "batch_size", "epochs")
"""Settings of the first row of controls."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """What the widgets say."""

    step: int
    changes: dict[str, Any]
    logits: dict[str, float]


def render(run: Run, lines: Sequence[Line]) -> None:
    """The panel of one run; its forks are among all lines, newest first."""
    with st.container(border=True, key="fork"):
        st.header("Fork: another future of this run", anchor=False)
        st.markdown(
            "Go back to a checkpoint, change something, and train on from there. Weights, momentum "
            "and the order of the images stay as they were, so that whatever differs from then on "
            "comes of the change."
        )
        steps = steps_of(run)
        if not steps:
            st.caption("There is no checkpoint to go back to yet: the first comes with an epoch.")
        else:
            _panel(run, steps)
        _forks(run, lines)


def _panel(run: Run, steps: Sequence[int]) -> None:
    draft, place = _draft(run, steps)
    problem, selection().problem = selection().problem, ""
    if place is not None:
        try:
            start = backend.history(run.id).start
            config = changed_config(
                place, draft.changes, draft.logits, num_train=start["num_train"] if start else None
            )
            st.markdown(plain(_words(place, config, draft)))
        except ValueError as error:
            problem = f"{error}."
    if problem:
        st.warning(plain(problem), icon=":material/info:")
    st.button(
        "Fork and train on", icon=":material/call_split:", type="primary", key="fork.start",
        disabled=place is None or bool(problem), on_click=_start, args=(run, draft),
    )  # fmt: skip


def _draft(run: Run, steps: Sequence[int]) -> tuple[_Draft, ForkPlace | None]:
    """The controls; the place is None where the checkpoint cannot be read."""
    key = partial(fork_key, run.id)
    first, *rest = st.columns(5)
    early = [step for step in steps if step < steps[-1]]
    step = first.selectbox(
        "From the checkpoint", steps, index=max(0, len(early) - 1), key=key("step"),
        format_func=lambda step: f"step {step:,}", help=HELP["step"],
    )  # fmt: skip
    try:
        place = place_of(run, step)
    except (ValueError, OSError) as error:
        st.error(f"{plain(str(error))}.")
        return _Draft(step, {}, {}), None
    before = place.config
    wanted: dict[str, Any] = {
        "norm": control(
            SETTINGS["norm"], key("norm"), before, on=rest[0], value=before.norm,
            format_func=NORM_TITLES.__getitem__, help=HELP["norm"],
        )
    }  # fmt: skip
    for column, name in zip(rest[1:], _ON_TOP[1:], strict=True):
        wanted[name] = control(
            SETTINGS[name], key(name), before, on=column, value=getattr(before, name),
            help=HELP.get(name),
        )  # fmt: skip
    logits: dict[str, float] = {}
    if wanted["norm"] in ADAPTIVE_NORMS:
        logits = _lambdas(before, wanted["norm"], key)
    wanted |= _others(before, wanted["norm"], key)
    changes = {name: value for name, value in wanted.items() if value != getattr(before, name)}
    return _Draft(step, changes, logits), place


def _lambdas(before: TrainConfig, norm: str, key: Any) -> dict[str, float]:
    """A field for each λ; an empty one leaves it as it is."""
    gate = before.lambda_init.rescale_gate
    rest = "as learned" if before.is_adaptive else "as at a start"
    logits = {}
    for column, name in zip(st.columns(5), LAMBDAS, strict=False):
        unit = "logit" if name in ("mu", "sigma") or gate == "sigmoid" else "value"
        value = column.number_input(
            lettered_bare(f"λ_{LETTERS[name]} {unit}"), -50.0, 50.0, value=None, step=0.5,
            placeholder=rest, key=key(name), help=HELP["lambda"],
        )  # fmt: skip
        if value is not None:
            logits[name] = value
    return logits


def _others(before: TrainConfig, norm: str, key: Any) -> dict[str, Any]:
    """The other settings that may change, those that mean something for the norm."""
    after = replace(before, norm=norm, adaptive=True)
    wanted: dict[str, Any] = {}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        for name in CHANGEABLE:
            setting = SETTINGS[name]
            if name in _ON_TOP or setting.unheeded(after):
                continue
            width: dict[str, Any] = {} if setting.kind == "switch" else {"width": 230}
            value = getattr(before, name)
            wanted[name] = control(setting, key(name), before, value=value, **width)
    return wanted


def _words(place: ForkPlace, config: TrainConfig, draft: _Draft) -> str:
    """What the fork would be, in a sentence or two."""
    origin = ForkedFrom(run="", step=0, file="", config=place.config, logits=draft.logits)
    left = config.epochs - place.epoch
    until = f"{left} more epoch{'s' if left > 1 else ''}"
    words = changes_of(config, origin)
    if not words:
        return (
            f"Nothing is changed yet: from step {place.step:,} on, through {until}, the fork would "
            "go on bit for bit as the run does when it is left alone."
        )
    taken = ""
    if config.norm != place.config.norm:
        taken = (
            f" {NORM_TITLES[config.norm]} takes over every tensor that "
            f"{NORM_TITLES[place.config.norm]} has by the same name and shape; the rest starts "
            "fresh."
        )
    return f"From step {place.step:,} on, through {until}: {enumerate_words(words)}.{taken}"


def _start(run: Run, draft: _Draft) -> None:
    try:
        made = fork(
            backend.store(), run,
            step=draft.step, changes=draft.changes, lambda_logits=draft.logits,
            owner=people.me(),
        )  # fmt: skip
        backend.runner().submit([made])
    except (ValueError, OSError) as error:
        selection().problem = f"Nothing was started: {error}."


# -- what came of it -------------------------------------------------------------------------------


def _forks(run: Run, lines: Sequence[Line]) -> None:
    """The run's forks, and where it is one itself its parent: each opens beside the other."""
    ids = {line.id for line in lines}
    mine = next(line for line in lines if line.id == run.id)
    if mine.forked_from:
        origin = mine.forked_from
        if origin["run"] in ids:
            with st.container(horizontal=True, vertical_alignment="center"):
                line = f"It is itself a fork, from step {origin['step']:,} of {origin['run']}."
                st.markdown(plain(line), width="content")
                parent = next(line for line in lines if line.id == origin["run"])
                open_both(parent, mine)
        else:
            line = f"It is itself a fork, from step {origin['step']:,} of a run that was deleted."
            st.caption(line)
    forks = [line for line in lines if line.forked_from.get("run") == run.id]
    if not forks:
        return
    is_live = any(line.status not in ENDED for line in forks[:_LISTED])

    def drawn() -> bool:
        more = len(forks) - _LISTED
        st.markdown("**Its forks**" + (f", the newest {_LISTED}" if more > 0 else ""))
        statuses = [_fork(mine, line) for line in forks[:_LISTED]]
        return any(status not in ENDED for status in statuses)

    follow(drawn, is_live, every=_TICK_SECONDS if is_live else None)


def _fork(parent: Line, line: Line) -> str:
    made = Run(backend.store().root / line.id)
    found = made.state()
    history = backend.history(line.id)
    facts: list[str] = [found.status]
    if found.status in ("waiting", "running") and not history.num_steps:
        facts = ["starts in a moment"]
    elif history.num_steps:
        facts.append(f"step {history.step:,}")
    if test := history.latest_accuracy():
        facts.append(f"{percent(test['accuracy'])} on clean test images")
    if found.reason:
        facts.append(found.reason)
    with st.container(horizontal=True, vertical_alignment="center", key=f"fork.of.{line.id}"):
        st.markdown(f"{plain(line.name or line.id)}  \n:small[{plain(' · '.join(facts))}]")
        open_both(parent, line)
    return found.status


def open_both(parent: Line, made: Line) -> None:
    """Buttons that open two futures together."""
    first, second = parent.id, made.id
    with st.container(horizontal=True, width="content"):
        if st.button(
            "Both in the Playground",
            icon=":material/play_arrow:",
            key=f"both.play.{first}.{second}",
        ):
            routes.show_in_playground([first, second])
        if {parent.setting("norm"), made.setting("norm")} & {*ADAPTIVE_NORMS}:
            on_lambda_page(first, second)


def on_lambda_page(first: str, second: str) -> None:
    """A button that opens two runs on the λ page."""
    if st.button(
        "Both on λ dynamics", icon=":material/show_chart:", key=f"both.lambda.{first}.{second}"
    ):
        routes.show_in_dynamics([first, second])
