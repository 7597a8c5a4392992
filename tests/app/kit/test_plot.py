"""A figure comes with its words, to be read and to be heard."""

from streamlit.testing.v1 import AppTest

from tests.waiting import PATIENCE


def _script():
    from plotly.graph_objects import Figure

    from app.kit.plot import plot

    plot(Figure(), "AFN gains *2 points*.", "first", about="Dots")
    plot(Figure(), "BN does not.", "second", is_told=True)


def test_words_are_the_caption_and_what_a_screen_reader_says():
    at = AppTest.from_function(_script, default_timeout=PATIENCE).run()
    assert not at.exception
    told = [chart.proto.alt for chart in at.get("plotly_chart")]
    assert told == ["Dots. AFN gains *2 points*.", "BN does not."]
    assert [caption.value for caption in at.caption] == [r"AFN gains \*2 points\*."]
