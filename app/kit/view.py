"""What a page shows: one frozen dataclass, kept in the session, in widgets and in the link.

This module and the pages' ``view.py`` alone name session keys. What else a session remembers is an
object that `in_session` keeps by its class.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

from .address import Address, Url
from .letters import lettered_bare
from .markdown import lettered

Kept = TypeVar("Kept")
Settings = TypeVar("Settings", bound="View")


def in_session(kind: Callable[[], Kept], of: str = "") -> Kept:
    """The one object of a class, or of a class and an owner, that this session keeps."""
    found: Kept = st.session_state.setdefault(f"{kind.__qualname__}.{of}", kind())
    return found


def here() -> Address:
    """This session's address."""
    return in_session(Address)


_OF_MARKDOWN = (st.radio,)
"""Widgets whose options are Markdown and have a name; of a button, a formula is none."""


def _is_told(key: str) -> bool:
    """Whether the browser told a widget's value as it asked for this rerun of a part.

    Of a whole rerun that cannot be known: a script may ask for one, too.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not context.fragment_ids_this_run:
        return False
    state = context.session_state._state
    return state.get_widget_id_from_key(key) in state._new_widget_state


def said(key: str) -> Any:
    """What the browser says by a widget or a component, for use in its callback."""
    return st.session_state[key]


def choice_key(part: str) -> str:
    """The widget key of a choice that belongs to a part of a page."""
    return f"{part}.which"


def settle(key: str, offered: Collection[str], default: str | None = None) -> str:
    """A widget's choice, which gives way where it is not on offer: to the default, or the first."""
    value: Any = st.session_state.get(key)
    if value not in offered:
        value = next(iter(offered)) if default is None else default
        st.session_state[key] = value
    return value


def in_link(
    parameter: str,
    default: Any,
    known: Collection[Any] = (),
    *,
    most: int = 0,
    repeats: bool = False,
) -> Any:
    """A field of a `View`: a text, a whole number or a tuple of texts.

    Args:
        parameter: Of the URL.
        default: Left out of the link.
        known: What it, or each of a tuple, can be; empty for anything.
        most: At most so many in a tuple.
        repeats: Whether a tuple may have one more than once.
    """
    metadata = {"parameter": parameter, "known": known, "most": most, "repeats": repeats}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A page's settings; ValueError for what cannot be."""

    def __post_init__(self) -> None:
        for each in fields(self):
            parameter, known, most = (each.metadata[of] for of in ("parameter", "known", "most"))
            value = getattr(self, each.name)
            parts = value if isinstance(value, tuple) else (value,)
            if most and len(parts) > most:
                raise ValueError(f"up to {most} {each.name} fit, not {len(parts)}")
            if known and not set(parts) <= set(known):
                part = next(part for part in parts if part not in known)
                said = f"one of {', '.join(f'{one}' for one in known if one != '')}"
                if isinstance(known, range):
                    said = f"a whole number from {known[0]} to {known[-1]}"
                raise ValueError(f"{parameter} is {said}, not {f'{part}'[:40]!r}")
            if isinstance(each.default, int) and not isinstance(value, int):
                raise ValueError(f"{parameter} is a whole number, not {f'{value}'[:40]!r}")

    def to_url(self) -> dict[str, str]:
        """Query parameters that reproduce the settings; defaults are left out."""
        return {
            each.metadata["parameter"]: "~".join(value) if isinstance(value, tuple) else f"{value}"
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default
        }


def asked_of(
    kind: type[Settings], url: Url, remedy: str = "The default is used."
) -> tuple[Settings, list[str]]:
    """The settings that a link asks for, and one line for each thing in it that cannot be."""
    problems: list[str] = []
    view = kind()
    for each in fields(view):
        if (parameter := each.metadata["parameter"]) in url:
            text = url[parameter][-1]
            try:
                view = replace(
                    view,
                    **{each.name: _parsed(text, each.default, repeats=each.metadata["repeats"])},
                )
            except ValueError as error:
                line = f"In the link, {parameter}={text[:40]}: {error}. {remedy}"
                problems.append(" ".join(line.split()))
    return view, problems


