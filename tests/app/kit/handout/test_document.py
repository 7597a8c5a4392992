"""A document: what people typed stays text, nothing is loaded, equal parts make equal files."""

import json
import re
from typing import Any

import numpy as np
import pytest

from app.kit.draw.axes import axis, drawn
from app.kit.folders import PLOTLY
from app.kit.handout import scripts
from app.kit.handout.document import Document
from app.kit.handout.parts import (
    Drawing,
    Folded,
    Heading,
    Markup,
    Piece,
    Plot,
    PlotStep,
    Records,
    Words,
)
from app.kit.handout.text import to_html
from app.kit.markdown import plain

NASTY = "</script><script>alert(1)</script>"


def figure(*values: float) -> Any:
    x = np.arange(len(values), dtype="f4")
    trace = {"type": "scatter", "x": x, "y": np.asarray(values, dtype="f4"), "name": NASTY}
    return drawn([trace], 200, axis("step"), axis("value"))


def document(*parts: Piece, **more: Any) -> str:
    return Document(**{"title": "A page", "parts": parts, "date": "1 May 2026", **more}).html()


def data(html: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.S)
    return json.loads(found[1])


EVERYTHING: tuple[Piece, ...] = (
    Heading(title=NASTY, about=f"It is ${NASTY}$ and {NASTY}"),
    Words(markdown=plain(NASTY)),
    Records(rows=[{NASTY: NASTY}], title=NASTY),
    Plot(
        figure=figure(1, 2), words=NASTY, about=NASTY,
        steps=lambda: [PlotStep(name=str(n), figure=figure(n, 1), words=NASTY) for n in (1, 2)],
    ),
    Drawing(script="lesson_figure", css="afn-hand", data=lambda: {"title": NASTY}, title=NASTY),
    Folded(line=plain(NASTY), parts=[Words(markdown=NASTY)]),
)  # fmt: skip


def test_what_people_typed_stays_text():
    html = document(*EVERYTHING, title=NASTY, link="http://h/?a=<b>")
    opened = re.findall(r"<script[^>]*>", html)
    assert len(opened) == html.count("</script>") == 4  # files, figures, Plotly, ours
    assert "alert(1)</script>" not in html.replace("&lt;/script&gt;", "")
    assert "<b>" not in html


def test_nothing_is_loaded_but_what_is_in_the_file():
    html = document(*EVERYTHING, link="https://host/page?x=1")
    body = re.sub(r"<script.*?</script>", "", html, flags=re.S)
    assert re.findall(r'(?:src|href)="([^"]*)"', body) == ["https://host/page?x=1"]
    assert "default-src 'none'" in html


def test_equal_parts_make_equal_files():
    assert document(*EVERYTHING) == document(*EVERYTHING)


def test_plotly_is_packed_once_and_only_where_it_is_needed():
    with_plots = document(*[Plot(figure=figure(1, 2), words="w")] * 3)
    assert with_plots.count(scripts.plotly()[0][:200]) == 1
    assert "afn-plotly" not in document(Words(markdown="w")).split("<main>")[1]


def test_a_document_has_what_draws_its_traces_of_plotly():
    text = PLOTLY.read_text()
    few = scripts.plotly_for({"scatter", "bar", "box"}, text)
    assert len(few) < len(text) / 3
    assert len(few) < len(scripts.plotly_for({"heatmap"}, text)) < len(text)
    assert scripts.plotly_for({"unheard of"}, text) == text


def test_a_plotly_of_another_build_is_taken_whole():
    assert scripts.plotly_for({"scatter"}, "window.Plotly = {}") == "window.Plotly = {}"
    other = PLOTLY.read_text().replace(".register([", ".register([missing(),")
    assert scripts.plotly_for({"scatter"}, other) == other


def test_packed_numbers_are_unpacked_with_gaps():
    html = document(Plot(figure=figure(0.1, np.nan, 3), words="w"))
    [entry] = data(html, "afn-figures")
    assert entry["frames"][0]["data"][0]["y"] == [0.1, None, 3.0]


