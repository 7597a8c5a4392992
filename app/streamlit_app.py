"""The router: which pages there are; `server.py` serves it."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st

APP = Path(__file__).parent
if str(APP.parent) not in sys.path:  # `streamlit run` puts only this folder there
    sys.path.insert(0, str(APP.parent))


def _module(name: str) -> Any:
    return import_module(f"{APP.name}.{name}")


def _page(name: str, **options: Any) -> Any:
    page = _module(f"page.{name}.page")
    return st.Page(page.render, title=page.TITLE, url_path=page.PATH, **options)


def _also(path: str, page: Any) -> Any:
    """Another path to a page, as people type it."""
    history = _module("kit.components.history")
    return st.Page(
        lambda: history.redirect(page.url_path),
        title=page.title,
        url_path=path,
        visibility="hidden",
    )


_module("kit.garbage").begin()
st.set_page_config(
    page_title="AFN playground", page_icon="λ", layout="wide", initial_sidebar_state=300
)
st.html(APP / "look.css")
pages = {
    name: _page(
        name, default=not number,
        visibility="hidden" if name in _module("page").LINKED else "visible",
    )
    for number, name in enumerate(_module("page").PAGES)
}  # fmt: skip
hidden = {name: _page(name, visibility="hidden") for name in _module("page").HIDDEN}
_module("kit.routes").know(pages | hidden)
first, *others = pages.values()
also = [_also(path, first) for path in ("playground", "Playground")]
also += [_also(page.url_path.capitalize(), page) for page in others]
shown = st.navigation(
    [*pages.values(), *hidden.values(), *also],
    position="hidden" if st.context.is_embedded else "top",
)
_module("kit.view").here().path = shown.url_path
looks = {page.url_path: APP / "page" / name / "look.css" for name, page in pages.items()}
if (look := looks.get(shown.url_path)) and look.exists():
    st.html(look)
people = _module("kit.people")
people.begin()
stage = _module("kit.stage")
asked = stage.on_stage()
_module("kit.handout.screen").screen().begin(shown.title)
shown.run()
stage.render(asked)
if not st.context.is_embedded:
    _module("kit.handout.button").offer_file()
    _module("kit.components.figure_taker").offer_figures()
if people.me() and shown is not hidden["privacy"]:
    with st.container(key="footer"):
        st.page_link(hidden["privacy"], label="Privacy")
_module("kit.components.reconnect").come_back()
_module("kit.components.room_bar").lead()
_module("kit.components.skip").skip_link()
