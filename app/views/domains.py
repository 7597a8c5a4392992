"""Trained on one domain, tested on the others; and how far the domains lie apart in each layer."""

from collections.abc import Mapping, Sequence

import streamlit as st

from afn.data import DatasetEntry, dataset_entry
from afn.data.domains import SETTINGS, settings_of
from afn.work import ENDED
from app import asking, backend, domains, training_domains
from app.asking import Asked
from app.charts import matrix, spread
from app.charts.batches import BATCH_SIZES
from app.charts.domains import MatrixRow, domain_words, matrix_reading, matrix_table
from app.charts.estimates import count_of
from app.charts.lambdas import short_layer
from app.comparison import NORM_TITLES
from app.domains import COLORS, CONTENDERS, DIGITS, HOW, IMAGES, SHOWN, DomainsView, Rows, Trained
from app.explanations import CONTROLS, FIGURES
from app.export import csv_of
from app.markdown import plain
from app.state import domains as state
from app.training_domains import Pair, Recipe, duration_words

_TRAINING_TICK = 1.0
_SETTINGS = {"channels reduced": "all in grey", "channels increased": "all in RGB"}
_HOW = {"single source": "one domain", "leave one out": "all but one"}
_LAYERS_HEIGHT = 900
"""About that of the figures of layers, kept free until they are there."""


def render() -> None:
    """Draw the page."""
    problems, is_first = state.begin()
    found = domains.families()
    if (family := st.session_state[state.key("family")]) not in found:
        problems.append(
            f"In the link, of={family[:40]}: the data folder has no such images. Shown are the "
            "digits."
        )
        st.session_state[state.key("family")] = DIGITS
    st.title("Domains", anchor=False)
    here = found[st.session_state[state.key("family")]]
    st.markdown(_intro(here, is_digits=st.session_state[state.key("family")] == DIGITS))
    _controls(found)
    view = state.take()
    here = found[view.family]
    trained_on = domains.sources(view, here)
    wanted = domains.wanted(view, trained_on)
    recipes = training_domains.recipes(wanted, beside=domains.default_recipe(view.family))
    if is_first and view.recipe and view.recipe not in recipes:
        problems.append(
            f"In the link, recipe={view.recipe[:40]}: no network here was trained that way for "
            "these domains. Others are shown."
        )
    if is_first and view.source and view.source not in trained_on:
        problems.append(
            f"In the link, source={view.source[:40]}: with these settings no network is trained "
            "on that. Another is shown."
        )
        st.session_state[state.key("source")] = ""
    for line in problems:
        st.warning(plain(line), icon=":material/info:")
    if not view.contenders:
        state.write_url(view)
        st.info("Choose a norm above.", icon=":material/arrow_upward:")
        return
    backend.runner().start()
    recipe = _recipe(recipes, len(wanted))
    state.write_url(state.take())
    trained, missing = training_domains.subjects_of(recipe)
    for line in missing:
        st.warning(plain(line), icon=":material/info:")
    _training(recipe, wanted, trained_on, here)
    _matrix(trained, trained_on, here)
    _layers(trained, trained_on, here)


def _intro(here: Sequence[DatasetEntry], *, is_digits: bool) -> str:
    names = "digits on paper, on envelopes, over photos, in fonts"
    if not is_digits:
        names = plain(", ".join(domains.title_of(entry) for entry in here))
    return (
        f"The same classes in other pictures: {names}. How does a network do on **domains that it "
        "has not seen**? And what of AFN's gain is owed to its networks, what to the statistics of "
        "the **test batch**, which BN can use too?"
    )


