"""Inside the layer: every step of a norm layer on a batch, with λ to move by hand."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import streamlit as st

from afn.ask.inside import own_picture
from afn.ask.inside.look import POOL, SHOWN, Look, Neighbours, Seen
from afn.ask.inside.networks import network
from afn.ask.network import Network
from afn.data import dataset_entry
from afn.data.picture_files import SUFFIXES, num_frames
from afn.png import data_uri
from afn.settings.norms import NORM_TITLES
from afn.work.folder import ENDED

from ...kit import backend, card_view, cards, networks, routes
from ...kit.batch_controls import ORDERS, STATISTICS, corruption
from ...kit.draw.corruptions import group_title
from ...kit.draw.legend import Entry, short_layer
from ...kit.draw.palette import GREY, NORM_COLORS
from ...kit.families import fitting, is_here, other_domains
from ...kit.handout.screen import screen
from ...kit.jobs import follow
from ...kit.markdown import plain, warn
from ...kit.offers import Choice, alike
from ...kit.plot import caption, csv_button, heading, markup, say
from ...kit.take import offer
from ...kit.uploads import upload_refused
from . import take as layers
from . import words
from .layer import inside_layer
from .neighbours import neighbours_html, neighbours_reading
from .stages import stages
from .view import (
    CORRUPTIONS,
    NEWEST,
    NORMS,
    SIZES,
    SOURCES,
    UPLOADER,
    VIEW,
    InsideView,
    keep_upload,
    look_of,
    newest,
    unforced,
    untrained_names,
    upload,
    wish,
)
from .words import ABOUT, HELP

TITLE, PATH = "Inside the layer", "inside"
"""In the navigation, and in the address."""

_BLOCK = ":material/deployed_code:"
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
    step: int = NEWEST

    @property
    def label(self) -> str:
        return _label(self.subject)

    @property
    def before(self) -> str:
        """What it is with nothing forced."""
        if self.subject.id in untrained_names():
            return "untrained"
        if self.subject.rebuilt:
            return "as it is"
        return "as trained" if self.step == NEWEST else f"at step {self.step:,}"

    @property
    def contenders(self) -> list[Entry]:
        return [
            Entry(_label(each), NORM_COLORS[each.config.norm])
            for each in (self.subject, *self.others)
        ]


def _label(network: Network) -> str:
    return network.rebuilt.label if network.rebuilt else NORM_TITLES[network.config.norm]


def render() -> None:
    """Draw the page."""
    is_asked, problems = VIEW.begin()
    offered = [
        each
        for each in networks.choices(running=True)
        if each.config.norm in NORMS or (each.is_own and each.config.norm != "none")
    ]
    titles = {choice.id: choice.title for choice in offered} | untrained_names()
    if not VIEW.take().model:
        VIEW.set(model=_default(offered))
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside-head"):
        st.title("Inside the layer", anchor=False, width="content")
        VIEW.pick("model", "Network", titles, width=232, on_change=newest)
        problems += _step(VIEW.take())
        chosen, missing = _opened(VIEW.take(), offered)
        datasets = _datasets(chosen.subject) if chosen else {}
        if chosen and datasets:
            problems += _batch(chosen, datasets, is_linked=is_asked)
        if chosen:
            norm = {"norm": chosen.subject.config.norm}
            st.page_link(routes.to("norms"), label=words.ENTRANCE, icon=_BLOCK, query_params=norm)
    warn([*problems, *missing])
    asked = VIEW.take()
    VIEW.write(asked)
    if asked.instead and (card := cards.find(asked.model)):
        st.caption(f":material/swap_horiz: {words.instead(card)}")
    if chosen is None:
        return
    own = chosen.subject.config.dataset
    if not datasets:
        st.info(
            plain(
                f"The images of {backend.data_words(own)} are not in the data folder, so there is "
                f"no batch to send through this network: {_how_to_get(own)}. Or choose another "
                f"network above."
            ),
            icon=":material/inventory_2:",
        )
        return
    networks_shown = (chosen.subject, *chosen.others)
    screen().configs = {
        _label(each): each.config for each in networks_shown if each.rebuilt is None
    }
    every = _TICK_SECONDS if chosen.is_live else None
    follow(lambda: _layer(chosen), None, every=every)


# -- what is chosen --------------------------------------------------------------------------------


def _default(offered: Sequence[Choice]) -> str:
    """The server's own model; the newest AFN that has its encoder-decoder; an untrained one."""
    if own := [each.id for each in offered if each.is_own]:
        return own[0]
    adaptive = [each.id for each in offered if each.config.norm == "afn" and each.config.adaptive]
    return next(iter(adaptive), "untrained-afn")


