"""Trained on one domain, tested on the others; and how far the domains lie apart in each layer."""

from collections.abc import Mapping, Sequence

import streamlit as st

from afn.data import DatasetEntry, dataset_entry
from afn.data.domains import SETTINGS, settings_of
from afn.settings.norms import NORM_TITLES
from afn.wording import count_words, duration_words, percent
from afn.work.folder import ENDED

from ...kit import address, backend, cards, families, jobs, learned, people
from ...kit.batch_controls import BATCH_SIZES
from ...kit.draw.domains import MatrixRow, matrix_reading, matrix_table, unseen_means
from ...kit.families import DIGITS
from ...kit.jobs import Job
from ...kit.markdown import plain, warn
from ...kit.offers import recipe_words
from ...kit.plot import caption, csv_button, heading, markup, painted, say
from ...kit.protocol import card_button
from ...kit.stage import StageNumber, slide, stage_numbers
from ...kit.take import offer
from . import layers as domain_layers
from . import matrix, strips, yours
from . import take as experiments
from . import training as training_domains
from .training import Pair, Recipe
from .view import (
    AS_PRETRAINED,
    IMAGES,
    LABELS,
    SHOWN,
    VIEW,
    DomainsView,
    MatrixRows,
    TrainedNetworks,
    asked_of,
    default_recipe,
    images_words,
    left_out_words,
    matrices,
    matrix_tasks,
    networks_reading,
    source_words,
    sources,
    statistics_words,
    unlearned,
    wanted,
)
from .words import ABOUT

TITLE, PATH = "Domains", "domains"
"""In the navigation, and in the address."""

_TRAINING_TICK = 1.0
_SETTINGS = {"channels reduced": "all in grey", "channels increased": "all in RGB"}
_HOW = {"single source": "one domain", "leave one out": "all but one"}


def render() -> None:
    """Draw the page."""
    is_bare = not address.asked()
    is_asked, problems = VIEW.begin()
    found = families.families(cards.sound_cards())
    if is_asked and is_bare:
        VIEW.set(family=training_domains.fullest(found, VIEW.take()))
    named = families.family_now(VIEW.take().family, found)
    VIEW.set(family=named)
    family = VIEW.settle("family", found, DIGITS)
    if family != named:
        problems.append(
            f"In the link, of={named[:40]}: the data folder has no such images. Shown are the "
            "digits."
        )
    st.title("Domains", anchor=False)
    say(_intro(found[family], is_digits=family == DIGITS))
    _controls(found)
    row = st.container(horizontal=True, gap="medium", vertical_alignment="center")
    with row:
        VIEW.choice(
            "contenders", "Norms", LABELS, like=st.pills, label_visibility="collapsed",
            width="content",
        )  # fmt: skip
    view = VIEW.take()
    here = found[view.family]
    trained_on = sources(view, here)
    pairs = wanted(view, trained_on)
    recipes = training_domains.recipes(pairs, beside=default_recipe(view.family))
    if is_asked and view.recipe and view.recipe not in recipes:
        problems.append(
            f"In the link, recipe={view.recipe[:40]}: no network here was trained that way for "
            "these domains. Others are shown."
        )
    if is_asked and view.source and view.source not in trained_on:
        problems.append(
            f"In the link, source={view.source[:40]}: with these settings no network is trained "
            "on that. Another is shown."
        )
        VIEW.set(source="")
    warn(problems)
    if not view.contenders:
        VIEW.write(view)
        st.info("Choose a norm above.", icon=":material/arrow_upward:")
        return
    backend.runner().start()
    with row:
        recipe = _recipe(recipes, len(pairs))
    VIEW.write(VIEW.take())
    trained, missing = training_domains.trained_networks(recipe)
    warn(missing)
    if families.are_here(here):
        _training(recipe, pairs, trained_on, here)
    strips.render(here)
    yours.render(here)
    _matrix(recipe, trained, trained_on, here)
    offer("domains", lambda: experiments.programs_of(VIEW.take(), trained, here))
    painted()
    heading("The domains in each layer", "domains.layers", ABOUT["layers"])
    domain_layers.render(trained, trained_on, here)


def _intro(here: Sequence[DatasetEntry], *, is_digits: bool) -> str:
    names = "digits on paper, on envelopes, over photos, in fonts"
    if not is_digits:
        names = plain(", ".join(families.title_of(entry) for entry in here))
    return (
        f"The same classes in other pictures: {names}. Who is right on **domains not seen** before?"
    )