def _controls(found: Mapping[str, Sequence[DatasetEntry]]) -> None:
    with st.container(horizontal=True, gap="medium"):
        if len(found) > 1:
            st.segmented_control(
                "Domains", list(found), key=state.key("family"), required=True,
                format_func=lambda name: name if name == DIGITS else name.upper(),
            )  # fmt: skip
        here = found[st.session_state[state.key("family")]]
        channels = {entry.image_shape[2] for entry in here}
        if len(channels) > 1 and len(settings_of(here)) > 1:
            st.segmented_control(
                "Channels", list(SETTINGS), key=state.key("setting"), required=True,
                format_func=_SETTINGS.__getitem__, help=CONTROLS["domains.setting"],
            )  # fmt: skip
        st.segmented_control(
            "Trained on", HOW, key=state.key("how"), required=True,
            format_func=_HOW.__getitem__, help=CONTROLS["domains.how"],
        )  # fmt: skip
        st.selectbox(
            "Test images", IMAGES, key=state.key("images"), width=120,
            help=CONTROLS["domains.images"],
        )  # fmt: skip
        st.select_slider(
            "Test batch", BATCH_SIZES, key=state.key("batch_size"), width=200,
            help=CONTROLS["domains.batch"],
        )  # fmt: skip
    st.pills(
        "Norms", list(CONTENDERS), key=state.key("contenders"), selection_mode="multi",
        format_func=lambda name: CONTENDERS[name].label, help=CONTROLS["domains.contenders"],
    )  # fmt: skip


def _recipe(recipes: dict[str, Recipe], count: int) -> Recipe:
    first, *others = recipes
    if st.session_state[state.key("recipe")] not in recipes:
        st.session_state[state.key("recipe")] = first if others else ""
    if others:
        st.selectbox(
            "Networks", list(recipes), key=state.key("recipe"),
            format_func=lambda key: (
                f"{domains.recipe_words(recipes[key].config)} · "
                f"{len(recipes[key].done)} of {count} trained"
            ),
            help=CONTROLS["domains.recipe"],
        )  # fmt: skip
    return recipes[state.take().recipe or first]


# -- training what is missing ----------------------------------------------------------------------


