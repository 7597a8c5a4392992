"""Models of one's own that the server was started with, and what was made of them."""

import os
from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from afn.ask.network import Network
from afn.own.kept import KeptModel, OwnStore, named
from afn.own.source import ModelSource

from . import backend


def sources() -> list[ModelSource]:
    """Those that ``AFN_MODELS`` names; none where it cannot be read, as `problems` says."""
    return _named(os.environ.get("AFN_MODELS", ""))[0]


def problems() -> list[str]:
    """One line for each that cannot be had."""
    lines = list(_named(os.environ.get("AFN_MODELS", ""))[1])
    for source in sources():
        if isinstance(found := _taken(source.to_text()), str):
            lines.append(found)
    return lines


def models() -> list[KeptModel]:
    """Each as it is, and behind it what was made of it."""
    found = []
    for source in sources():
        if isinstance(kept := _taken(source.to_text()), KeptModel):
            found += [kept, *_store().changed(kept.digest)]
    return found


def model(name: str) -> KeptModel | None:
    """The one of that id."""
    return next((each for each in models() if each.id == name), None)


def network_of(kept: KeptModel) -> Network:
    """It as evaluations see it."""
    return kept.network(backend.store().root)


def change(kept: KeptModel, *, norm: str = "", averages: str = "") -> KeptModel:
    """A copy with another norm, or with running averages of a data set's images.

    Raises:
        ValueError: There can be none; the line says why.
    """
    return _changed(kept.source, norm, averages)


def _store() -> OwnStore:
    return OwnStore(backend.store().root)


@lru_cache(maxsize=4)
def _named(text: str) -> tuple[list[ModelSource], Sequence[str]]:
    try:
        return named(text), ()
    except ValueError as error:
        return [], (f"AFN_MODELS: {error}",)


@st.cache_resource(show_spinner="Your model is built and tried …")
def _taken(text: str) -> KeptModel | str:
    """Once for this server: its file is executed where the server did not do so as it started."""
    source = ModelSource.read(text)
    try:
        return _store().taken(source) or _store().take(source)
    except ValueError as error:
        return f"{error}"


@st.cache_resource(show_spinner="A copy of it is made and tried …")
def _changed(text: str, norm: str, averages: str) -> KeptModel:
    source = ModelSource.read(text).said(norm=norm, averages=averages)
    return _store().found(source) or _store().take(source)