def _step(view: InsideView) -> list[str]:
    """Draw the choice of a run's checkpoint, where there is one; the nearest to what is asked."""
    steps = networks.checkpoints(view.model)
    if not steps:
        VIEW.set(step=NEWEST)
        return []
    problems = []
    if steps == [0] and view.step == NEWEST:
        problems = ["There is no checkpoint yet: shown is the network as it began, at step 0."]
        VIEW.set(step=0)
    if view.step not in (NEWEST, *steps):
        near = min(steps, key=lambda step: (abs(step - view.step), -step))
        problems = [f"Step {view.step:,} has no checkpoint: shown is step {near:,}, the nearest."]
        VIEW.set(step=near)
    if len(steps) > 1:
        titles = {NEWEST: "newest"} | {step: f"{step:,}" for step in steps}
        VIEW.choice("step", "Step", titles, like=st.selectbox, width=110)
    return problems


def _opened(view: InsideView, offered: Sequence[Choice]) -> tuple[_Chosen | None, list[str]]:
    name = view.model
    if name in untrained_names():
        others = [network(each) for each in untrained_names() if each != name]
        return _Chosen(network(name), tuple(others), is_live=False), []
    try:
        subject = networks.network_of(name, None if view.step == NEWEST else view.step)
    except (ValueError, OSError) as error:
        return None, [f"{error}."]
    if subject.rebuilt:
        others = [each for each in networks.own_networks(name) if _fits(each, subject)]
        return _Chosen(subject, tuple(others), is_live=False), []
    if subject.config.norm not in NORMS:
        known = ", ".join(NORM_TITLES[norm] for norm in NORMS)
        return None, [
            f"{NORM_TITLES[subject.config.norm]} cannot be looked into. Choose {known} above."
        ]
    is_live = backend.has_run(name) and backend.run(name).state().status not in ENDED
    return _Chosen(subject, tuple(_siblings(name, subject, offered)), is_live, view.step), []


def _siblings(name: str, subject: Network, offered: Sequence[Choice]) -> list[Network]:
    """One network of BN, ASRNorm and AFN that else was trained alike, of the same kind first."""
    pretrained = set(cards.names())
    found: dict[str, Network] = {}
    norms = [norm for norm in ("bn", "asrnorm", "afn") if norm != subject.config.norm]
    kindred = [
        each
        for each in offered
        if each.config.norm in norms and alike(each.config) == alike(subject.config)
    ]
    kindred.sort(key=lambda each: (each.id in pretrained) != (name in pretrained))
    for each in kindred:
        if each.config.norm not in found and not each.is_own:
            with suppress(ValueError, OSError):  # whoever asks for it by name is told
                found[each.config.norm] = networks.network_of(each.id)
    return [found[norm] for norm in norms if norm in found]


def _fits(other: Network, subject: Network) -> bool:
    """Whether it may answer beside another: the same images, the same classes."""
    alike = (other.image_shape, other.class_names) == (subject.image_shape, subject.class_names)
    return alike and other.id != subject.id


def _datasets(network: Network) -> dict[str, str]:
    """Test images that the network can be shown: name -> title; its own first."""
    if network.rebuilt:
        return fitting(network)
    own = network.config.dataset
    return ({own: backend.data_words(own)} if is_here(own) else {}) | other_domains(own)


def _batch(chosen: _Chosen, datasets: dict[str, str], *, is_linked: bool) -> list[str]:
    problems, named = [], VIEW.take().dataset
    with suppress(ValueError):  # a link may have its name of before scripts were kept
        named = dataset_entry(named).name if named else named
    VIEW.set(dataset=named)
    shown = VIEW.settle("dataset", datasets)
    if named not in ("", shown) and is_linked:
        problems.append(
            f"In the link, data={named[:60]}: not here, or of other classes. "
            f"{backend.data_words(shown)} is shown."
        )
    corruption(VIEW, CORRUPTIONS, shown, chosen.subject.image_shape)
    st.slider("Severity", 0, 5, key=VIEW.key("severity"), width=130)
    with st.popover("Batch", icon=":material/tune:"):
        VIEW.choice("dataset", "Test images", datasets, like=st.selectbox)
        VIEW.choice("size", "Images in it", SIZES, like=st.select_slider)
        VIEW.choice("order", "Batches", ORDERS)
        st.number_input(
            "Images skipped", 0, POOL - 1, step=1, key=VIEW.key("first"), help=HELP["first"]
        )
        if chosen.subject.has_choice:
            VIEW.choice("stats", "Statistics", STATISTICS)
    with st.popover("About", icon=":material/help:", type="tertiary"):
        st.markdown(ABOUT["layer"])
    return problems


