"""Settings in a link: a frozen dataclass as query parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

View = TypeVar("View")


def to_url(view: object, parameters: Mapping[str, str]) -> dict[str, str]:
    """Query parameters that reproduce a view; defaults are left out.

    Args:
        view: A frozen dataclass whose fields are texts, whole numbers or tuples of texts.
        parameters: Field -> URL parameter.
    """
    default = type(view)()
    return {
        key: "~".join(value) if isinstance(value, tuple) else f"{value}"
        for name, key in parameters.items()
        if (value := getattr(view, name)) != getattr(default, name)
    }


def from_url(
    kind: type[View], parameters: Mapping[str, str], url: Mapping[str, Sequence[str]]
) -> tuple[View, list[str]]:
    """The view that a link asks for, and one line for each thing in it that cannot be.

    Args:
        kind: The view's class; it raises ValueError for what cannot be.
        parameters: Field -> URL parameter; foreign ones in the link are ignored.
        url: Query parameters, each with its values.
    """
    problems: list[str] = []
    view = kind()
    for name, key in parameters.items():
        if key not in url:
            continue
        text = url[key][-1]
        try:
            view = replace(view, **{name: _parsed(text, getattr(view, name))})  # type: ignore[type-var]
        except ValueError as error:
            line = f"In the link, {key}={text[:40]}: {error}. The default is used."
            problems.append(" ".join(line.split()))
    return view, problems


def _parsed(text: str, default: object) -> Any:
    """The text as what the default is; a text that is no number stays one, for the view to say."""
    if isinstance(default, tuple):
        return tuple(dict.fromkeys(part for part in text.split("~") if part))
    if isinstance(default, int):
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    return text
