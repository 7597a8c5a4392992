"""What if: ready-made ablations with a question each, and sweeps of one's own."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from afn.data import catalogue
from afn.sweep.plan import Point, SweepPlan, words
from app import ablations, backend, sweeping
from app.ablations import CHOICES, EXAMPLES, NEW, TESTS, VARIED, AblationsView
from app.charts import ablation as charts
from app.comparison import MAX_CONTENDERS
from app.explanations import CONTROLS, FIGURES
from app.export import csv_of
from app.markdown import plain
from app.ready_made import READY_MADE, ReadyMade
from app.results import Layout, Results
from app.state import ablations as state
from app.state import playground
from app.sweeping import Looked
from app.training_domains import duration_words

_TICK_SECONDS = 2.0
"""How often the page looks for results while a sweep runs."""
_DECLINED = "?"


def render(open_page: Any) -> None:
    """Draw the page.

    Args:
        open_page: The page that shows runs, to switch to.
    """
    problems = state.begin()
    st.title("What if?", anchor=False)
    st.markdown(
        "Change one thing, leave all else as it is, and repeat with other seeds: only a difference "
        "that stands out from **the noise of the seeds** is one. Ready-made questions come with "
        "their results; everything can be run here, and sweeps of your own."
    )
    known = _choose(problems)
    for line in problems:
        st.warning(plain(line), icon=":material/info:")
    name = st.session_state[state.key("sweep")]
    if name == NEW:
        _build()
    elif name in READY_MADE:
        _ready_made(name, READY_MADE[name], open_page)
    else:
        _begun(known[name], open_page)
    state.write_url(state.take())


def _choose(problems: list[str]) -> dict[str, SweepPlan]:
    """The sweep to look at; returns those that were begun here."""
    known = {}
    for sweep in backend.sweeps().list():
        try:
            known[sweep.id] = sweeping.plan_of(sweep.id)
        except ValueError:
            continue
    titles = {name: each.title for name, each in READY_MADE.items()}
    specs = [sweeping.ready_made_plan(name).spec for name in READY_MADE]
    titles |= {
        sweep_id: f"{planned.spec.name} ({len(planned.runs)} runs)"
        for sweep_id, planned in known.items()
        if planned.spec not in specs
    }
    titles[NEW] = "Build one"
    key = state.key("sweep")
    if st.session_state[key] not in titles:
        problems.append(
            f"In the link, sweep={st.session_state[key][:40]}: no such sweep was begun here. "
            "Another is shown."
        )
        st.session_state[key] = next(iter(titles))
    st.pills(
        "Sweep", list(titles), key=key, required=True, format_func=titles.__getitem__,
        on_change=_other_sweep, label_visibility="collapsed",
    )  # fmt: skip
    return known


def _other_sweep() -> None:
    """What was said of one sweep does not hold for another."""
    for name in ("guess", "metric", "over", "baseline", "shown", "figure", "source"):
        st.session_state[state.key(name)] = getattr(AblationsView(), name)


# -- ready-made ------------------------------------------------------------------------------------


def _ready_made(name: str, ready: ReadyMade, open_page: Any) -> None:
    planned = sweeping.ready_made_plan(name)
    st.subheader(ready.question, anchor=False)
    looked = sweeping.looked_at(planned)
    saved = sweeping.saved_results(name)
    if not _guessed(ready):
        return
    live = looked.results if looked.progress.ended else None
    results = saved
    if saved and live:
        st.segmented_control(
            "Results", ablations.SOURCES, key=state.key("source"), required=True,
            help=CONTROLS["ablations.source"],
        )  # fmt: skip
    if live and (saved is None or st.session_state[state.key("source")] == "live"):
        results = live
    if results:
        _answer(ready, results)
    if ready.note:
        st.caption(plain(ready.note))
    _run_panel(looked, label="Run it here")
    if results:
        _results(results, open_page, metric=ready.metric, over=ready.over, figure=ready.figure)


def _guessed(ready: ReadyMade) -> bool:
    """Asks for the visitor's expectation before the answer; whether it was given, or declined."""
    guess = st.session_state[state.key("guess")]
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
    st.session_state[state.key("guess")] = number


def _answer(ready: ReadyMade, results: Results) -> None:
    guess = st.session_state[state.key("guess")]
    found = ready.answer(results)
    if found is None:
        st.info("The answer needs runs that have no result yet.", icon=":material/hourglass:")
        return
    number, told = found
    right = ready.expectations[number]
    if guess == _DECLINED:
        st.info(f"**{plain(right)}.** {plain(told)}", icon=":material/lightbulb:")
    elif guess == str(number):
        st.success(f"**As you expected: {plain(right)}.** {plain(told)}", icon=":material/check:")
    else:
        mine = ready.expectations[int(guess)]
        st.info(
            f"**{plain(right)}**, not “{plain(mine)}”. {plain(told)}", icon=":material/lightbulb:"
        )