def _training(
    recipe: Recipe,
    wanted: Sequence[Pair],
    trained_on: Sequence[str],
    here: Sequence[DatasetEntry],
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
            words.append(domains.recipe_words(recipe.config))
            st.caption(plain(" · ".join(words)), width="content")

    def follow() -> None:
        progress = training_domains.progress_of(recipe, entries)
        total = len(recipe.done) + len(under_way)
        words = f"training: {len(recipe.done)} of {total} networks done"
        if progress.seconds_left is not None:
            words += f" · about {duration_words(progress.seconds_left)} left"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(progress.share, text=words, width="stretch")
            st.button(
                "Stop", icon=":material/stop:", key="domains.stop",
                on_click=training_domains.stop, args=(list(under_way.values()),),
            )  # fmt: skip
        if any(run.state().status in ENDED for run in under_way.values()):
            st.rerun()  # its row can be tested

    if under_way:
        st.fragment(follow, run_every=_TRAINING_TICK)()


def _how_many(wanted: Sequence[Pair], entries: Mapping[str, DatasetEntry]) -> str:
    norms = len({norm for norm, _ in wanted})
    images = sorted({entry.num_train for entry in entries.values()})
    each = " to ".join(f"{n:,}" for n in dict.fromkeys([images[0], images[-1]]))
    return f"{count_of(norms, 'norm')} × {count_of(len(entries), 'training set')} of {each} images"


def _failures(recipe: Recipe, here: Sequence[DatasetEntry]) -> None:
    """One line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for (norm, source), reason in recipe.failed.items():
        name = f"{NORM_TITLES[norm]} on {domains.source_words(source, here)}"
        by_reason.setdefault(reason or "unknown", []).append(name)
    for reason, names in by_reason.items():
        line = f"Not trained: {', '.join(names)}. The reason: {reason}."
        st.warning(plain(line), icon=":material/info:")


# -- the matrix ------------------------------------------------------------------------------------


def _matrix(trained: Trained, trained_on: Sequence[str], here: Sequence[DatasetEntry]) -> None:
    names = [entry.name for entry in here]
    titles = {entry.name: domains.title_of(entry) for entry in here}

    def ask_now() -> tuple[Asked]:
        state.keep()
        tasks = domains.matrix_tasks(state.take(), trained, trained_on, here)
        return (asking.ask("matrix", tasks, starts=True),)

    def draw(asked: Asked) -> None:
        view = state.take()
        rows = domains.matrices(view, trained, trained_on, here)
        baseline = "bn" if "bn" in rows else next(iter(rows))
        everything = [row for mine in rows.values() for row in mine]
        against = None
        if trained:
            norms = {norm for norm, _ in trained}
            there = [row for row in everything if row.norm in norms]
            words = matrix_reading(there, names, baseline=CONTENDERS[baseline].label, titles=titles)
            st.markdown(plain(words))
            if len(rows) > 1:
                against = _against(rows, baseline)
        _tables(
            {name: mine for name, mine in rows.items() if name != against},
            names, titles, rows[against] if against else None,
        )  # fmt: skip
        asking.follow(asked)
        if trained and not asked.is_running:
            if words := domains.networks_reading(rows, names):
                st.markdown(f"**What the networks add.** {plain(words)}")
            _provenance(rows, view, here)
        state.write_url(state.take())

    _heading("Accuracy on every domain", "domains.matrix")
    asking.section(ask_now, draw)


def _against(rows: Rows, baseline: str) -> str | None:
    """Has the user choose what is shown; the contender that the others are held against, if any."""
    held = SHOWN | {"difference": baseline}
    offered = [name for name in SHOWN if name == "accuracy" or held[name] in rows]
    if baseline == "bn-batch":
        offered.remove("beyond batch")  # it is the difference
    if st.session_state[state.key("shown")] not in offered:
        st.session_state[state.key("shown")] = "accuracy"
    st.segmented_control(
        "Shown", offered, key=state.key("shown"), required=True,
        format_func=lambda name: (
            f"minus {CONTENDERS[held[name]].label}" if held[name] else name
        ),
        label_visibility="collapsed",
    )  # fmt: skip
    return held[state.take().shown] or None


def _tables(
    shown: Mapping[str, Sequence[MatrixRow]],
    names: Sequence[str],
    titles: Mapping[str, str],
    against: Sequence[MatrixRow] | None,
) -> None:
    across = 3 if len(shown) == 3 else 2
    columns: list[st.delta_generator.DeltaGenerator] = []
    for name, mine in shown.items():
        columns = columns or list(st.columns(across))
        columns.pop(0).html(
            matrix.matrix_html(
                mine, names, against=against, caption=CONTENDERS[name].label, titles=titles
            )
        )


def _provenance(rows: Rows, view: DomainsView, here: Sequence[DatasetEntry]) -> None:
    names = [entry.name for entry in here]
    everything = [row for mine in rows.values() for row in mine]
    st.download_button(
        "The matrix (CSV)", csv_of(lambda: matrix_table(everything, names)), "domains.csv",
        "text/csv", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    lines = [
        f"Cached · {domains.images_words(rows, here, view.images)} · statistics: "
        f"{domains.statistics_words(rows)} · intervals say what other images could change, not "
        "another seed"
    ]
    if "mnist" in names and "mnistm5k" in names:
        lines.append(
            "Some test digits of mnistm5k may be among those that MNIST trains on: mnist5k, of "
            "which it is made, does not say from which part it is."
        )
    for line in lines:
        st.caption(plain(line))


def _heading(title: str, topic: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"head.{topic}"):
        st.subheader(title, anchor=False, width="content")
        with st.popover("", icon=":material/help:", type="tertiary", help="What is this?"):
            st.markdown(FIGURES[topic])


# -- statistics in the layers ----------------------------------------------------------------------


def _layers(trained: Trained, trained_on: Sequence[str], here: Sequence[DatasetEntry]) -> None:
    _heading("The domains in each layer", "domains.layers")
    possible = [source for source in trained_on if any(pair[1] == source for pair in trained)]
    if not possible:
        st.caption("As soon as a network is trained, its layers can be looked at here.")
        return

    def ask_now() -> tuple[Asked]:
        state.keep()
        source = st.session_state[state.key("source")]
        st.session_state[state.key("source")] = domains.source_like(source, possible)
        view = state.take()
        tasks = domains.spread_tasks(view, trained, view.source, here)
        return (asking.ask("spread", list(tasks.values()), starts=True),)

    def draw(asked: Asked) -> None:
        titles = {entry.name: domains.title_of(entry) for entry in here}
        st.segmented_control(
            "Trained on", possible, key=state.key("source"), required=True,
            format_func=lambda name: domains.source_words(name, here),
        )  # fmt: skip
        view = state.take()
        tasks = domains.spread_tasks(view, trained, view.source, here)
        known = {
            name: (CONTENDERS[name].label, COLORS[name], measured)
            for name, task in tasks.items()
            if (measured := task.read())
        }
        asking.follow(asked)
        if known:
            _separation(list(known.values()))
            _one_layer(list(tasks), known, titles, is_running=asked.is_running)
        elif asked.is_running:
            st.skeleton(height=_LAYERS_HEIGHT)  # lest the page shrinks under the reader
        state.write_url(state.take())

    asking.section(ask_now, draw)


def _separation(known: Sequence[spread.Named]) -> None:
    words = spread.separation_reading(known)
    st.markdown(f"**{spread.MEASURE_TITLES['shift'].capitalize()}**")
    st.plotly_chart(
        spread.separation_figure(known), key="domains.separation",
        config={"displayModeBar": False}, alt=spread.separation_alt(known),
    )  # fmt: skip
    st.caption(plain(words))


def _one_layer(
    offered: Sequence[str],
    known: Mapping[str, spread.Named],
    titles: Mapping[str, str],
    *,
    is_running: bool,
) -> None:
    if st.session_state[state.key("looked_at")] not in offered:
        st.session_state[state.key("looked_at")] = offered[0]
    with st.container(horizontal=True, gap="medium"):
        st.segmented_control(
            "Norm", offered, key=state.key("looked_at"), required=True,
            format_func=lambda name: CONTENDERS[name].label,
        )  # fmt: skip
        measured = known[name][2] if (name := state.take().looked_at) in known else None
        names = [layer.name for layer in measured.layers] if measured else []
        if measured:
            if st.session_state[state.key("layer")] not in names:
                st.session_state[state.key("layer")] = names[0]
            st.selectbox(
                "Layer", names, key=state.key("layer"), format_func=short_layer, width=200
            )  # fmt: skip
    if measured is None:
        if is_running:
            st.skeleton(height=_LAYERS_HEIGHT)
        return
    layer = measured.layers[names.index(st.session_state[state.key("layer")])]
    st.plotly_chart(
        spread.spread_figure(layer, titles), key="domains.spread",
        config={"displayModeBar": False}, alt=spread.spread_alt(layer),
    )  # fmt: skip
    st.caption(plain(spread.spread_reading(layer)))
    st.plotly_chart(
        spread.profile_figure(layer, titles), key="domains.profile",
        config={"displayModeBar": False}, alt=spread.profile_alt(layer),
    )  # fmt: skip
    st.caption(plain(spread.profile_reading(layer)))
    st.download_button(
        "Distances (CSV)", csv_of(lambda: spread.spread_table(list(known.values()))),
        "layers.csv", "text/csv", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    images = ", ".join(
        f"{n} of {domain_words(name, titles)}"
        for name, n in zip(measured.domains, measured.num_images, strict=True)
    )
    st.caption(plain(f"Cached · test images: {images} · batches of {measured.batch_size}"))
