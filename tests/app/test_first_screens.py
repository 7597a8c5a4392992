"""A page shows before it says: few words stand above its first figure, the rest is one tap away."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1.element_tree import Block, Element

from tests.app.one_view import opened

pytestmark = pytest.mark.slow
MOST = 60
_FIGURES = ("afn-matrix", "afn-samples", "afn-verdicts")
_FOLDED = ("popover", "expander")


def _in_order(block: Block) -> Iterator[Element]:
    """What is on the page from top to bottom, but for what has to be opened."""
    for _, each in sorted(block.children.items()):
        if not isinstance(each, Block):
            yield each
        elif each.type not in _FOLDED and each.type != "expandable":
            yield from _in_order(each)


def _words_above_the_figure(block: Block) -> tuple[list[str], bool]:
    """Those of sentences; names of controls, titles and badges are labels."""
    words: list[str] = []
    for each in _in_order(block):
        text = str(getattr(each, "value", "") or getattr(each.proto, "body", ""))
        if each.type in ("plotly_chart", "arrow_data_frame") or (
            each.type == "html" and any(name in text for name in _FIGURES)
        ):
            return words, True
        if each.type in ("markdown", "caption", "info", "warning", "success"):
            words += text.split()
    return words, False


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("dynamics", {}), ("rescaling", {}), ("domains", {}), ("ablations", {"guess": "1"}),
        ("cost", {}), ("paper", {}),
    ],
)  # fmt: skip
def test_few_words_stand_above_the_first_figure(runs, name, link):
    words, has_figure = _words_above_the_figure(opened(name, **link).main)
    assert has_figure
    assert 5 < len(words) <= MOST, " ".join(words)
