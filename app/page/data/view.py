"""What the page of one's own data shows: which set, what is being read, how it would be taught."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from afn.data.own.reading import UploadedFile, UploadReading
from afn.data.own.store import OwnSet, without
from afn.settings.config import TrainConfig
from afn.wording import count_words
from afn.work.limits import OverLimitError

from ...kit import backend, people
from ...kit.comparison import Comparison
from ...kit.view import View, ViewState, in_link, in_session, said

SEEN_BY = ("bn", "afn")
"""Norms that learn it side by side."""
_STEPS = 240
"""So many show what happens, and few images are soon seen so often."""
_EPOCHS = range(4, 41)
_BATCHES = (8, 16, 32, 64)
_BATCHES_OF_AN_EPOCH = 6
_LR_OF_EIGHT = 0.01
"""Learning rate of a batch of 8: at 0.05, of three classes by twenty, half were still mistaken."""
_SHOT = "data:image/jpeg;base64,"
_MOST_SHOTS = 200
_MOST_SHOT_BYTES = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class DataView(View):
    """Which set is looked at."""

    set: str = in_link("set", "")
    """Its name; empty for a new one."""


VIEW = ViewState("data", DataView, anchor="set")
CLASS = "data_class"
"""The key of the class whose photos are taken."""
GONE = "data_gone"
"""The key of what is to be deleted."""
ALL = ""
"""Of what is to be deleted: the whole set."""
CAMERA = "data_camera"


@dataclass(slots=True)
class Desk:
    """What a session has under its hands."""

    reading: UploadReading | None = None
    number: int = 0
    """Of uploads so far: each has a widget of its own, so that files go once they are taken."""
    error: str = ""

    def key(self, of: str) -> str:
        """Of an uploader."""
        return f"data_{of}_{self.number}"


@dataclass(frozen=True, slots=True)
class _Shot:
    """A picture of the camera, as an upload."""

    name: str
    data: bytes

    def getbuffer(self) -> memoryview:
        return memoryview(self.data)


def desk() -> Desk:
    """This session's."""
    return in_session(Desk)


def looked_at() -> OwnSet | None:
    """The set that is shown; None where there is none, or it is somebody else's."""
    found = backend.own().find(VIEW.take().set)
    return found if found and people.may_change(found) else None


# -- what comes in ---------------------------------------------------------------------------------


def take_files(of: str) -> None:
    """Have read what was dropped on an uploader."""
    files: Any = said(desk().key(of))
    if files:
        _read(files if isinstance(files, list) else [files])


def take_shots() -> None:
    """Have read what the camera took."""
    sent = said(CAMERA).taken
    texts = sent if isinstance(sent, list) else []
    if shots := [_shot(number, text) for number, text in enumerate(texts[:_MOST_SHOTS])]:
        _read([each for each in shots if each])


def _shot(number: int, text: object) -> _Shot | None:
    if not isinstance(text, str) or not text.startswith(_SHOT) or len(text) > _MOST_SHOT_BYTES:
        return None
    try:
        return _Shot(f"photo {number + 1}", base64.b64decode(text[len(_SHOT) :], validate=True))
    except (binascii.Error, ValueError):
        return None


def class_now() -> str:
    """Of which class the photos are that come next; empty where it has no name yet."""
    return f"{st.session_state.get(CLASS) or ''}".strip()


def _read(files: Sequence[UploadedFile]) -> None:
    kept = desk()
    found = looked_at()
    kept.number, kept.error = kept.number + 1, ""
    try:
        kept.reading = backend.readings().start(
            files,
            class_name=class_now(),
            base=found.name if found else "",
            owner=people.me(),
        )
    except OSError as error:
        kept.error = f"Nothing was kept: {error}."


def settle() -> None:
    """Show what was read, once it is; what it was added to goes, unless something learned it."""
    kept = desk()
    if not (reading := kept.reading) or not reading.is_over:
        return
    kept.reading = None
    if reading.error:
        kept.error = f"{reading.error[:1].upper()}{reading.error[1:]}."
        return
    _replace(reading.made)


def _replace(name: str) -> None:
    before = looked_at()
    try:
        backend.disk().make_room(people.me())
    except OverLimitError as error:
        backend.own().forget(name)
        desk().error = f"Nothing was kept: {error}."
        return
    if before and not _is_learned(before.name):
        backend.own().forget(before.name)
    VIEW.set(set=name)


def _is_learned(name: str) -> bool:
    return any(line.settings.get("dataset") == name for line in backend.index().lines())


def delete() -> None:
    """Delete what was chosen: a class, or all of it."""
    found, chosen = looked_at(), said(GONE)
    if found is None:
        return
    own = backend.own()
    try:
        if chosen == ALL or len(found.class_names) == 1:
            own.forget(found.name)
            VIEW.set(set="")
            return
        left = without(own.gathered(found), [found.class_names.index(chosen)])
        _replace(own.keep(left, people.me()).name)
    except (OSError, ValueError) as error:
        desk().error = f"Not all was deleted: {error}."


def guarded(act: Callable[[], None]) -> Callable[[], None]:
    """The act; what cannot be is told on the page."""

    def acted() -> None:
        try:
            act()
        except (OSError, ValueError, ImportError) as error:
            desk().error = f"{error}".rstrip(".") + "."

    return acted


# -- how it is taught ------------------------------------------------------------------------------


def comparison_for(found: OwnSet) -> Comparison:
    """BN beside AFN, with settings for so many images."""
    images = found.num_train
    batch = next(
        (size for size in reversed(_BATCHES) if size * _BATCHES_OF_AN_EPOCH <= images), _BATCHES[0]
    )
    epochs = min(max(round(_STEPS * batch / images), _EPOCHS[0]), _EPOCHS[-1])
    base = TrainConfig(
        dataset=found.name,
        batch_size=batch,
        lr=min(TrainConfig().lr, _LR_OF_EIGHT * batch / 8),
        epochs=epochs,
        augment="none" if found.channels == 1 else "crop_flip",
        evals_per_epoch=1,
        lambda_lr_factor=10.0,
    )
    return tuple(replace(base, norm=norm) for norm in SEEN_BY)


def why(found: OwnSet) -> str:
    """Why these settings, in one line."""
    config = comparison_for(found)[0]
    parts = [f"batches of {config.batch_size}", "small steps", f"{config.epochs} rounds"]
    if config.augment != "none":
        parts.append("each picture shifted and mirrored anew")
    few = count_words(found.num_train, "picture")
    return f"{few} to learn: {', '.join(parts)}."
