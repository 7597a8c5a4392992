"""What a screen shows, to take along: as Python, as a notebook, as a command line.

Each page has one function here, ``programs_of`` or the like, that makes one `Program` or
several of the page's settings and models; and the page calls `offer` with it::

    from ...kit.take import Program, offer

    offer("lessons", lambda: [Program(title=..., about=..., python=..., commands=...)])

`offer` draws an expander and calls the function only while that is open. Where settings are changed
within a fragment, call it in that fragment, or what it says is out of date.

`app.kit.take.code` writes the parts that most have in common: a configuration, and how to come
by a trained network (`Origin`). A page's snippet collects what it prints in ``rows``, tuples of
name, place and value, and prints each with `line`'s format: then the notebook can draw it, and
tests can hold what is printed against ``expected``, the lines with the numbers of the screen.
"""

from .offer import offer
from .program import Program, line

__all__ = ["Program", "line", "offer"]
