"""What the paper publishes beside what is measured here, and the evidence for its mechanisms."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from afn.corruptions.severities import rule_words
from afn.pretrained.asks import Reading
from afn.pretrained.lacking import command, lacking, what_it_takes
from afn.pretrained.ladder import LADDERS, ladder
from afn.pretrained.measured import Results
from afn.pretrained.protocols import ASPECTS, WHY_NOT, protocol, stems_of
from afn.pretrained.published import TABLES, Table
from afn.pretrained.replication import Replicated, condition_of
from afn.pretrained.ways import Ask

from ...kit import cards, measured
from ...kit.draw import movement
from ...kit.draw.asked import asked_html, asked_rows
from ...kit.draw.legend import Entry, legend_html
from ...kit.markdown import plain, warn
from ...kit.plot import caption, csv_button, header, heading, markup, painted, plot, say
from ...kit.sections import calibration
from ...kit.sections import movement as moving
from ...kit.stage import StageNumber, slide, stage_numbers
from ...kit.take import offer
from . import evidence
from . import take as published
from . import take_mechanisms as mechanisms
from . import theory_section as paper_theory
from .charts import ladder as ladders
from .charts import mechanisms as figures
from .charts import paper as charts
from .charts.forest import forest_html
from .charts.paper import protocol_html
from .charts.verdicts import OUTCOMES, outcomes, picture_html
from .mechanisms import STARTS, VARIANTS
from .view import ANY, NETWORKS, READINGS, VIEW, PaperView, claim_words, fit_words, level_words
from .words import ABOUT

TITLE, PATH = "Paper", "paper"
"""In the navigation, and in the address."""

_TOLD = ("network", "image size", "training", "augmentation", "data", "domains", "corruptions")
"""What of the protocol is told beside every table."""


def render() -> None:
    """Draw the page."""
    _, problems = VIEW.begin()
    offered = _offered(problems)
    view = VIEW.take()
    st.title("The paper, measured here", anchor=False)
    say(
        "What AFN's tables claim, and what came out here: smaller networks, less training, so that "
        "the **sign** counts."
    )
    warn(problems)
    try:
        results = measured.results()
    except (ValueError, OSError) as error:
        st.error(plain(str(error)))
        return
    rows = {table.name: _rows(table, view) for table in TABLES}
    found = measured.asked()
    heading("All verdicts", "paper.verdicts", ABOUT["verdicts"], kind="precomputed")
    marks = Counter(outcomes(rows, found))
    of_all = f"of {marks.total()} claims and questions"
    stage_numbers(
        StageNumber(each.title, f"{marks[each]}", each.color, of_all) for each in OUTCOMES
    )
    with slide("verdicts"):
        markup(picture_html(rows, found))
    with st.expander("Claim by claim", icon=":material/ssid_chart:"):
        markup(forest_html(rows))
        caption(plain(claim_words()))
    with st.expander("Question by question", icon=":material/quiz:"):
        st.markdown(ABOUT["asked"])
        markup(asked_html(found))
        csv_button("This table (CSV)", lambda: asked_rows(found), "asked")
    heading("The published tables", "paper.table", ABOUT["table"], kind="precomputed")
    for table in TABLES:
        with st.expander(table.title):
            _table(table, results)
    painted()
    _mechanisms(offered)
    _ladders(results)
    _calibration()
    view = VIEW.take()
    reading: Reading = "tests" if view.reading == "tests" else "trains"
    offer("paper", lambda: [*published.programs_of(reading), *mechanisms.programs_of(view.network)])
    VIEW.write(replace(view, network=ANY) if [view.network] == offered[:1] else view)


def _offered(problems: list[str]) -> list[str]:
    """Networks whose training can be looked at; one of them is chosen."""
    offered = [name for name in NETWORKS if cards.find(f"{name}-afn")]
    named = VIEW.take().network
    if offered and named not in offered:
        VIEW.set(network=offered[0])
        if named != ANY:
            problems.append(f"In the link, network={named}: not trained yet. Another is shown.")
    return offered


def _rows(table: Table, view: PaperView) -> list[Replicated]:
    return measured.rows(table, "tests" if view.reading == "tests" else "trains")


# -- published tables ------------------------------------------------------------------------------


def _table(table: Table, results: Results) -> None:
    if table.name == "digits_single_each":
        VIEW.choice("reading", "A column is the domain", READINGS)
    view = VIEW.take()
    every = {each.name: _rows(each, view) for each in TABLES}
    rows = every[table.name]
    if words := charts.table_reading(every, table.name):
        say(plain(words))
    markup(charts.table_html(table, rows))
    notes = list(table.notes)
    if table.name == "digits_single_each":
        notes += fit_words({each: measured.rows(table, each) for each in READINGS})
    if table.name == "cifar10c":
        notes += level_words(table, results)
    if table.name in WHY_NOT and not all(row.is_planned for row in rows):
        notes.append(WHY_NOT[table.name])
    for note in notes:
        caption(plain(note))
    _what_it_takes(table, rows)
    if not any(row.is_planned for row in rows):
        return
    missing = lacking(results, stems_of(table, rows))
    here = protocol(table, rows, results, cards.find)
    caption(plain(_provenance(table, rows, here)))
    if missing:
        total = len(missing) + _made(table, rows, results)
        st.caption(f"{len(missing)} of {total} planned models are not there yet. This makes them:")
        st.code(command(missing), language="shell", wrap_lines=True)
    caption(plain(_protocol_words(here)))
    with st.popover("Protocol, published and here; data", icon=":material/compare_arrows:"):
        markup(protocol_html(table.protocol, here, ASPECTS))
        csv_button("This table (CSV)", lambda: charts.table_rows(table, rows), table.name)


def _what_it_takes(table: Table, rows: Sequence[Replicated]) -> None:
    """The commands behind rows that are not measured here."""
    commands: dict[str, list[str]] = {}
    for row in (row for row in rows if not row.is_planned):
        if found := what_it_takes(table, row.row):
            commands.setdefault(found, []).append(row.row.name)
    if not commands:
        return
    st.caption(
        "Rows not measured here, and what comes nearest for whoever has the data and the hours; "
        "likewise with `--norm bn` and `asrnorm`:"
    )
    lines = [f"# {', '.join(names)}\n{found}" for found, names in commands.items()]
    st.code("\n".join(lines), language="shell", wrap_lines=True)


def _made(table: Table, rows: Sequence[Replicated], results: Results) -> int:
    stems = set(stems_of(table, rows))
    return sum(name in stems or name.rpartition("-s")[0] in stems for name in results.models)


def _provenance(table: Table, rows: Sequence[Replicated], here: Mapping[str, str]) -> str:
    parts = ["Precomputed", f"seeds: {here.get('seeds', 'none yet')}"]
    if images := here.get("test images"):
        parts.append(f"{images.removesuffix(' in each test')} images in each test")
    found = next(filter(None, map(cards.find, stems_of(table, rows))), None)
    if found:
        parts += [
            f"torch {found.versions.get('torch', '?')}",
            f"{found.versions.get('processor', '')}",
        ]
    parts.append("± and brackets: 95 % intervals over seeds and images, † not paired by seed")
    return " · ".join(part for part in parts if part)


def _protocol_words(here: Mapping[str, str]) -> str:
    named = ("augmentation", "domains", "corruptions")
    told = [
        f"{aspect}: {here[aspect]}" if aspect in named else here[aspect]
        for aspect in _TOLD
        if aspect in here
    ]
    return f"Protocol here: {'; '.join(told)}."


# -- mechanisms ------------------------------------------------------------------------------------


def _mechanisms(offered: Sequence[str]) -> None:
    header("Its three mechanisms")
    if not offered:
        st.caption("No AFN network is there yet. This makes one of the embedded digits:")
        st.code("python -m afn pretrained train mnist5k-afn", language="shell")
        return
    VIEW.choice("network", "Looked at in", offered, titles=NETWORKS)
    network = VIEW.take().network
    courses = evidence.courses(network)
    told = _told(network)
    _learning(network, told)
    _growth(network, told)
    _gradients(network, told)
    paper_theory.render(network, told)
    names = [f"{network}-{variant}" for variant in VARIANTS]
    absent = set(names) - {each.name for each in courses}
    if missing := [name for name in lacking(Results([]), names) if name in absent]:
        st.caption("Some of these trainings are not there yet. This makes them:")
        st.code(command(missing), language="shell", wrap_lines=True)


def _told(network: str) -> str:
    """Under every figure: of which networks it is."""
    condition = condition_of([Ask(network, "")])
    return " · ".join(filter(None, ["Precomputed", NETWORKS[network], condition, "seed 0 of each"]))


_AGAINST = {
    "frozen": "frozen networks (shown the averages of training, so that they answer constants)",
    "off": "networks off (every λ forced to 0, which also takes away what the weights are used to)",
}
"""What adapting networks are held against."""


def _learning(network: str, told: str) -> None:
    heading(
        "1 · Does the encoder-decoder learn?", "paper.learn", ABOUT["learn"], kind="precomputed",
        is_part=True,
    )  # fmt: skip
    _movement(network)
    effects = evidence.effects(network)
    course = next((each for each in evidence.courses(network) if each.variant == "afn"), None)
    words = figures.effects_reading(effects, course)
    say(plain(words))
    if effects:
        plot(figures.effects_figure(effects), words, "paper.effects", is_told=True)
    control = effects[0].control if effects else "frozen"
    if older := next(filter(None, (effect.older for effect in effects)), ""):
        told += f" · images {older}"
    caption(
        plain(
            f"{told} · statistics of the test batch in both · against {_AGAINST[control]}, same "
            "weights and images; 95 % intervals over images, not over seeds"
        )
    )
    if effects:
        csv_button(
            f"Networks on − {control} (CSV)", lambda: figures.effects_table(effects), "networks"
        )


def _movement(network: str) -> None:
    """Where the networks' matrices went, and how much their answers change."""
    moved = evidence.moved(network)
    mine = [each for name, each in moved.items() if name == f"{network}-afn"]
    others = [each for name, each in moved.items() if name != f"{network}-afn"]
    if not mine:
        return
    parts = [movement.way_reading(mine), movement.answers_reading(mine)]
    say(plain(" ".join([*parts, movement.turns_reading(others)])))
    shown = list(moved.values())
    markup(legend_html([Entry(each.label, each.color) for each in shown]))
    moving.figures(shown, key="paper.movement")
    caption(plain(f"{_told(network)} · {moving.source_words(shown)}"))
    csv_button("Networks and answers (CSV)", lambda: movement.table(shown), "movement")


