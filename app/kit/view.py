"""Settings that are one frozen dataclass: kept in the session, in widgets and in the URL."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException

from . import address, links

View = TypeVar("View")
Url = Mapping[str, Sequence[str]]


class ViewState(Generic[View]):
    """One page's settings.

    What the address asks for is adopted where a visitor comes by a link, or by Back or Forward.
    From then on the widgets, whose keys are ``<name>.<field>``, hold the settings; the session
    keeps them while another page is open.

    Args:
        name: Of the page, and of its session key.
        kind: The settings' class; it raises ValueError for what cannot be.
        parameters: Field -> URL parameter.
        anchor: A field whose widget is always on the page.
        things: URL parameters of what is open; Back closes it again.
        linked: What of the settings goes into a link, if not all.
    """

    def __init__(
        self,
        name: str,
        kind: type[View],
        parameters: Mapping[str, str],
        *,
        anchor: str,
        things: Sequence[str] = (),
        linked: Callable[[View], View] | None = None,
    ) -> None:
        self.name, self._anchor, self._things = name, anchor, things
        self._kind, self._parameters, self._linked = kind, parameters, linked
        self._problems, self._proposed = f"{name}.problems", f"{name}.proposed"

    def to_url(self, view: View) -> dict[str, str]:
        """Query parameters that reproduce the settings; defaults are left out."""
        return links.to_url(self._linked(view) if self._linked else view, self._parameters)

    def from_url(self, url: Url) -> tuple[View, list[str]]:
        """The settings that a link asks for, and one line for each thing in it that cannot be."""
        return links.from_url(self._kind, self._parameters, url)

    def key(self, field: str) -> str:
        """The widget key of a setting."""
        return f"{self.name}.{field}"

    def begin(self) -> tuple[bool, list[str]]:
        """Adopt what the address asks for where it is new; ready the widgets.

        Returns:
            Whether it is, and the problems with it, a list that may grow.
        """
        session = st.session_state
        url, adopts = address.begin()
        if adopts:
            view, session[self._problems] = self.from_url(url)
            session.pop(self._proposed, None)
            self.put(view)
            return True, self.problems()
        if self.key(self._anchor) not in session:
            self.put(session[self.name])  # back from another page: the widgets are gone
        before = session[self.name]
        self.keep()
        if session[self.name] != before:
            self.clear_problems()  # the user has moved on
        return False, self.problems()

    def settle(self, field: str, offered: Collection[str], default: str | None = None) -> str:
        """A choice, which gives way where it is not on offer: to the default, or to the first."""
        value: str = st.session_state[self.key(field)]
        if value not in offered:
            value = next(iter(offered)) if default is None else default
            st.session_state[self.key(field)] = value
        return value

    def propose(self, field: str, values: Sequence[str]) -> None:
        """Values for an address that names none: once, for the visitor may want to clear them."""
        if self._proposed not in st.session_state:
            st.session_state[self._proposed] = True
            if not st.session_state[self.key(field)]:
                st.session_state[self.key(field)] = list(values)

    def keep(self) -> None:
        """Say again what widgets hold, before they are drawn again.

        A rerun that ends before a widget is drawn, say for a tick of a fragment, forgets its value.
        And a browser that is still loading a widget's code when its value is set misses it: it
        would show the first option, or the least number, and report that as the user's choice.
        """
        session = st.session_state
        view = session[self.name]
        for field in fields(view):
            key = self.key(field.name)
            value = session.get(key)
            with suppress(StreamlitAPIException):  # drawn already in this rerun
                session[key] = _for_widget(getattr(view, field.name)) if value is None else value
        session[self.name] = self.take()  # at once: this rerun, too, may end early

    def put(self, view: View) -> None:
        """Set the widgets."""
        st.session_state[self.name] = view
        for field in fields(view):  # type: ignore[arg-type]
            st.session_state[self.key(field.name)] = _for_widget(getattr(view, field.name))

    def take(self) -> View:
        """What the widgets say; a setting without a widget on screen stays as it was."""
        before: View = st.session_state[self.name]
        values: dict[str, Any] = {}
        for field in fields(before):  # type: ignore[arg-type]
            value = st.session_state.get(self.key(field.name))
            if value is None:
                value = getattr(before, field.name)
            values[field.name] = tuple(value) if isinstance(value, list) else value
        return type(before)(**values)

    def write(self, view: View, **more: str) -> None:
        """Make the address a link to what is on screen; `more` are further parameters."""
        st.session_state[self.name] = view
        address.write(self.to_url(view) | more, things=self._things)

    def problems(self) -> list[str]:
        """What could not be had from the address."""
        found: list[str] = st.session_state.setdefault(self._problems, [])
        return found

    def clear_problems(self) -> None:
        """Forget them; the user has moved on."""
        st.session_state[self._problems] = []


def _for_widget(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