def test_a_slider_begins_where_the_page_stands():
    steps = [PlotStep(name=f"{n:,}", figure=figure(n), words=f"at {n}") for n in (1, 1000, 2000)]
    html = document(Plot(figure=figure(1), words="w", steps=lambda: steps, at="1,000"))
    [entry] = data(html, "afn-figures")
    assert (entry["names"], entry["at"]) == (["1", "1,000", "2,000"], 1)
    assert entry["words"] == ["at 1", "at 1000", "at 2000"]


def test_words_that_stand_on_the_page_are_no_caption_but_are_spoken():
    html = document(Plot(figure=figure(1), words="It rises.", is_told=True))
    assert "figcaption>" not in html.split("<main>")[1].split("</main>")[0]
    assert data(html, "afn-figures")[0]["said"] == "It rises."


def test_a_heading_with_nothing_below_is_left_out():
    html = document(
        Heading(title="Empty"), Heading(title="Full"), Heading(title="Piece", is_part=True),
        Words(markdown="here"), Heading(title="No more", is_part=True), Heading(title="End"),
    )  # fmt: skip
    assert re.findall(r"<h[23]>(.*?)</h", html) == ["Full", "Piece"]


def test_a_drawing_without_data_is_left_out():
    html = document(Drawing(script="live_chart", css="live-chart", data=lambda: None))
    assert "<figure" not in html.split("<main>")[1].split("</main>")[0]


def test_tables_say_gaps_and_numbers():
    row = {"a": 1 / 3, "b": None, "c": float("nan"), "d": True, "e": 24736, "f": np.float32(0.001)}
    cells = re.findall(r"<td[^>]*>(.*?)</td>", document(Records(rows=[row, {**row, "a": -2e-6}])))
    assert cells[:6] == ["0.3333", "", "", "yes", "24,736", "0.001"]
    assert cells[6] == "−2.000e-06"


def test_markup_of_our_own_is_kept():
    assert '<b class="x">1</b>' in document(Markup(html='<b class="x">1</b>'))


def test_links_lead_into_the_app_or_nowhere():
    text = "[in](./lambda?a=1) [out](https://arxiv.org/abs/1) [bad](javascript:x)"
    html = to_html(text, "http://host/base/lessons?lesson=x")
    assert 'href="http://host/base/lambda?a=1"' in html
    assert html.count("href=") == 1
    assert "out (arxiv.org/abs/1)" in html.replace("<span>", "").replace("</span>", "")
    assert "href" not in to_html(text)


def test_streamlits_own_marks_are_left_out():
    assert to_html(":material/info: **a** :gray[b]") == "<p><strong>a</strong> b</p>"


def test_formulas_are_mathml():
    pytest.importorskip("latex2mathml", reason="formulas stay LaTeX without latex2mathml")
    html = to_html(r"It is $\hat\mu_c = \lambda_\mu$, and $$\frac{a}{b}$$ costs \$5.")
    assert html.count("<math") == 2
    assert 'display="block"' in html
    assert "<mfrac>" in html
    assert "costs $5." in html


def test_what_is_no_formula_is_told_as_it_was_written():
    assert "<code>" in to_html(r"$\frac{a$") or "<math" in to_html(r"$\frac{a$")
    assert to_html("5 $ and") == "<p>5 $ and</p>"


@pytest.mark.parametrize("name", ["live_chart", "lesson_figure", "inside_layer"])
def test_scripts_of_the_app_find_their_neighbours_in_a_document(name: str):
    files = scripts.files_of(name)
    assert f"{name}.js" in files
    for path, text in files.items():
        if path.endswith(".js"):
            code = re.sub(r"^\s*//.*$", "", text, flags=re.M)
            assert "import.meta" not in code
            assert not re.search(r"(?<!\.)\bimport\(", code)


def test_a_script_that_imports_otherwise_is_refused():
    with pytest.raises(ValueError, match=r"x\.js: it imports otherwise"):
        scripts.linked('import { a } from "./a.js";', "x.js")