def _growth(network: str, told: str) -> None:
    heading("2 · Do λ grow?", "paper.lambdas", ABOUT["lambdas"], kind="precomputed", is_part=True)
    courses = [each for each in evidence.courses(network) if each.variant in STARTS]
    words = figures.lambdas_reading(courses)
    say(plain(words))
    if not courses:
        return
    plot(figures.lambdas_figure(courses), words, "paper.lambdas", is_told=True)
    caption(plain(f"{told} · a dot per layer"))
    csv_button("λ by layer (CSV)", lambda: figures.lambdas_table(courses), "lambdas")


def _gradients(network: str, told: str) -> None:
    heading(
        "3 · Does a small λ keep gradients tame?", "paper.gradients", ABOUT["gradients"],
        kind="precomputed", is_part=True,
    )  # fmt: skip
    courses = evidence.courses(network)
    words = figures.gradients_reading(courses)
    say(plain(words))
    if not courses:
        return
    markup(legend_html(figures.gradient_entries(courses)))
    plot(figures.gradients_figure(courses), words, "paper.gradients", is_told=True)
    caption(plain(f"{told} · the first 100 steps, and some of the others"))
    csv_button("Gradients (CSV)", lambda: figures.gradients_table(courses), "gradients")


# -- calibration -----------------------------------------------------------------------------------


