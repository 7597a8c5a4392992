"""Inside the layer: every step of a norm layer on a batch, with λ to move by hand."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import streamlit as st

from afn.ask.inside import own_picture
from afn.ask.inside.look import POOL, SHOWN, Look, Neighbours, Seen
from afn.ask.inside.networks import network
from afn.ask.network import Network
from afn.data import dataset_entry
from afn.data.picture_files import SUFFIXES, num_frames
from afn.settings.norms import NORM_TITLES
from afn.work.folder import ENDED

from ...kit import backend, card_view, cards, networks
from ...kit.batch_controls import ORDERS, STATISTICS, corruption
from ...kit.draw.corruptions import group_title
from ...kit.draw.legend import Entry, short_layer
from ...kit.draw.palette import GREY, NORM_COLORS
from ...kit.families import is_here, other_domains
from ...kit.jobs import follow
from ...kit.markdown import plain, warn
from ...kit.offers import Choice, alike
from ...kit.plot import csv_button, heading
from ...kit.take import offer
from . import take as layers
from . import words
from .layer import drawing, inside_layer
from .neighbours import neighbours_html, neighbours_reading
from .view import (
    CORRUPTIONS,
    NORMS,
    SIZES,
    UPLOADER,
    VIEW,
    InsideView,
    keep_upload,
    look_of,
    unforced,
    untrained_names,
    upload,
    upload_refused,
    wish,
)
from .words import ABOUT, HELP

TITLE, PATH = "Inside the layer", "inside"
"""In the navigation, and in the address."""

_SOURCES = {"test images": "a test image", "a drawing": "a drawing", "an upload": "an upload"}
_TICK_SECONDS = 3.0
"""How often a network that still trains is looked at anew."""
_NETWORK = "#8E6BBF"
"""The encoder-decoder's part, whatever the norm."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The network that is looked into, and those that answer beside it."""

    subject: Network
    others: tuple[Network, ...]
    is_live: bool

    @property
    def label(self) -> str:
        return NORM_TITLES[self.subject.config.norm]

    @property
    def before(self) -> str:
        """What it is with nothing forced."""
        return "untrained" if self.subject.id in untrained_names() else "as trained"

    @property
    def contenders(self) -> list[Entry]:
        norms = [each.config.norm for each in (self.subject, *self.others)]
        return [Entry(NORM_TITLES[norm], NORM_COLORS[norm]) for norm in norms]


def render() -> None:
    """Draw the page."""
    is_asked, problems = VIEW.begin()
    st.title("Inside the layer", anchor=False)
    st.markdown(
        "One batch, one norm layer, every number. Watch how images become **statistics**, how the "
        "encoder-decoder proposes others, how **λ** mixes the two, and what becomes of the answers "
        "when you move λ by hand."
    )
    offered = [each for each in networks.choices(running=True) if each.config.norm in NORMS]
    titles = {choice.id: choice.title for choice in offered} | untrained_names()
    if not VIEW.take().model:
        VIEW.set(model=_default(offered))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        VIEW.pick("model", "Network", titles, width=420)
        chosen, missing = _opened(VIEW.take().model, offered)
        datasets = _datasets(chosen.subject.config.dataset) if chosen else {}
        if chosen and datasets:
            problems += _dataset(datasets, is_linked=is_asked)
    warn([*problems, *missing])
    VIEW.write(VIEW.take())
    if chosen is None:
        return
    own = chosen.subject.config.dataset
    if not datasets:
        st.info(
            plain(
                f"The images of {own} are not in the data folder, so there is no batch to send "
                f"through this network: {_how_to_get(own)}. Or choose another network above."
            ),
            icon=":material/inventory_2:",
        )
        return
    if chosen.subject.id in cards.names():
        card_view.cards([cards.card_of(chosen.subject.id)], key="inside")
    heading("One batch through one layer", "inside.layer", ABOUT["layer"])
    st.fragment(_part)(chosen)


# -- what is chosen --------------------------------------------------------------------------------


def _default(offered: Sequence[Choice]) -> str:
    """The newest AFN that has its encoder-decoder; an untrained one where there is none."""
    adaptive = [each.id for each in offered if each.config.norm == "afn" and each.config.adaptive]
    return next(iter(adaptive), "untrained-afn")