# -- one's own -------------------------------------------------------------------------------------


def _build() -> None:
    _fields()
    view = state.take()
    try:
        planned = sweeping.checked_plan(view.spec())
    except (ValueError, OSError) as error:
        st.warning(plain(f"{str(error)[:1].upper()}{str(error)[1:]}."), icon=":material/info:")
        return
    if planned.skipped:
        with st.expander(f"{charts.count_words(len(planned.skipped), 'combination')} left out"):
            for skipped in planned.skipped:
                st.markdown(plain(f"- {words(skipped.point)}: {skipped.reason}"))
    _begin_panel(planned)


def _fields() -> None:
    offered = {name: entry.title for name, entry in catalogue().items() if not entry.how_to_get}
    with st.container(border=True):
        with st.container(horizontal=True, gap="medium"):
            if st.session_state[state.key("dataset")] not in offered:
                st.session_state[state.key("dataset")] = next(iter(offered))
            st.selectbox(
                "Data", list(offered), key=state.key("dataset"), width=260,
                format_func=offered.__getitem__,
            )  # fmt: skip
            st.segmented_control(
                "Network", CHOICES["backbone"], key=state.key("backbone"), required=True
            )
            st.number_input("Epochs", 1, 200, key=state.key("epochs"), width=120)
            st.number_input(
                "Seeds", 1, 20, key=state.key("seeds"), width=120, help=CONTROLS["ablations.seeds"]
            )
            st.segmented_control(
                "Tested", list(TESTS), key=state.key("tests"), required=True,
                format_func={
                    "clean": "clean", "six": "and six corruptions", "all": "and all 19",
                }.__getitem__,
            )  # fmt: skip
            others = [name for name in offered if name != st.session_state[state.key("dataset")]]
            chosen = [n for n in st.session_state[state.key("domains")] if n in others]
            st.session_state[state.key("domains")] = chosen
            st.multiselect(
                "Also tested on", others, key=state.key("domains"), width=260,
                format_func=offered.__getitem__, help=CONTROLS["ablations.domains"],
            )  # fmt: skip
        for i in (1, 2, 3):
            _axis(i)


def _axis(i: int) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        key, values = state.key(f"axis_{i}"), state.key(f"values_{i}")
        st.selectbox(
            "What varies" if i == 1 else "and", ["", *VARIED] if i > 1 else list(VARIED), key=key,
            format_func=lambda name: VARIED.get(name, "nothing else"), width=260,
            on_change=_begin_axis, args=(i,),
        )  # fmt: skip
        name = st.session_state[key]
        if name:
            known = f": {', '.join(CHOICES[name])}" if name in CHOICES else ", with commas between"
            st.text_input(
                f"Values{known}", key=values, width=420, placeholder=EXAMPLES[name],
                help=CONTROLS["ablations.values"] if name == "lambda_init" else None,
            )  # fmt: skip


def _begin_axis(i: int) -> None:
    name = st.session_state[state.key(f"axis_{i}")]
    st.session_state[state.key(f"values_{i}")] = EXAMPLES.get(name, "")


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
    st.session_state[state.key("sweep")] = backend.sweeps().keep(planned.spec).id
    _other_sweep()


def _begun(planned: SweepPlan, open_page: Any) -> None:
    looked = sweeping.looked_at(planned)
    st.subheader(plain(planned.spec.name), anchor=False)
    _run_panel(looked, label="Go on")
    if looked.progress.ended:
        _results(looked.results, open_page, metric="clean", over="", figure="lines")


# -- running ---------------------------------------------------------------------------------------


def _size_words(looked: Looked) -> str:
    spec = looked.plan.spec
    points, seeds = len(looked.plan.points), len(spec.seeds)
    parts = [
        f"{charts.count_words(looked.progress.total, 'run')}: "
        f"{charts.count_words(points, 'setting')} × {charts.count_words(seeds, 'seed')}"
    ]
    if looked.progress.ended:
        parts.append(f"{looked.progress.ended} have their result")
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
        st.fragment(_follow, run_every=_TICK_SECONDS)(looked.plan, progress.ended)
    _failures(looked)


def _start_live(planned: SweepPlan) -> None:
    sweeping.start(planned)
    st.session_state[state.key("source")] = "live"


def _follow(planned: SweepPlan, ended_before: int) -> None:
    looked = sweeping.looked_at(planned)
    progress = looked.progress
    if progress.ended != ended_before or not progress.active:
        st.rerun()  # there is more to draw
    counts = progress.counts
    text = f"{progress.ended} of {progress.total} runs done, {counts.get('running', 0)} training"
    if looked.seconds:
        text += f" · about {duration_words(looked.seconds)} left"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(progress.share, text=text, width="stretch")
        st.button(
            "Stop", icon=":material/stop:", key="ablations.stop", on_click=sweeping.end,
            args=(looked.plan.runs, looked.lines),
        )  # fmt: skip


