"""What stands in a document: words, tables, figures; see `app.kit.handout.document`.

None of it is drawn before somebody wants the file: a part keeps what the page had already made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..draw.axes import Figure


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """It begins a section."""

    title: str
    """Plain text."""
    about: str = ""
    """What the page says of it when asked; Markdown with LaTeX."""
    is_part: bool = False
    """Whether it stands below another heading."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Text, as Markdown with LaTeX."""

    markdown: str
    is_small: bool = False
    """Whether it says where something is from, rather than what it says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Markup:
    """HTML of our own, such as that of `app.kit.draw.table`: what others typed is escaped in it."""

    html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """A table in long form."""

    rows: Sequence[Mapping[str, Any]]
    title: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlotStep:
    """A figure as it is at one step."""

    name: str
    """The step, as a slider says it."""
    figure: Figure
    words: str
    """What it shows, plain text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """A figure of Plotly."""

    figure: Figure
    words: str
    """What it shows, plain text."""
    about: str = ""
    """What is drawn, plain text."""
    is_told: bool = False
    """Whether the words stand elsewhere, so that they are no caption."""
    steps: Callable[[], Sequence[PlotStep]] | None = None
    """Makes the same at every step, for a slider."""
    at: str = ""
    """The step that the slider begins at, by its name; the last one if empty."""
    replays: bool = False
    """Whether it is of curves over the steps, which a slider cuts off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """A drawing of the app's own scripts, as it stands on the page: `app/static/SCRIPT.js`."""

    script: str
    css: str
    """The class of the element that it is drawn into."""
    data: Callable[[], Mapping[str, Any] | None]
    """What it is told; None where there is nothing to draw."""
    title: str = ""
    words: str = ""
    files: tuple[str, ...] = ()
    """Files of its folder, besides scripts and styles, that it reads."""
    needs_plotly: bool = False
    asks: str = ""
    """CSS of what in it asks the server, and does nothing without."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """Parts behind a line that is clicked on."""

    line: str
    """Markdown."""
    parts: Sequence["Piece"]
    reveals: bool = False
    """Whether what drawings of the document hide until then is seen once it is open."""


Piece = Heading | Words | Markup | Records | Plot | Drawing | Folded
