"""Your model: its norm layers as found, converted, with averages measured anew, and tested."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from afn.ask.network import Network
from afn.ask.records import Cell
from afn.own.kept import KeptModel
from afn.settings.norms import NORM_TITLES
from afn.wording import statistics_told

from ...kit import address, backend, families, own, routes
from ...kit.batch_controls import STATISTICS
from ...kit.draw.palette import NORM_COLORS
from ...kit.jobs import Job, ask, part, show
from ...kit.markdown import plain, warn
from ...kit.plot import caption, heading, markup, records, say
from .layers import row_html
from .view import CLEAN, IMAGES, NORMS, VIEW, YoursView
from .words import ABOUT, EXAMPLE, START, becoming, facts

TITLE, PATH = "Your model", "your-model"
"""In the navigation, and in the address."""


def render() -> None:
    """Draw the page."""
    _, problems = VIEW.begin()
    bases = [each for each in own.models() if each.digest == each.base]
    with st.container(horizontal=True, vertical_alignment="bottom", key="yours-head"):
        st.title("Your model", anchor=False, width="content")
        if bases:
            titles = {each.id: each.id for each in bases}
            asked = VIEW.take().model
            if asked and asked not in titles:
                problems.append(f"In the link, model={asked[:60]}: this server has no such model.")
            VIEW.settle("model", titles)
            if len(bases) > 1:
                VIEW.choice("model", "Model", titles, like=st.selectbox, width=300)
        st.page_link(routes.to("advise"), label="Should I use it?", icon=":material/balance:")
        st.page_link(routes.to("data"), label="Your data", icon=":material/add_a_photo:")
    warn([*problems, *(f"{line}." for line in own.problems())])
    if not bases:
        _how()
        return
    kept = next(each for each in bases if each.id == VIEW.take().model)
    _found(kept)
    _copies(kept)


def _how() -> None:
    say(
        "Any torch model: its norm layers **converted**, looked **into**, tested on corruptions. "
        "Start the app with it:"
    )
    st.code(START, language="shell", wrap_lines=True)
    st.code(EXAMPLE, language="python", wrap_lines=True)


# -- as it was found -------------------------------------------------------------------------------


def _found(kept: KeptModel) -> None:
    say(f"**{plain(kept.id)}** · {facts(kept)}")
    if kept.layers:
        heading("Its norm layers", "yours.layers", ABOUT["layers"])
        markup(row_html(kept))
    say(plain(becoming(kept)))
    if not kept.layers and not kept.notes:
        return
    with st.expander("Each layer, and what was assumed", icon=":material/list:"):
        for note in kept.notes:
            st.markdown(f"- {plain(note)}")
        if kept.layers:
            rows = [
                {
                    "layer": each.path, "is": each.kind, "channels": each.channels,
                    "as AFN": each.becomes or "stays", "why": each.reason,
                }
                for each in kept.layers
            ]  # fmt: skip
            records(rows, height="content" if len(rows) <= 12 else 450)


# -- it and its copies -----------------------------------------------------------------------------


def _copies(kept: KeptModel) -> None:
    network = own.network_of(kept)
    heading("As it is, and changed", "yours.copies", ABOUT["copies"])
    datasets = families.fitting(network)
    with st.container(horizontal=True, vertical_alignment="bottom", key="yours-controls"):
        VIEW.choice("dataset", "Images", datasets, like=st.selectbox, width=190)
        if any(each.has_choice for each in own.models() if each.base == kept.base):
            VIEW.choice("stats", "Statistics", STATISTICS)
        if any(each.becomes for each in kept.layers):
            titles = {name: NORM_TITLES[name] for name in NORMS}
            VIEW.choice("norm", "Another norm", titles, like=st.selectbox, width=130)
            norm = VIEW.take().norm
            pressed = st.button(
                f"Convert to {NORM_TITLES[norm]}", icon=":material/swap_horiz:", type="primary",
                key="yours.convert",
            )  # fmt: skip
            if pressed and _made(kept, norm=norm):
                st.rerun()
    view = VIEW.take()
    VIEW.write(view)
    copies = [each for each in own.models() if each.base == kept.base]
    of_its_classes = view.dataset in _known(network, datasets)
    backend.runner().start()
    if not of_its_classes:
        _draw(copies, view, None)
        return
    tasks = [view.task(own.network_of(each)) for each in copies]
    part(
        lambda: [ask("yours", tasks, starts=True)],
        lambda job: _draw(copies, view, job),
    )


def _known(network: Network, datasets: Mapping[str, str]) -> list[str]:
    """Data sets of its classes."""
    return [name for name, title in datasets.items() if not title.endswith(families.OTHER_CLASSES)]


def _made(kept: KeptModel, *, norm: str = "", averages: str = "") -> bool:
    try:
        own.change(kept, norm=norm, averages=averages)
    except (ValueError, OSError) as error:
        st.error(plain(f"{error}."), icon=":material/error:")
        return False
    return True


def _draw(copies: Sequence[KeptModel], view: YoursView, job: Job | None) -> None:
    """A row for each: accuracy where it knows the classes, and where to go with it."""
    cells: dict[str, Cell] = {}
    for kept in copies if job else ():
        network = own.network_of(kept)
        found = network.file(view.question(network)).cells()
        if CLEAN in found:
            cells[kept.id] = found[CLEAN]
    for kept in copies:
        with st.container(key=f"yours-copy-{kept.digest[:8]}", border=True):
            markup(_row_html(kept, view, cells.get(kept.id), is_tested=job is not None))
            _actions(kept, view)
    if job:
        show("yours", job)
        if cells:
            data = plain(backend.data_words(view.dataset))
            caption(
                f"Live · {IMAGES} clean test images of {data} at most, test batches of"
                f" {view.batch_size}; bars with 95 % intervals"
            )
    else:
        caption(
            "No accuracy: the classes of these images are not the model's. Start the app with "
            "`classes=` and the name of a data set, or names, to have it counted."
        )


def _row_html(kept: KeptModel, view: YoursView, cell: Cell | None, *, is_tested: bool) -> str:
    network = own.network_of(kept)
    told, bar = "…", ""
    if cell is not None:
        low, high = cell.interval
        told = f"{100 * cell.accuracy:.1f} % <em>{100 * low:.1f} to {100 * high:.1f}</em>"
        bar = (
            f'<b style="width:{100 * cell.accuracy:.2f}%"></b>'
            f'<i style="left:{100 * low:.2f}%;width:{100 * (high - low):.2f}%"></i>'
        )
    statistics = statistics_told(view.question(network).statistics, IMAGES)
    did = "" if kept.digest == kept.base or not kept.became else "; ".join(kept.summary[:3])
    counted = f'<span class="scale">{bar}</span><span class="told">{told}</span>'
    return (
        f'<div class="afn-copy" style="--hue:{NORM_COLORS[network.config.norm]}">'
        f'<span class="name"><i></i>{escape(_name(kept))}</span>{counted if is_tested else ""}'
        f"<small>statistics: {escape(statistics)}{f' · {escape(did)}' if did else ''}</small></div>"
    )


def _name(kept: KeptModel) -> str:
    as_what = f"as {NORM_TITLES[kept.became]}" if kept.became else "as it is"
    return f"{as_what}, averages of {kept.averages}" if kept.averages else as_what


def _actions(kept: KeptModel, view: YoursView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        key = kept.digest[:8]
        if kept.layers and st.button("Look inside", icon=":material/search:", key=f"in.{key}"):
            address.go(routes.to("inside"), {"model": kept.id, "data": view.dataset})
        is_known = bool(own.network_of(kept).config.dataset)
        if is_known and st.button("Robustness", icon=":material/blur_on:", key=f"robust.{key}"):
            models = [each.id for each in own.models() if each.base == kept.base][:4]
            ids = models if kept.id in models else [kept.id, *models[:3]]
            address.go(routes.to("robustness"), {"models": "~".join(ids)})
        if kept.tracks and not kept.averages:
            pressed = st.button(
                f"Averages of {plain(backend.data_words(view.dataset))}",
                icon=":material/avg_pace:", key=f"avg.{key}",
                help="Running averages measured anew on its training images; parameters stay.",
            )  # fmt: skip
            if pressed and _made(kept, norm=kept.became, averages=view.dataset):
                st.rerun()