def _failures(looked: Looked) -> None:
    by_reason: dict[str, list[str]] = {}
    for run in looked.plan.runs:
        line = looked.lines.get(run.run_id)
        if line and line.status == "failed" and not line.summary.get("diverged"):
            by_reason.setdefault(line.reason, []).append(words(run.point))
    for reason, points in by_reason.items():
        st.warning(
            plain(f"{charts.count_words(len(points), 'run')} failed, first {points[0]}: {reason}."),
            icon=":material/info:",
        )


# -- results ---------------------------------------------------------------------------------------


def _results(results: Results, open_page: Any, *, metric: str, over: str, figure: str) -> None:
    known, axes = results.metrics, results.axes
    key = state.key
    _default("metric", list(known), metric if metric in known else "clean")
    _default("over", list(axes), over if over in axes else Layout.of(axes).over)
    layout = Layout.of(axes, st.session_state[key("over")])
    _default("baseline", axes[layout.compared], layout.baseline)
    with st.container(horizontal=True, gap="medium"):
        st.selectbox(
            "Shown", list(known), key=key("metric"), width=240,
            format_func=lambda name: known[name].title,
        )  # fmt: skip
        if len(axes) > 1:
            st.segmented_control(
                "Along", list(axes), key=key("over"), required=True, format_func=charts.axis_title
            )
        st.segmented_control(
            "As", ablations.SHOWN, key=key("shown"), required=True,
            help=CONTROLS["ablations.shown"],
        )  # fmt: skip
        st.selectbox(
            "Compared with", axes[layout.compared], key=key("baseline"), width=220,
            help=CONTROLS["ablations.baseline"],
        )  # fmt: skip
        if len(axes) > 1:
            st.segmented_control(
                "Drawn as", ablations.FIGURES, key=key("figure"), required=True
            )  # fmt: skip
    view = state.take()
    layout = Layout.of(axes, view.over, view.baseline)
    drawn = charts.Drawn.of(
        results, layout, known[view.metric], is_difference=view.shown == "difference"
    )
    told = charts.reading(drawn)
    st.markdown(plain(told))
    if len(axes) == 1 and layout.has_names:
        made = charts.dots_figure(drawn)
    elif len(axes) > 1 and view.figure == "map":
        made = charts.map_figure(drawn)
    else:
        made = charts.lines_figure(drawn)
    event = st.plotly_chart(
        made, key="ablations.chart", config={"displayModeBar": False},
        alt=f"{drawn.title} along {charts.axis_title(layout.over)}. {told}",
        on_select="rerun", selection_mode="points",
    )  # fmt: skip
    _picked(results, charts.picked(event["selection"]["points"], drawn), open_page)
    _provenance(results, drawn)
    _pareto(results, drawn)
    with st.expander("All figures and their differences", icon=":material/table_chart:"):
        st.html(charts.table_html(drawn))


def _picked(results: Results, point: Point | None, open_page: Any) -> None:
    """The runs behind a point that was clicked on, to be opened."""
    if point is None:
        st.caption("Click a point, or a number on the map, to open its runs.")
        return
    ids = [run_id for run_id in results.runs_at(point) if backend.has_run(run_id)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(charts.point_words(point))}**", width="content")
        if not ids:
            st.caption("These runs came along as figures alone; run them here to open them.")
            return
        shown = ids[:MAX_CONTENDERS]
        label = charts.count_words(len(shown), "run")
        if st.button(f"Open {label} in the Playground", icon=":material/open_in_new:"):
            playground.show_runs(shown, lambda **query: st.switch_page(open_page, **query))


def _default(field: str, known: Sequence[str], default: str) -> None:
    """What is not on offer gives way to the default."""
    if st.session_state[state.key(field)] not in known:
        st.session_state[state.key(field)] = default


def _provenance(results: Results, drawn: charts.Drawn) -> None:
    config = results.runs[0].config
    seeds = len({run.config.seed for run in results.runs})
    st.caption(
        f"{results.provenance} · {plain(config.dataset)} · {config.backbone} · "
        f"{charts.count_words(seeds, 'seed')}; whiskers and ± are 95 % t-intervals over seeds, "
        "differences are paired by seed"
    )
    st.download_button(
        "These figures (CSV)", csv_of(lambda: charts.table(drawn)), "ablation.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _pareto(results: Results, drawn: charts.Drawn) -> None:
    if drawn.metric.unit != "%" or drawn.metric.name == "diverged":
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="head.pareto"):
        st.subheader("Against cost", anchor=False, width="content")
        with st.popover("", icon=":material/help:", type="tertiary", help="What is this?"):
            st.markdown(FIGURES["ablations.pareto"])
    told = charts.pareto_reading(results, drawn.metric)
    st.plotly_chart(
        charts.pareto_figure(results, drawn.metric), key="ablations.pareto",
        config={"displayModeBar": False}, alt=f"{drawn.metric.title} against cost. {told}",
    )  # fmt: skip
    st.caption(plain(told))