class ViewState(Generic[Settings]):
    """One page's settings in the session.

    What the address asks for is adopted where a visitor comes by a link, or by Back or Forward.
    From then on the widgets, whose keys are ``<name>.<field>``, hold the settings; the session
    keeps them while another page is open.

    Args:
        name: Of the page, and of its session key.
        kind: The settings' class.
        anchor: A field whose widget is always on the page.
        things: URL parameters of what is open; Back closes it again.
        linked: What of the settings goes into a link, if not all.
        help: What is told of a setting's widget, by field.
    """

    def __init__(
        self,
        name: str,
        kind: type[Settings],
        *,
        anchor: str,
        things: Sequence[str] = (),
        linked: Callable[[Settings], Settings] | None = None,
        help: Mapping[str, str] | None = None,
    ) -> None:
        self._name, self._kind, self._anchor, self._help = name, kind, anchor, help or {}
        self._things, self._linked = things, linked
        self._problems, self._proposed = f"{name}.problems", f"{name}.proposed"

    def to_url(self, view: Settings) -> dict[str, str]:
        """Query parameters that reproduce the settings; defaults are left out."""
        return (self._linked(view) if self._linked else view).to_url()

    def from_url(self, url: Url) -> tuple[Settings, list[str]]:
        """The settings that a link asks for, and one line for each thing in it that cannot be."""
        return asked_of(self._kind, url)

    def key(self, field: str) -> str:
        """The widget key of a setting."""
        return f"{self._name}.{field}"

    def begin(self) -> tuple[bool, list[str]]:
        """Adopt what the address asks for where it is new; ready the widgets.

        Returns:
            Whether it is, and the problems with it, a list that may grow.
        """
        session = st.session_state
        url, adopts = here().begin()
        if adopts:
            view, session[self._problems] = self.from_url(url)
            session.pop(self._proposed, None)
            self.put(view)
            return True, self.problems()
        if self.key(self._anchor) not in session:
            self.put(session[self._name])  # back from another page: the widgets are gone
        before = session[self._name]
        self.keep()
        if session[self._name] != before:
            self.clear_problems()  # the user has moved on
        return False, self.problems()

    def settle(self, field: str, offered: Collection[str], default: str | None = None) -> str:
        """A choice, which gives way where it is not on offer: to the default, or to the first."""
        return settle(self.key(field), offered, default)

    def choice(
        self,
        field: str,
        label: str,
        offered: Collection[Any],
        *,
        like: Callable[..., Any] = st.segmented_control,
        titles: Callable[[Any], str] | Mapping[Any, str] | None = None,
        default: str | None = None,
        **more: Any,
    ) -> None:
        """Draw a setting's choice; one of what is on offer gives way as `settle` says.

        Args:
            field: Of the settings.
            label: Of the widget.
            offered: What can be chosen; a mapping names the titles as well.
            like: The widget, of Streamlit's.
            titles: Of what is on offer, where these are not the same.
            default: What is chosen where the choice is not on offer; None for the first.
            more: Goes to the widget.
        """
        if titles is None and isinstance(offered, Mapping):
            titles = offered
        if titles is not None:
            title = titles if callable(titles) else lambda one: titles.get(one, one)
            words = lettered if like in _OF_MARKDOWN else lettered_bare
            more["format_func"] = lambda one: words(f"{title(one)}")
        if not isinstance(getattr(self.take(), field), tuple):
            self.settle(field, offered, default)
            more |= {"required": True} if like in (st.segmented_control, st.pills) else {}
        elif like is st.pills:
            more["selection_mode"] = "multi"
        like(
            label,
            list(offered),
            **{"key": self.key(field), "help": lettered(self._help.get(field, "")) or None} | more,
        )

    def pick(self, field: str, label: str, titles: Mapping[str, str], **more: Any) -> None:
        """Draw a choice of runs and networks; what a link names is among them, whatever it is."""
        named = getattr(self.take(), field)
        is_many = isinstance(named, tuple)
        offered = dict.fromkeys([*titles, *(named if is_many else [named])])
        like: Any = st.multiselect if is_many else st.selectbox
        self.choice(field, label, list(offered), like=like, titles=titles, **more)

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
        What the browser itself has just told is left alone: saying it again would take back what
        is pressed meanwhile.
        """
        session = st.session_state
        view = session[self._name]
        for each in fields(view):
            value = session.get(self.key(each.name))
            if value is not None and _is_told(self.key(each.name)):
                continue
            with suppress(StreamlitAPIException):  # drawn already in this rerun
                self.set(**{each.name: getattr(view, each.name) if value is None else value})
        session[self._name] = self.take()  # at once: this rerun, too, may end early

    def put(self, view: Settings) -> None:
        """Set all widgets."""
        st.session_state[self._name] = view
        self.set(**{each.name: getattr(view, each.name) for each in fields(view)})

    def set(self, **values: object) -> None:
        """Set the widgets of some settings."""
        for name, value in values.items():
            st.session_state[self.key(name)] = list(value) if isinstance(value, tuple) else value

    def take(self) -> Settings:
        """What the widgets say; a setting without a widget on screen stays as it was."""
        before: Settings = st.session_state[self._name]
        values: dict[str, Any] = {}
        for each in fields(before):
            value = st.session_state.get(self.key(each.name))
            if value is None:
                value = getattr(before, each.name)
            values[each.name] = tuple(value) if isinstance(value, list) else value
        return type(before)(**values)

    def write(self, view: Settings, **more: str) -> None:
        """Make the address a link to what is on screen; `more` are further parameters."""
        st.session_state[self._name] = view
        here().write(self.to_url(view) | more, things=self._things)

    def problems(self) -> list[str]:
        """What could not be had from the address."""
        found: list[str] = st.session_state.setdefault(self._problems, [])
        return found

    def clear_problems(self) -> None:
        """Forget them; the user has moved on."""
        st.session_state[self._problems] = []


def _parsed(text: str, default: object, *, repeats: bool) -> Any:
    """The text as what the default is; a text that is no number stays one, for the view to say."""
    if isinstance(default, tuple):
        parts = [part for part in text.split("~") if part]
        return tuple(parts if repeats else dict.fromkeys(parts))
    if isinstance(default, int):
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    return text