def _opened(name: str, offered: Sequence[Choice]) -> tuple[_Chosen | None, list[str]]:
    if name in untrained_names():
        others = [network(each) for each in untrained_names() if each != name]
        return _Chosen(network(name), tuple(others), is_live=False), []
    try:
        subject = networks.network_of(name)
    except (ValueError, OSError) as error:
        return None, [f"{error}."]
    if subject.config.norm not in NORMS:
        known = ", ".join(NORM_TITLES[norm] for norm in NORMS)
        return None, [
            f"{NORM_TITLES[subject.config.norm]} cannot be looked into. Choose {known} above."
        ]
    is_live = backend.has_run(name) and backend.run(name).state().status not in ENDED
    return _Chosen(subject, tuple(_siblings(name, subject, offered)), is_live), []


def _siblings(name: str, subject: Network, offered: Sequence[Choice]) -> list[Network]:
    """One network of each other norm that else was trained alike, of the same kind first."""
    pretrained = set(cards.names())
    found: dict[str, Network] = {}
    kindred = [
        each
        for each in offered
        if alike(each.config) == alike(subject.config) and each.config.norm != subject.config.norm
    ]
    kindred.sort(key=lambda each: (each.id in pretrained) != (name in pretrained))
    for each in kindred:
        if each.config.norm not in found:
            try:
                found[each.config.norm] = networks.network_of(each.id)
            except (ValueError, OSError):
                continue  # whoever asks for it by name is told
    return [found[norm] for norm in ("bn", "asrnorm", "afn") if norm in found]


def _datasets(own: str) -> dict[str, str]:
    """Test images that the network can be shown: name -> title; its own first."""
    return ({own: own} if is_here(own) else {}) | other_domains(own)


def _dataset(datasets: dict[str, str], *, is_linked: bool) -> list[str]:
    problems, named = [], VIEW.take().dataset
    with suppress(ValueError):  # a link may have its name of before scripts were kept
        named = dataset_entry(named).name if named else named
    VIEW.set(dataset=named)
    shown = VIEW.settle("dataset", datasets)
    if named not in ("", shown) and is_linked:
        problems.append(
            f"In the link, data={named[:60]}: not here, or of other classes. {shown} is shown."
        )
    VIEW.choice("dataset", "Test images", datasets, like=st.selectbox, width=200)
    return problems


def _how_to_get(dataset: str) -> str:
    try:
        return dataset_entry(dataset).how_to_get or "put them there"
    except ValueError as error:
        return f"{error}"


# -- the part that follows the hand ----------------------------------------------------------------


def _part(chosen: _Chosen) -> None:
    VIEW.keep()
    _batch(chosen)
    picture = _picture(VIEW.take(), chosen.subject)
    every = _TICK_SECONDS if chosen.is_live else None
    follow(lambda: _layer(chosen, picture), None, every=every)  # without controls: quick to redraw


def _layer(chosen: _Chosen, picture: bytes) -> None:
    view = VIEW.take()
    VIEW.write(view)
    look = look_of(view, chosen.subject, chosen.others, picture)
    try:
        backend.runner().start()
        seen = backend.inspector().look(look)
    except (ValueError, OSError) as error:
        st.error(plain(f"{error}."), icon=":material/error:")
        return
    _diagram(chosen, view, seen)
    told = _provenance(chosen, view, seen)
    csv_button("All channels (CSV)", lambda: words.table(seen), "layer", told)
    _neighbours(chosen, look, view)
    offer("inside", lambda: layers.programs_of(view, look, seen))


def _batch(chosen: _Chosen) -> None:
    with st.container(horizontal=True, gap="medium"):
        dataset = VIEW.take().dataset or chosen.subject.config.dataset
        corruption(VIEW, CORRUPTIONS, dataset, chosen.subject.image_shape)
        st.slider("Severity", 0, 5, key=VIEW.key("severity"), width=150)
        VIEW.choice("size", "Batch", SIZES, like=st.select_slider, width=170)
        VIEW.choice("order", "Batches", ORDERS)
        st.number_input(
            "From image", 0, POOL - 1, step=1, key=VIEW.key("first"), width=120,
            help=HELP["first"],
        )  # fmt: skip
        if chosen.subject.has_choice:
            VIEW.choice("stats", "Statistics", STATISTICS)
        VIEW.choice("source", "First place", _SOURCES)