def _controls(found: Mapping[str, Sequence[DatasetEntry]]) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if len(found) > 1:
            trees = [name for name in found if "/" in found[name][0].name]
            VIEW.choice("family", "Domains", list(found), titles={t: t.upper() for t in trees})
        here = found[VIEW.take().family]
        channels = {entry.image_shape[2] for entry in here}
        if len(channels) > 1 and len(settings_of(here)) > 1:
            VIEW.choice("setting", "Channels", SETTINGS, titles=_SETTINGS)
        if not families.are_here(here):
            VIEW.set(**AS_PRETRAINED)
            return
        VIEW.choice("how", "Trained on", _HOW)
        with st.popover("How they are tested", icon=":material/tune:"):
            VIEW.choice("images", "Test images", IMAGES, like=st.selectbox)
            VIEW.choice("batch_size", "Test batch", BATCH_SIZES, like=st.select_slider)


def _recipe(recipes: dict[str, Recipe], count: int) -> Recipe:
    first, *others = recipes
    VIEW.settle("recipe", recipes, first if others else "")
    if others:
        titles = {
            key: f"{recipe_words(each.config)} · {len(each.done)} of {count} trained"
            for key, each in recipes.items()
        }
        with st.popover("Which networks", icon=":material/hub:"):
            VIEW.choice("recipe", "Networks", titles, like=st.selectbox, width=640)
    return recipes[VIEW.take().recipe or first]


# -- training what is missing ----------------------------------------------------------------------


def _training(
    recipe: Recipe, wanted: Sequence[Pair], trained_on: Sequence[str], here: Sequence[DatasetEntry]
) -> None:
    under_way = recipe.under_way
    missing = [pair for pair in wanted if pair not in recipe.done and pair not in under_way]
    entries = {name: dataset_entry(name) for name in trained_on} if missing or under_way else {}
    _failures(recipe, here)
    if missing:
        with st.container(horizontal=True, vertical_alignment="center"):
            count = f"{len(missing)} networks" if len(missing) > 1 else "network"
            rest = "missing " if recipe.done or under_way else ""
            st.button(
                f"Train the {rest}{count}", type="primary",
                icon=":material/play_arrow:", key="domains.train",
                on_click=training_domains.train, args=(recipe.config, missing),
            )  # fmt: skip
            words = [] if rest else [_how_many(wanted, entries)]
            if seconds := training_domains.seconds_needed(recipe.config, missing):
                words.append(f"takes about {duration_words(seconds)}")
            words.append(recipe_words(recipe.config))
            st.caption(plain(" · ".join(words)), width="content")

    expected = training_domains.expected_seconds(recipe.config, list(under_way))

    def drawn() -> bool:
        jobs.progress(
            training_domains.job_of(recipe, entries, expected),
            key="domains.stop", stop=training_domains.stop, args=(list(under_way.values()),),
            refused=people.why_not(*under_way.values()),
        )  # fmt: skip
        return any(run.state().status in ENDED for run in under_way.values())

    if under_way:
        jobs.follow(drawn, False, every=_TRAINING_TICK)


def _how_many(wanted: Sequence[Pair], entries: Mapping[str, DatasetEntry]) -> str:
    norms = len({norm for norm, _ in wanted})
    images = sorted({entry.num_train for entry in entries.values()})
    each = " to ".join(f"{n:,}" for n in dict.fromkeys([images[0], images[-1]]))
    sets = count_words(len(entries), "training set")
    return f"{count_words(norms, 'norm')} × {sets} of {each} images"