def _calibration() -> None:
    network = VIEW.take().network
    if network in NETWORKS:
        calibration.render(evidence.calibrations(network), key="paper", told=_told(network))


# -- the split -------------------------------------------------------------------------------------


def _ladders(results: Results) -> None:
    heading(
        "Where the robustness gain comes from", "paper.ladder", ABOUT["ladder"],
        kind="precomputed",
    )  # fmt: skip
    found = {name: rungs for name, ask in LADDERS.items() if (rungs := ladder(results, ask()))}
    columns = st.columns(2)
    for number, (name, rungs) in enumerate(found.items()):
        words = ladders.ladder_reading(rungs)
        with columns[number % 2]:
            st.markdown(f"**{name}**")
            figure = ladders.ladder_figure(rungs)
            plot(figure, words, f"paper.ladder.{number}", about=name, is_told=True)
            seeds = ", ".join(map(str, rungs.total.ours.seeds))
            older = rule_words(results.rule(LADDERS[name]()))
            condition = condition_of(LADDERS[name]())
            notes = [words, f"Seeds: {seeds}."]
            notes += [f"Images {older}."] if older else []
            notes += [f"{condition[0].upper()}{condition[1:]}."] if condition else []
            caption(plain(" ".join(notes)))
    absent = [name for name in LADDERS if name not in found]
    if absent:
        st.caption(f"Not measured yet: {', '.join(absent)}.")
    if found:
        csv_button(
            "These steps (CSV)",
            lambda: [
                row for name, rungs in found.items() for row in ladders.ladder_table(name, rungs)
            ],
            "ladder",
        )  # fmt: skip
