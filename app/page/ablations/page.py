"""What if: ready-made ablations with a question each, and sweeps of one's own."""

from statistics import median

import streamlit as st

from afn.pretrained.ablations import ABLATIONS, Ablation
from afn.pretrained.streams import STREAM_ABLATIONS, StreamAblation
from afn.sweep.plan import SweepPlan, words
from afn.wording import count_words, duration_words
from afn.work.folder import ENDED

from ...kit import backend, jobs, measured, people, routes
from ...kit.draw.asked import asked_html
from ...kit.jobs import Job
from ...kit.markdown import plain, warn
from ...kit.plot import caption, header, markup, say
from ...kit.results import SweepResults
from ...kit.room.rooms import ROOMS
from ...kit.take import offer, sweeps
from . import fields as ablation_fields
from . import on_cifar10, on_streams, sweeping
from . import outcome as ablation_results
from .ready_made import READY_MADE, ReadyMade
from .sweeping import Looked
from .view import NEW, SOURCES, VIEW, AblationsView
from .words import HELP

TITLE, PATH = "Ablations", "ablations"
"""In the navigation, and in the address."""

_TICK_SECONDS = 2.0
"""How often the page looks for results while a sweep runs."""
_DECLINED = "?"
_CEILING = 95.0
"""Percent: what half of the networks reach leaves less room than seeds differ by."""


def render() -> None:
    """Draw the page."""
    _, problems = VIEW.begin()
    st.title("What if?", anchor=False)
    st.markdown(
        "Change one thing, keep all else, repeat with other **seeds**: what stands out from their "
        "noise is a difference."
    )
    known = _choose(problems)
    warn(problems)
    name = VIEW.take().sweep
    if name == NEW:
        _build()
    elif name in READY_MADE:
        _ready_made(name, READY_MADE[name])
    elif name in ABLATIONS:
        _on_cifar10(ABLATIONS[name], _known()[name])
    elif name in STREAM_ABLATIONS:
        _on_streams(STREAM_ABLATIONS[name], _streamed()[name])
    else:
        _begun(name, known[name])
    VIEW.write(VIEW.take())


def _choose(problems: list[str]) -> dict[str, SweepPlan]:
    """The sweep to look at; returns those that were begun here."""
    known = {}
    for sweep in backend.sweeps().list():
        try:
            planned = sweeping.plan_of(sweep.id)
        except ValueError:
            continue
        if all(people.may_list(run.config.dataset, sweep.owner) for run in planned.runs):
            known[sweep.id] = planned
    titles = {name: each.title for name, each in READY_MADE.items()}
    specs = [sweeping.ready_made_plan(name).spec for name in READY_MADE]
    for sweep_id, planned in known.items():
        if planned.spec not in specs:
            title = f"{planned.spec.name}, {count_words(len(planned.runs), 'run')}"
            is_taken = title in titles.values()  # a widget tells its options by their titles
            titles[sweep_id] = f"{title} ({sweep_id[:4]})" if is_taken else title
    titles |= {name: ABLATIONS[name].title for name in _known()}
    titles |= {name: STREAM_ABLATIONS[name].title for name in _streamed()}
    titles[NEW] = "Build one"
    named = VIEW.take().sweep
    if VIEW.settle("sweep", titles) != named:
        problems.append(
            f"In the link, sweep={named[:40]}: no such sweep was begun here. Another is shown."
        )
    VIEW.choice(
        "sweep", "Sweep", titles, like=st.pills, on_change=_other_sweep,
        label_visibility="collapsed",
    )  # fmt: skip
    return known


def _other_sweep() -> None:
    """What was said of one sweep does not hold for another."""
    names = ("guess", "metric", "over", "x", "baseline", "shown", "figure", "source")
    VIEW.set(**{name: getattr(AblationsView(), name) for name in names})


# -- ready-made ------------------------------------------------------------------------------------


def _ready_made(name: str, ready: ReadyMade) -> None:
    header(ready.question, is_part=True)
    if not _guessed(ready):
        return
    looked = sweeping.looked_at(sweeping.ready_made_plan(name))
    saved = sweeping.saved_results(name)
    live = looked.results if looked.progress.ended else None
    results = saved
    if saved and live:
        VIEW.choice("source", "Results", SOURCES)
    if live and (saved is None or VIEW.take().source == "live"):
        results = live
    told = _answer(ready, results) if results else ""
    if results:
        ablation_results.render(results, metric=ready.metric, over=ready.over, figure=ready.figure)
    if told:
        say(plain(told))
    if ready.note:
        caption(plain(ready.note))
    if results and (told := _ceiling(results)):
        caption(plain(told))
    _run_panel(looked, label="Run it here")
    if ROOMS.is_served:
        address = ROOMS.link("ablation", name)
        st.link_button("Open a room: each phone trains one", address, icon=":material/groups:")
    _offer(looked.plan, results, toml=ready.path(name, ".toml").read_text())