def _how_to_get(dataset: str) -> str:
    try:
        return dataset_entry(dataset).how_to_get or "put them there"
    except ValueError as error:
        return f"{error}"


# -- the part that follows the hand ----------------------------------------------------------------


def _layer(chosen: _Chosen) -> None:
    VIEW.keep()
    view = VIEW.take()
    VIEW.write(view)
    picture = _picture(view, chosen.subject)
    look = look_of(view, chosen.subject, chosen.others, picture)
    try:
        backend.runner().start()
        seen = backend.inspector().look(look)
    except (ValueError, OSError) as error:
        st.error(plain(f"{error}."), icon=":material/error:")
        return
    _diagram(chosen, view, seen, picture)
    told = _provenance(chosen, view, seen)
    if chosen.subject.id in cards.names():
        card_view.cards([cards.card_of(chosen.subject.id)], key="inside")
    csv_button("All channels (CSV)", lambda: words.table(seen), "layer", told)
    _neighbours(chosen, look, view)
    offer("inside", lambda: layers.programs_of(view, look, seen))


def _picture(view: InsideView, subject: Network) -> bytes:
    """The image of one's own, as the network takes it; empty where there is none."""
    if view.source == "a drawing" and view.picture and subject.knows_digits:
        return own_picture.in_shape(own_picture.from_text(view.picture), subject.image_shape)
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
                taken = own_picture.from_upload(
                    data, subject.image_shape, is_digit=subject.knows_digits
                )
                if (count := num_frames(data)) > 1:
                    st.caption(f"The file holds {count} pictures: the first one is taken.")
                return taken
            except ValueError as error:
                st.error(plain(f"{error}."), icon=":material/error:")
    return b""


def _diagram(chosen: _Chosen, view: InsideView, seen: Seen, picture: bytes) -> None:
    norm = chosen.subject.config.norm
    knows_digits = chosen.subject.knows_digits
    drawn = view.source == "a drawing" and view.picture
    inside_layer(
        "inside_layer",
        {
            "subject": f"{chosen.subject.id} {view.step}",
            "seen": seen,
            "stages": [asdict(stage) for stage in stages(seen)],
            "card": view.card,
            "label": chosen.label,
            "colors": {
                "own": NORM_COLORS[norm],
                "bn": NORM_COLORS["bn"],
                "asrnorm": NORM_COLORS["asrnorm"],
                "other": NORM_COLORS["afn" if norm == "asrnorm" else "asrnorm"],
                "network": _NETWORK,
                "quiet": GREY,
            },
            "layers": {name: short_layer(name) for name in seen["layers"]},
            "titles": words.titles(seen, chosen.label),
            "contenders": [{"label": who.label, "color": who.color} for who in chosen.contenders],
            "before": chosen.before,
            "limit": words.limit_words(seen),
            "has_lambdas": bool(seen["hidden"]),
            "is_foreign": seen["now"]["score"]["n"] == 0,
            "is_as_trained": view.stats == "trained",
            "where": view.where,
            "followed": min(seen["image"], SHOWN - 1),
            "source": view.source,
            "sources": [each for each in SOURCES if each != "a drawing" or knows_digits],
            "drawn": data_uri(own_picture.from_text(view.picture)[..., None]) if drawn else "",
            "applied": words.applied_words(
                seen["size"], _damage(view), is_own=bool(picture), is_damaged=bool(view.damaged)
            ),
            "damage": _damage(view) if picture and view.severity else "",
            "damaged": view.damaged,
        },
        on_wish=wish,
    )


def _damage(view: InsideView) -> str:
    return f"{group_title(view.corruption)} {view.severity}" if view.severity else "clean"


def _provenance(chosen: _Chosen, view: InsideView, seen: Seen) -> str:
    config = chosen.subject.config
    kind = "Computed now; the network still trains" if chosen.is_live else "Computed now"
    learned, shown = map(backend.data_words, (config.dataset, view.dataset))
    what = f"{learned}, {config.backbone}, {chosen.before}, seed {config.seed}"
    if chosen.subject.rebuilt:
        what = f"{chosen.subject.id}, your model"
    return (
        f"{kind} · {what} · layer {short_layer(seen['layer'])} · batch of {seen['size']} from "
        f"{shown}, {_damage(view)} ({seen['source']}) · statistics: {words.statistics_words(seen)}"
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
    say(plain(neighbours_reading(found, chosen.contenders)))
    markup(neighbours_html(found, chosen.contenders))
    caption(
        f"Image {look.image + 1} of the batch, as trained, among {min(view.size - 1, 63)} others "
        f"each time. Small: confidence in %, also by shade. Framed: another answer than alone."
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def _asked_neighbours(question: str, _look: Look) -> Neighbours:
    return backend.inspector().neighbours(_look)