def _picture(view: InsideView, subject: Network) -> bytes:
    """The image of one's own, as the network takes it; empty where there is none."""
    is_digit = subject.knows_digits
    if view.source == "a drawing":
        if not is_digit:
            st.info("This network does not know digits: upload a picture instead.")
            return b""
        drawn = own_picture.from_text(view.picture) if view.picture else None
        with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
            drawing("inside_drawing", drawn, on_drawn=_drawn)
            if drawn is None:
                st.caption("Draw a digit: large, in one go. It is laid out as MNIST's are.")
            else:
                st.caption("The network gets it in the first place of the batch, below.")
        return b"" if drawn is None else own_picture.in_shape(drawn, subject.image_shape)
    if view.source == "an upload":
        if refusal := upload_refused():
            st.info(refusal, icon=":material/open_in_new:")
        else:
            st.file_uploader(
                "A picture", list(SUFFIXES), key=UPLOADER, width=420,
                max_upload_size=5, on_change=keep_upload,
            )  # fmt: skip
        if data := upload().data:
            try:
                taken = own_picture.from_upload(data, subject.image_shape, is_digit=is_digit)
                if (count := num_frames(data)) > 1:
                    st.caption(f"The file holds {count} pictures: the first one is taken.")
                return taken
            except ValueError as error:
                st.error(plain(f"{error}."), icon=":material/error:")
    return b""


def _drawn(canvas: np.ndarray) -> None:
    picture = ""
    if canvas.any():
        with suppress(ValueError):  # too faint a dot to be a digit
            picture = own_picture.to_text(own_picture.centred(canvas))
    VIEW.set(picture=picture, image=0)


def _diagram(chosen: _Chosen, view: InsideView, seen: Seen) -> None:
    norm = chosen.subject.config.norm
    followed = min(seen["image"], SHOWN - 1)
    inside_layer(
        "inside_layer",
        {
            "subject": chosen.subject.id,
            "seen": seen,
            "stages": [
                {"id": s.id, "title": s.title, "formula": s.formula, "reading": s.reading}
                for s in words.stages(seen)
            ],
            "label": chosen.label,
            "colors": {
                "own": NORM_COLORS[norm],
                "bn": NORM_COLORS["bn"],
                "asrnorm": NORM_COLORS["asrnorm"],
                "other": NORM_COLORS["afn" if norm == "asrnorm" else "asrnorm"],
                "network": _NETWORK,
                "quiet": GREY,
            },
            "titles": words.titles(seen, chosen.label),
            "contenders": [{"label": who.label, "color": who.color} for who in chosen.contenders],
            "before": chosen.before,
            "score": words.score_words(seen, chosen.label, chosen.before),
            "limit": words.limit_words(seen),
            "has_lambdas": bool(seen["hidden"]),
            "is_as_trained": view.stats == "trained",
            "where": view.where,
            "followed": followed,
        },
        on_wish=wish,
    )


def _provenance(chosen: _Chosen, view: InsideView, seen: Seen) -> str:
    config = chosen.subject.config
    kind = "Live, the network still trains" if chosen.is_live else "Live"
    corruption = f"{group_title(view.corruption)} {view.severity}" if view.severity else "clean"
    return (
        f"{kind} · {config.dataset}, {config.backbone}, {chosen.before}, seed {config.seed} "
        f"· layer "
        f"{short_layer(seen['layer'])} · batch of {seen['size']} from {view.dataset}, {corruption} "
        f"({seen['source']}) · statistics: {seen['statistics']}"
    )


# -- one image among others ------------------------------------------------------------------------


def _neighbours(chosen: _Chosen, look: Look, view: InsideView) -> None:
    heading("One image among others", "inside.neighbours", ABOUT["neighbours"])
    if view.size == 1:
        st.caption("In a batch of one there are no neighbours. Choose a larger batch above.")
        return
    try:
        plain_look = unforced(look)
        found = _asked_neighbours(json.dumps(plain_look.to_json()), plain_look)
    except (ValueError, OSError) as error:
        st.error(plain(f"{error}."), icon=":material/error:")
        return
    st.markdown(plain(neighbours_reading(found, chosen.contenders)))
    st.html(neighbours_html(found, chosen.contenders))
    st.caption(
        f"Image {look.image} of the batch, as trained, among {min(view.size - 1, 63)} others each "
        f"time. Framed: another answer than alone."
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def _asked_neighbours(question: str, _look: Look) -> Neighbours:
    return backend.inspector().neighbours(_look)