def _offer(planned: SweepPlan, results: SweepResults | None, *, toml: str = "") -> None:
    metric = VIEW.take().metric if results else "clean"
    offer("ablations", lambda: sweeps.programs_of(planned, results, metric=metric, toml=toml))


def _guessed(ready: ReadyMade) -> bool:
    """Asks for the visitor's expectation before the answer; whether it was given, or declined."""
    guess = VIEW.take().guess
    numbers = [str(i) for i in range(len(ready.expectations))]
    if guess in numbers or guess == _DECLINED:
        return True
    with st.container(border=True):
        st.markdown("**What do you expect?** Say so first: what surprises is what is learned.")
        for number, words_ in zip(numbers, ready.expectations, strict=True):
            st.button(words_, key=f"ablations.guess.{number}", on_click=_guess, args=(number,))
        st.button(
            "Just show it", type="tertiary", key="ablations.show", on_click=_guess,
            args=(_DECLINED,),
        )  # fmt: skip
    return False


def _guess(number: str) -> None:
    VIEW.set(guess=number)


def _answer(ready: ReadyMade, results: SweepResults) -> str:
    """Says whether the visitor was right; returns by which figures."""
    guess = VIEW.take().guess
    found = ready.answer(results)
    if found is None:
        st.info("The answer needs runs that have no result yet.", icon=":material/hourglass:")
        return ""
    number, told = found
    right = ready.expectations[number]
    if guess == _DECLINED:
        st.info(f"**{plain(right)}.**", icon=":material/lightbulb:")
    elif guess == str(number):
        st.success(f"**As you expected: {plain(right)}.**", icon=":material/check:")
    else:
        mine = ready.expectations[int(guess)]
        st.info(f"**{plain(right)}**, not “{plain(mine)}”.", icon=":material/lightbulb:")
    return told


def _ceiling(results: SweepResults) -> str:
    """Where the networks are too good for much to show; empty where they are not."""
    clean = results.figures(results.metrics["clean"])
    half = median(value for each in clean.values() for _, value in each.values)
    if half < _CEILING:
        return ""
    more = [ABLATIONS[name].title for name in _known()]
    told = f" With more room: {', '.join(more)}." if more else ""
    return (
        f"{results.runs[0].config.dataset} is at a ceiling: half of these runs reach {half:.1f} % "
        f"or more on clean images, which leaves little room for a gain.{told}"
    )


# -- on CIFAR-10 -----------------------------------------------------------------------------------


def _known() -> dict[str, SweepResults]:
    try:
        return on_cifar10.known()
    except (ValueError, OSError):
        return {}  # Paper says what is wrong with the table


def _on_cifar10(ablation: Ablation, results: SweepResults) -> None:
    header(ablation.question)
    markup(asked_html([row for row in measured.asked() if row.is_of(ablation.section)]))
    caption(
        "Intervals above are over seeds and images. The picture's are over seeds alone; trained "
        "with the commands above, not from this page."
    )
    ablation_results.render(results, metric="corrupted", over=ablation.over, figure=ablation.figure)


# -- adapting at test time -------------------------------------------------------------------------


def _streamed() -> dict[str, SweepResults]:
    try:
        return on_streams.known()
    except (ValueError, OSError):
        return {}  # Adapting says what is wrong with the file


def _on_streams(ablation: StreamAblation, results: SweepResults) -> None:
    header(ablation.question)
    ablation_results.render(results, metric="corrupted", over=ablation.over, figure="lines")
    st.page_link(routes.to("adapt"), label="See a stream flow", icon=":material/waves:")


# -- one's own -------------------------------------------------------------------------------------


def _build() -> None:
    ablation_fields.render()
    view = VIEW.take()
    try:
        planned = sweeping.checked_plan(view.spec())
    except (ValueError, OSError) as error:
        st.warning(plain(f"{str(error)[:1].upper()}{str(error)[1:]}."), icon=":material/info:")
        return
    if planned.skipped:
        with st.expander(f"{count_words(len(planned.skipped), 'combination')} left out"):
            for skipped in planned.skipped:
                st.markdown(plain(f"- {words(skipped.point)}: {skipped.reason}"))
    _begin_panel(planned)
    _offer(planned, None)