def _failures(recipe: Recipe, here: Sequence[DatasetEntry]) -> None:
    """One line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for (norm, source), reason in recipe.failed.items():
        name = f"{NORM_TITLES[norm]} on {source_words(source, here)}"
        by_reason.setdefault(reason or "unknown", []).append(name)
    for reason, names in by_reason.items():
        line = f"Not trained: {', '.join(names)}. The reason: {reason}."
        st.warning(plain(line), icon=":material/info:")


# -- the matrix ------------------------------------------------------------------------------------


def _matrix(
    recipe: Recipe,
    trained: TrainedNetworks,
    trained_on: Sequence[str],
    here: Sequence[DatasetEntry],
) -> None:
    names = [entry.name for entry in here]
    titles = {entry.name: families.title_of(entry) for entry in here}

    def ask_now() -> tuple[Job]:
        VIEW.keep()
        tasks = matrix_tasks(VIEW.take(), trained, trained_on, here)
        return (jobs.ask("matrix", tasks, starts=True),)

    def draw(asked: Job) -> None:
        view = VIEW.take()
        rows = matrices(view, trained, trained_on, here)
        baseline = "bn" if "bn" in rows else next(iter(rows))
        everything = [row for mine in rows.values() for row in mine]
        against = None
        if trained:
            norms = {norm for norm, _ in trained}
            there = [row for row in everything if row.norm in norms]
            words = matrix_reading(there, names, baseline=LABELS[baseline])
            colors = {row.label: row.color for row in there}
            stage_numbers(
                StageNumber(label, percent(mean), colors[label], "on unseen domains")
                for label, mean in unseen_means(there, names).items()
            )
            if len(rows) > 1:
                against = _against(rows, baseline)
        with slide("matrix"):
            _tables(
                {name: mine for name, mine in rows.items() if name != against},
                names, titles, rows[against] if against else None,
            )  # fmt: skip
        jobs.show("matrix", asked)
        if trained:
            learned.warn_of(unlearned(rows, here))
            with st.expander("In words", icon=":material/notes:"):
                say(plain(words))
                if not asked.is_running and (own := networks_reading(rows, names)):
                    say(f"**What the networks add.** {plain(own)}")
        if trained and not asked.is_running:
            _provenance(recipe, rows, view, trained, here)
        VIEW.write(VIEW.take())

    heading("Accuracy on every domain", "domains.matrix", ABOUT["matrix"])
    jobs.part(ask_now, draw)


def _against(rows: MatrixRows, baseline: str) -> str | None:
    """Has the user choose what is shown; the contender that the others are held against, if any."""
    held = SHOWN | {"difference": baseline}
    offered = [name for name in SHOWN if name == "accuracy" or held[name] in rows]
    if baseline == "bn-batch":
        offered.remove("beyond batch")  # it is the difference
    titles = {name: f"minus {LABELS[held[name]]}" for name in offered if held[name]}
    VIEW.choice("shown", "Shown", offered, titles=titles, label_visibility="collapsed")
    return held[VIEW.take().shown] or None


def _tables(
    shown: Mapping[str, Sequence[MatrixRow]],
    names: Sequence[str],
    titles: Mapping[str, str],
    against: Sequence[MatrixRow] | None,
) -> None:
    across = min(len(shown), 4)
    columns: list[st.delta_generator.DeltaGenerator] = []
    for name, mine in shown.items():
        columns = columns or list(st.columns(max(across, 2), gap="small"))
        with columns.pop(0):
            markup(
                matrix.matrix_html(
                    mine, names, against=against, caption=LABELS[name], titles=titles
                )
            )


def _provenance(
    recipe: Recipe,
    rows: MatrixRows,
    view: DomainsView,
    trained: TrainedNetworks,
    here: Sequence[DatasetEntry],
) -> None:
    names = [entry.name for entry in here]
    everything = [row for mine in rows.values() for row in mine]
    with st.container(horizontal=True):
        csv_button(
            "The matrix (CSV)", lambda: matrix_table(everything, names), "domains", in_list=True
        )
        if families.are_here(here):
            card_button(lambda: asked_of(view, trained, here), "domains", in_list=True)
    what = "Precomputed" if recipe.is_pretrained else "Cached"
    lines = [
        f"{what} · {images_words(rows, here, view.images)} · statistics: "
        f"{statistics_words(rows)} · intervals say what other images could change, not "
        "another seed"
    ]
    lines += left_out_words(rows, here)
    if not families.are_here(here):
        absent = [f"{entry.title}: {entry.how_to_get}" for entry in here if entry.how_to_get]
        lines.append(
            "These images are not in the data folder: shown is what the pretrained models were "
            f"asked for their cards. To test live, get {'; '.join(absent)}."
        )
    if "mnist" in names and "mnistm5k" in names:
        lines.append(
            "Some test digits of mnistm5k may be among those that MNIST trains on: mnist5k, of "
            "which it is made, does not say from which part it is."
        )
    for line in lines:
        caption(plain(line))
