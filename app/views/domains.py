"""Trained on one domain, tested on the others; and how far the domains lie apart in each layer."""

from collections.abc import Mapping, Sequence

import streamlit as st

from afn.data import DatasetEntry, dataset_entry
from afn.data.domains import SETTINGS, settings_of
from app import asking, backend, domains, training_domains
from app.asking import Asked
from app.charts import matrix, spread
from app.charts.batches import BATCH_SIZES
from app.charts.domains import MatrixRow, domain_words, matrix_reading, matrix_table
from app.charts.lambdas import short_layer
from app.charts.palette import run_colors
from app.domains import CONTENDERS, DIGITS, HOW, IMAGES, SHOWN, DomainsView, Trained
from app.explanations import CONTROLS, FIGURES
from app.export import csv_of
from app.markdown import plain
from app.state import domains as state
from app.training_domains import Recipe

_TRAINING_TICK = 1.0
_SETTINGS = {"channels reduced": "all in grey", "channels increased": "all in RGB"}


def render() -> None:
    """Draw the page."""
    problems = state.begin()
    st.title("Domains", anchor=False)
    st.markdown(
        "Digits on paper, on envelopes, over photos, in fonts: the same classes, other pictures. "
        "A network that learned **one domain** is tested on the others; then see how far the "
        "domains lie apart in what each **normalization layer** gets and gives on."
    )
    found = domains.families()
    if st.session_state[state.key("family")] not in found:
        st.session_state[state.key("family")] = DIGITS
    _controls(found)
    view = state.take()
    state.write_url(view)
    here = found[view.family]
    for line in problems:
        st.warning(plain(line), icon=":material/info:")
    if not view.contenders:
        st.info("Choose a norm above.", icon=":material/arrow_upward:")
        return
    backend.runner().start()
    trained_on = domains.sources(view, here)
    wanted = domains.wanted(view, trained_on)
    recipes = training_domains.recipes(wanted, beside=domains.default_recipe(view.family))
    recipe = _recipe(recipes, len(wanted))
    trained, missing = training_domains.subjects_of(recipe)
    for line in missing:
        st.warning(plain(line), icon=":material/info:")
    try:
        _training(recipe, wanted, trained_on)
        _matrix(view, trained, trained_on, here)
        _layers(trained, trained_on, here)
    except OSError as error:
        st.error(plain(f"{error}."), icon=":material/error:")


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
            format_func={"single source": "one domain", "leave one out": "all but one"}.__getitem__,
            help=CONTROLS["domains.how"],
        )  # fmt: skip
        st.selectbox("Test images", IMAGES, key=state.key("images"), width=110)
        st.select_slider(
            "Test batch", BATCH_SIZES, key=state.key("batch_size"), width=200,
            help=CONTROLS["robustness.batch"],
        )  # fmt: skip
    st.pills(
        "Norms", list(CONTENDERS), key=state.key("contenders"), selection_mode="multi",
        format_func=lambda name: CONTENDERS[name].label, help=CONTROLS["domains.contenders"],
    )  # fmt: skip


def _recipe(recipes: dict[str, Recipe], count: int) -> Recipe:
    if st.session_state[state.key("recipe")] not in recipes:
        st.session_state[state.key("recipe")] = next(iter(recipes))
    if len(recipes) > 1:
        st.selectbox(
            "Networks", list(recipes), key=state.key("recipe"),
            format_func=lambda key: (
                f"{domains.recipe_words(recipes[key].config)} · "
                f"{len(recipes[key].done)} of {count} trained"
            ),
            help=CONTROLS["domains.recipe"],
        )  # fmt: skip
    return recipes[st.session_state[state.key("recipe")]]


# -- training what is missing ----------------------------------------------------------------------


def _training(recipe: Recipe, wanted: Sequence[tuple[str, str]], trained_on: Sequence[str]) -> None:
    under_way = dict(recipe.under_way)
    missing = [pair for pair in wanted if pair not in recipe.done and pair not in under_way]
    if missing:
        with st.container(horizontal=True, vertical_alignment="center"):
            count = f"{len(missing)} networks" if len(missing) > 1 else "network"
            st.button(
                f"Train the {'missing ' if recipe.done else ''}{count}", type="primary",
                icon=":material/play_arrow:", key="domains.train",
                on_click=training_domains.train, args=(recipe.config, missing),
            )  # fmt: skip
            st.caption(domains.recipe_words(recipe.config), width="content")
    images = {source: dataset_entry(source).num_train for source in trained_on}

    def follow() -> None:
        over = [
            run for run in under_way.values() if run.state().status not in ("waiting", "running")
        ]
        if over:
            st.rerun()  # its row can be tested
        left = training_domains.seconds_left(recipe, images)
        words = f"training {len(under_way)} networks"
        if left is not None:
            words += f" · about {max(left, 1):.0f} s left"
        share = len(recipe.done) / max(len(wanted), 1)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(min(share, 1.0), text=words, width="stretch")
            st.button(
                "Stop", icon=":material/stop:", key="domains.stop",
                on_click=training_domains.stop, args=(list(under_way.values()),),
            )  # fmt: skip

    if under_way:
        st.fragment(follow, run_every=_TRAINING_TICK)()


