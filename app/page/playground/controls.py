"""The settings in the sidebar."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from afn.data import DatasetEntry, catalogue, dataset_entry, unread
from afn.engine.ready import check_ready
from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.config import SETTINGS
from afn.settings.lambda_init import LAMBDAS
from afn.settings.norms import NORM_TITLES
from afn.settings.setting import Setting
from afn.wording import count_words, number_words

from ...kit import routes
from ...kit.comparison import MAX_CONTENDERS, OWN, SHARED, Comparison, labels, lambda_start
from ...kit.draw.palette import NORM_COLORS, run_colors
from ...kit.letters import lettered_bare
from ...kit.markdown import lettered, plain
from ...kit.people import own_names
from ...kit.setting_control import control
from . import presets
from . import view as state
from .view import key
from .words import HELP

_STARTS = {
    "paper": "paper (0.047, 0.0067)",
    "reference": "reference code (0.51, ungated)",
    "open": "wide open (0.5)",
    "off": "off (0, frozen)",
    "custom": "custom logits",
}
_ELSEWHERE = ("dataset", "backbone", "widths", "severity")
"""Shared settings whose controls are with the data, and with what is tested."""
_AVAILABLE = ("embedded", "on disk")


@st.cache_data(ttl=10, show_spinner=False)
def _catalogue(current: str, own: tuple[str, ...]) -> dict[str, DatasetEntry]:
    """All data sets: those of who looks first, and the current one, which a link or a run names."""
    found: dict[str, DatasetEntry] = {}
    for name in own:
        with suppress(ValueError):  # deleted meanwhile
            found[name] = dataset_entry(name)
    found |= catalogue()
    if current not in found:
        with suppress(ValueError):
            found = {**found, current: dataset_entry(current)}
    return found


def render() -> tuple[Comparison, list[str], Any]:
    """Draw all settings; returns what they say, one line for each thing that cannot be, and the
    place for what can be changed while they train."""
    presets.render(state.take()[0])
    _contenders()
    changes = st.container()  # what is above stays where it is
    entries = _catalogue(state.value(SETTINGS["dataset"]), own_names())
    _dataset(entries)
    _training(entries)
    comparison, errors = state.take()
    return comparison, errors or _data_errors(comparison, entries), changes


def _dataset(entries: dict[str, DatasetEntry]) -> None:
    usable = [name for name, entry in entries.items() if entry.status in _AVAILABLE]
    current = state.value(SETTINGS["dataset"])
    if current not in usable:
        reason = entries[current].how_to_get if current in entries else "it is in no catalogue"
        state.note_once(
            f"The data set {current[:40]!r} is not here ({reason}); mnist5k is used instead."
        )
        state.put_value(SETTINGS["dataset"], "mnist5k")

    def title(name: str) -> str:
        entry = entries[name]
        h, w, c = entry.image_shape
        return f"{entry.title} · {entry.num_train:,} × {h}×{w}{'' if c == 1 else ' colour'}"

    entry = entries[state.value(SETTINGS["dataset"])]
    left_out = f" Left out: {entry.left_out}." if entry.left_out else ""
    st.header("Data", anchor=False)
    st.selectbox(
        SETTINGS["dataset"].label,
        usable,
        format_func=title,
        key=key("dataset"),
        persist_state="session",
        help=f"{SETTINGS['dataset'].help}\n\n**{entry.title}.** {entry.source}{left_out}",
    )
    st.page_link(routes.to("data"), label="Your own pictures", icon=":material/add_a_photo:")
    for line in unread():
        st.caption(f":material/folder_off: {plain(line[0].upper() + line[1:])}.")
    missing = [entry for entry in entries.values() if entry.status not in _AVAILABLE]
    if missing:
        with st.expander(f"Get {count_words(len(missing), 'more data set')}"):
            st.markdown("\n".join(f"- **{e.title}**: {e.how_to_get}" for e in missing))
    named = state.value(SETTINGS["backbone"])  # by a link or a run, whatever is offered
    offered = [
        name for name, row in BACKBONE_ROWS.items()
        if name == named or not row.is_imagenet or entry.image_shape[2] == 3
    ]  # fmt: skip
    st.segmented_control(
        SETTINGS["backbone"].label,
        offered,
        key=key("backbone"),
        persist_state="session",
        required=True,
        help=SETTINGS["backbone"].help,
    )
    if BACKBONE_ROWS[state.value(SETTINGS["backbone"])].has_widths:
        _control(SETTINGS["widths"])


def _contenders() -> None:
    st.header("Contenders", anchor=False)
    comparison, _ = state.take()  # as set now: the session's are those of the page before
    names = labels(comparison)
    colors = run_colors([config.norm for config in comparison])
    for slot in range(state.count()):
        st.html(f'<div class="afn-line" style="--hue:{colors[slot]}"></div>')
        panel = _panel(slot, names[slot])
        if panel.open:
            with panel:
                _contender(slot)
    _twist()
    if state.count() < MAX_CONTENDERS:
        st.button(
            "Add a contender", icon=":material/add:", on_click=state.add_contender, width="stretch"
        )


def _twist() -> None:
    """The same statistics for BN that AFN has when it is tested: what is left of its lead?"""
    if state.batch_norms():
        is_batch = st.toggle(
            "Give BN the test batch too", key=state.settle_twist(), on_change=state.twist,
            help=HELP["twist"],
        )  # fmt: skip
        st.html(_sources(is_batch=is_batch))


def _sources(*, is_batch: bool) -> str:
    """Where BN has its mean and spread from, drawn as in the diagram: bold is how it is set."""
    rows = (
        ("is-tank", "remembered from training", not is_batch),
        ("is-sensor", "measured in the test batch", is_batch),
    )
    told = "".join(
        f'<li{" aria-current=true" if is_now else ""}><i class="{picture}"></i>{words}</li>'
        for picture, words, is_now in rows
    )
    color = NORM_COLORS["bn"]
    about = "BN’s mean and spread:"
    return f'<div class="afn-sources" style="--hue:{color}">{about}<ul>{told}</ul></div>'


def _panel(slot: int, name: str) -> Any:
    """A contender's panel: it stays open when what is set in it changes the contender's name."""
    panels = state.session().panels
    before, begins, is_open = panels.get(slot, (name, False, False))
    if before != name:
        begins = is_open  # to Streamlit, a panel of another name is another one
    panel = st.expander(name, expanded=begins, key=f"open.{slot}", on_change="rerun")
    panels[slot] = name, begins, bool(panel.open)
    return panel


def _contender(slot: int) -> None:
    _control(SETTINGS["norm"], slot, format_func=NORM_TITLES.__getitem__)
    heeded = [setting for setting in OWN if not setting.unheeded(state.said(slot))]
    if SETTINGS["lambda_init"] in heeded:
        _lambda_start(slot)
    heeded = sorted(heeded, key=lambda setting: setting.kind != "switch")
    for setting in heeded:
        if not setting.is_rare and setting.kind != "start":
            _control(setting, slot)
    _more([setting for setting in heeded if setting.is_rare], slot)
    if state.count() > 1:
        st.button(
            "Remove",
            key=f"remove.{slot}",
            icon=":material/delete:",
            on_click=state.remove_contender,
            args=(slot,),
        )


def _more(settings: Sequence[Setting], slot: int | None = None, **more: Any) -> None:
    """Settings that are rarely changed, folded away; those that are set are named below."""
    said = state.said(slot or 0)
    chosen = [
        f"{setting.title}: {setting.words(value, said)}"
        for setting in settings
        if (value := state.value(setting, slot)) != setting.default
    ]
    panel = st.expander(
        "More", key=f"more.{'training' if slot is None else slot}", on_change="rerun"
    )
    if panel.open:
        with panel:
            for setting in settings:
                _control(setting, slot, **more.get(setting.name, {}))
    elif chosen:
        st.caption(plain(", ".join(chosen)))


def _control(setting: Setting, slot: int | None = None, **more: Any) -> None:
    control(
        setting, key(setting.name, slot), state.said(slot or 0), persist_state="session", **more
    )


def _lambda_start(slot: int) -> None:
    st.selectbox(
        "λ start",
        list(_STARTS),
        format_func=_STARTS.__getitem__,
        key=key("start", slot),
        persist_state="session",
        on_change=state.begin_logits,
        args=(slot,),
        help=lettered(SETTINGS["lambda_init"].help),
    )
    if state.start_of(slot) == "custom":
        columns = st.columns(2)
        for i, (name, symbol) in enumerate(zip(LAMBDAS, "μσγβ", strict=True)):
            columns[i % 2].number_input(
                lettered_bare(f"logit of λ_{symbol}"),
                -50.0,
                50.0,
                step=0.5,
                key=key(name, slot),
                persist_state="session",
                help=HELP["logit"],
            )
        st.segmented_control(
            lettered_bare("Gate of λ_γ, λ_β"),
            ["sigmoid", "linear"],
            key=key("rescale_gate", slot),
            persist_state="session",
            required=True,
            help=lettered(HELP["rescale_gate"]),
        )
        init = state.said(slot).lambda_init
        values = zip("μσγβ", lambda_start(init).values(), strict=True)
        told = " · ".join(f"λ_{symbol} = {number_words(value, 4)}" for symbol, value in values)
        st.caption(lettered(told))


def _training(entries: dict[str, DatasetEntry]) -> None:
    st.header("Training", anchor=False)
    usual = [s for s in SHARED if not s.is_rare and s.name not in _ELSEWHERE]
    for i in range(0, len(usual), 2):
        columns = st.columns(2, vertical_alignment="bottom")
        for column, setting in zip(columns, usual[i : i + 2], strict=False):
            _control(setting, on=column)
    usable = [name for name, entry in entries.items() if entry.status in _AVAILABLE]
    named = [name for name in state.value(SETTINGS["test_domains"]) if name not in usable]
    _more(
        [setting for setting in SHARED if setting.is_rare],
        test_domains={"offered": [*usable, *named]},
    )


def _data_errors(comparison: Comparison, entries: dict[str, DatasetEntry]) -> list[str]:
    config = comparison[0]
    entry = entries.get(config.dataset)
    if entry is None:
        return [f"The data set {config.dataset} is in no catalogue."]
    try:
        check_ready(config, entries.__getitem__)
    except (ValueError, FileNotFoundError) as error:
        text = str(error)
        return [f"{text[:1].upper()}{text[1:]}."]
    return []
