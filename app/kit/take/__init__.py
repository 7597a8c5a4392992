"""What a screen shows, to take along: as Python, as a notebook, as a command line.

A page has a function that makes one `Program` or several, and calls `offer` with it, which draws an
expander and calls the function only while that is open. Where settings are changed within a
fragment, call it in that fragment, or what it says is out of date.

`app.kit.take.code` writes the parts that most have in common: a configuration, and how to come
by a trained network (`Origin`). A page's snippet collects what it prints in ``rows``, tuples of
name, place and value, and prints each with `line`'s format: then the notebook can draw it, and
tests can hold what is printed against ``expected``, the lines with the numbers of the screen.
"""

from .offer import offer
from .program import Program, line

__all__ = ["Program", "line", "offer"]