# -- the matrix ------------------------------------------------------------------------------------


def _matrix(
    view: DomainsView, trained: Trained, trained_on: Sequence[str], here: Sequence[DatasetEntry]
) -> None:
    names = [entry.name for entry in here]
    titles = {entry.name: _title(entry) for entry in here}

    def ask_now() -> tuple[Asked]:
        state.keep()
        tasks = domains.matrix_tasks(state.take(), trained, trained_on, here)
        return (asking.ask("matrix", tasks, starts=True),)

    def draw(asked: Asked) -> None:
        view = state.take()
        rows = domains.matrices(view, trained, trained_on, here)
        baseline = "bn" if "bn" in rows else next(iter(rows))
        everything = [row for mine in rows.values() for row in mine]
        if trained:
            words = matrix_reading(
                everything, names, baseline=CONTENDERS[baseline].label, titles=titles
            )
            st.markdown(plain(words))
            if len(rows) > 1:
                st.segmented_control(
                    "Shown", SHOWN, key=state.key("shown"), required=True,
                    format_func=lambda name: (
                        name if name == "accuracy" else f"minus {CONTENDERS[baseline].label}"
                    ),
                    label_visibility="collapsed",
                )  # fmt: skip
        asking.follow(asked)
        against = rows[baseline] if state.take().shown == "difference" and len(rows) > 1 else None
        shown = {name: mine for name, mine in rows.items() if mine is not against}
        _tables(shown, names, titles, against)
        if trained and not asked.is_running:
            _provenance(everything, view, names)

    _heading("Train on one, test on the others", "domains.matrix")
    asking.section(ask_now, draw)


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


def _provenance(rows: Sequence[MatrixRow], view: DomainsView, names: Sequence[str]) -> None:
    modes = dict.fromkeys(f"{row.label} {row.statistics}" for row in rows if row.statistics)
    st.download_button(
        "The matrix (CSV)", csv_of(lambda: matrix_table(rows, names)), "domains.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    lines = [
        f"Cached · first {view.images} test images of each domain · statistics: "
        f"{', '.join(modes)} · intervals say what other images could change, not another seed"
    ]
    if "mnist" in names and "mnistm5k" in names:
        lines.append(
            "Some test digits of mnistm5k may be among those that MNIST trains on: mnist5k, of "
            "which it is made, does not say from which part it is."
        )
    for line in lines:
        st.caption(plain(line))


def _title(entry: DatasetEntry) -> str:
    return entry.name.rpartition("/")[2].replace("_", " ")


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
        if st.session_state[state.key("source")] not in possible:
            st.session_state[state.key("source")] = possible[0]
        view = state.take()
        tasks = domains.spread_tasks(view, trained, view.source, here)
        return (asking.ask("spread", list(tasks.values()), starts=True),)

    def draw(asked: Asked) -> None:
        titles = {entry.name: _title(entry) for entry in here}
        st.segmented_control(
            "Trained on", possible, key=state.key("source"), required=True,
            format_func=lambda name: domain_words(name, titles),
        )  # fmt: skip
        view = state.take()
        tasks = domains.spread_tasks(view, trained, view.source, here)
        colors = run_colors([CONTENDERS[name].norm for name in tasks])
        known = {
            name: (CONTENDERS[name].label, color, measured)
            for (name, task), color in zip(tasks.items(), colors, strict=True)
            if (measured := task.read())
        }
        asking.follow(asked)
        if known:
            _separation(list(known.values()))
            _one_layer(known, titles)
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


def _one_layer(known: Mapping[str, spread.Named], titles: Mapping[str, str]) -> None:
    if st.session_state[state.key("looked_at")] not in known:
        st.session_state[state.key("looked_at")] = next(iter(known))
    with st.container(horizontal=True, gap="medium"):
        st.segmented_control(
            "Norm", list(known), key=state.key("looked_at"), required=True,
            format_func=lambda name: CONTENDERS[name].label,
        )  # fmt: skip
        measured = known[st.session_state[state.key("looked_at")]][2]
        names = [layer.name for layer in measured.layers]
        if st.session_state[state.key("layer")] not in names:
            st.session_state[state.key("layer")] = names[0]
        st.selectbox(
            "Layer", names, key=state.key("layer"), format_func=short_layer, width=200
        )  # fmt: skip
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