def _begin_panel(planned: SweepPlan) -> None:
    looked = sweeping.looked_at(planned)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Start the sweep", type="primary", icon=":material/play_arrow:", key="ablations.begin",
            on_click=_begin, args=(planned,),
        )  # fmt: skip
        st.caption(_size_words(looked), width="content")


def _begin(planned: SweepPlan) -> None:
    sweeping.start(planned)
    VIEW.set(sweep=backend.sweeps().keep(planned.spec, owner=people.me()).id)
    _other_sweep()


def _begun(sweep_id: str, planned: SweepPlan) -> None:
    looked = sweeping.looked_at(planned)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(planned.spec.name), anchor=False, width="stretch")
        if not looked.progress.active:
            sweep = next((one for one in backend.sweeps().list() if one.id == sweep_id), None)
            st.button(
                "Take off the list", type="tertiary", icon=":material/playlist_remove:",
                key="ablations.forget", on_click=_forget, args=(sweep_id,),
                **{"help": HELP["forget"], **people.why_not(sweep, words=people.FOREIGN)},
            )  # fmt: skip
    _run_panel(looked, label="Go on")
    if looked.progress.ended:
        ablation_results.render(looked.results, metric="clean", over="", figure="lines")
    _offer(planned, looked.results if looked.progress.ended else None)


def _forget(sweep_id: str) -> None:
    try:
        people.require(backend.sweeps().open(sweep_id))
        backend.sweeps().forget(sweep_id)
    except OSError as error:
        st.toast(plain(f"It is still there: {error}."), icon=":material/error:")
        return
    VIEW.set(sweep=AblationsView().sweep)
    _other_sweep()


# -- running ---------------------------------------------------------------------------------------


def _size_words(looked: Looked) -> str:
    spec = looked.plan.spec
    points, seeds = len(looked.plan.points), len(spec.seeds)
    parts = [
        f"{count_words(looked.progress.total, 'run')}: "
        f"{count_words(points, 'setting')} × {count_words(seeds, 'seed')}"
    ]
    if looked.progress.ended:
        parts.append(f"{looked.progress.ended} have their result")
    parts += [looked.older] if looked.older else []
    if looked.seconds is None:
        parts.append("time not known: nothing like it was trained here yet")
    elif looked.seconds:
        pace = "" if looked.is_timed_here else " at the pace of the results that came along"
        parts.append(f"about {duration_words(looked.seconds)}{pace}")
    return " · ".join(parts)


def _run_panel(looked: Looked, *, label: str) -> None:
    backend.runner().start()
    progress = looked.progress
    if progress.left:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                label, icon=":material/play_arrow:", key="ablations.run",
                on_click=_start_live, args=(looked.plan,),
            )  # fmt: skip
            st.caption(_size_words(looked), width="content")
    if progress.active:
        about = progress.ended, True
        jobs.follow(lambda: _followed(looked.plan, about), about, every=_TICK_SECONDS)
    _failures(looked)


def _start_live(planned: SweepPlan) -> None:
    sweeping.start(planned)
    VIEW.set(source="live")


def _followed(planned: SweepPlan, about: tuple[int, bool]) -> tuple[int, bool]:
    """How far the sweep is, unless there is more to draw; how many have ended, whether any runs."""
    looked = sweeping.looked_at(planned)
    progress = looked.progress
    if (now := (progress.ended, bool(progress.active))) == about:
        done = f"{progress.ended} of {count_words(progress.total, 'run')} done"
        job = Job(
            share=progress.share,
            told=f"{done}, {progress.counts.get('running', 0)} training",
            is_running=True,
            seconds_left=looked.seconds or None,
        )
        jobs.progress(
            job, key="ablations.stop", stop=sweeping.end, args=(looked.plan.runs, looked.lines),
            refused=people.why_not(
                *(line for line in looked.lines.values() if line.status not in ENDED),
                words=people.FOREIGN,
            ),
        )  # fmt: skip
    return now


def _failures(looked: Looked) -> None:
    by_reason: dict[str, list[str]] = {}
    for run in looked.plan.runs:
        line = looked.lines.get(run.run_id)
        if line and line.status == "failed" and not line.summary.get("diverged"):
            by_reason.setdefault(line.reason, []).append(words(run.point))
    for reason, points in by_reason.items():
        st.warning(
            plain(f"{count_words(len(points), 'run')} failed, first {points[0]}: {reason}."),
            icon=":material/info:",
        )
