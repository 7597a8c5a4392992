"""What stands on the page at this moment, so that it can be handed out as one file.

Whatever draws something of its own says it here as well: nothing is computed for that, and what is
to be computed is asked for when somebody wants the file. A part of the page that is drawn again by
itself (`Screen.place`) takes the place of what it drew before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from afn.settings.config import TrainConfig

from ..view import in_session
from .parts import Piece


@dataclass(slots=True)
class Region:
    """A part of the page: what it says, and further parts within it."""

    said: "list[Piece | Region]" = field(default_factory=list)

    def parts(self) -> Iterator[Piece]:
        """All of them in the order of the page."""
        for each in list(self.said):
            if isinstance(each, Region):
                yield from each.parts()
            else:
                yield each


@dataclass(slots=True)
class Screen:
    """The page that a session looks at."""

    title: str = ""
    configs: dict[str, TrainConfig] = field(default_factory=dict)
    """Of the networks on the page, by their names there."""
    query: Mapping[str, str] | None = None
    """What the way back asks for; None for what the page is asked for."""
    whole: Callable[[], Sequence[Piece]] | None = None
    """Makes the parts of a page that says by itself what its file holds."""
    _all: Region = field(default_factory=Region)
    _open: Region = field(default_factory=Region)

    def begin(self, title: str) -> None:
        """A page is drawn anew."""
        self.title, self.configs, self.query, self.whole = title, {}, None, None
        self._all = self._open = Region()

    def say(self, part: Piece) -> None:
        """Add it behind what the page has said."""
        self._open.said.append(part)

    def place(self) -> Region:
        """For a part of the page that is drawn again and again."""
        made = Region()
        self._open.said.append(made)
        return made

    @contextmanager
    def within(self, place: Region) -> Iterator[None]:
        """Say it there, in place of what was said there before."""
        before, self._open = self._open, place
        place.said.clear()
        try:
            yield
        finally:
            self._open = before

    def stands_for(
        self, title: str, query: Mapping[str, str], parts: Callable[[], Sequence[Piece]]
    ) -> None:
        """What is handed out is one thing of the page, such as a lesson.

        Args:
            title: Of it.
            query: Of the page's address, where it is.
            parts: Makes what the file holds, once somebody wants it.
        """
        self.title, self.query, self.whole = title, query, parts

    def parts(self) -> list[Piece]:
        """What the page says."""
        return list(self.whole() if self.whole else self._all.parts())

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to hand out."""
        return self.whole is None and next(self._all.parts(), None) is None


def screen() -> Screen:
    """The session's."""
    return in_session(Screen)
