"""Figures of single shifts, batches, steps and images as pure functions of cells."""

from dataclasses import replace

import pytest

from afn.ask.records import Cell
from afn.pretrained.cards import read_card
from afn.stats.intervals import mean_interval, paired_interval, wilson_interval
from app.kit.draw.table import LESS, MORE
from app.page.robustness import take as corruptions
from app.page.robustness.charts.bars import bars_figure, bars_reading
from app.page.robustness.charts.batches import (
    BatchPoint,
    batch_figure,
    batch_legend,
    batch_reading,
    batch_table,
)
from app.page.robustness.charts.samples import (
    answers_of,
    flips_reading,
    interesting,
    samples_html,
)
from app.page.robustness.charts.steps import WayStep, steps_figure, steps_reading, steps_table
from tests.app.cells import N, answered, cell, grid
from tests.app.overrun import overrun

# -- corruption by corruption ----------------------------------------------------------------------


def test_dots_have_their_intervals_and_only_known_ones_are_drawn():
    bn = answered("BN", grid(fog=[90, 80, 70, 60, 50], snow=[60, None, None, None, None]))
    figure = bars_figure([bn], ["snow", "fog"], 1)
    assert list(figure.layout.yaxis.ticktext) == ["clean", "snow", "fog"]
    [dots] = figure.data
    assert overrun(figure) == []
    assert list(dots.x) == [95, 60, 90]
    low, high = wilson_interval(90, N)
    assert dots.error_x.array[2] == pytest.approx(100 * (high - 0.9))
    assert dots.error_x.arrayminus[2] == pytest.approx(100 * (0.9 - low))
    assert list(dots.customdata[2]) == ["fog", "90.0 % (82.6 to 94.5)", "100 images", "generated"]
    [means] = bars_figure([bn], ["snow", "fog"], None).data
    assert list(means.x) == [95, 70]
    assert list(means.y) == [0, 2]
    assert bars_figure([], ["fog"], None).data == ()


def test_the_models_dots_of_a_row_lie_apart_in_their_order():
    figure = bars_figure([answered(name, grid(fog=80)) for name in ("BN", "AFN", "IN")], ["fog"], 3)
    first, second, third = (trace.y[1] for trace in figure.data)
    assert 0.5 < first < second < third < 1.5


def test_the_bars_reading_says_what_is_hardest_and_where_models_differ():
    bn, afn = answered("BN", grid(fog=60, snow=80)), answered("AFN", grid(fog=62, snow=90))
    words = bars_reading([bn, afn], ["fog", "snow", "contrast"], 3)
    assert words.startswith(
        "At severity 3, fog is hardest: 61.0 % on average, beside 95.0 % clean. "
        "The models differ most under snow: AFN is +10.0 points"
    )
    assert bars_reading([bn], ["fog"], None).endswith(
        "fog is hardest: 60.0 %, beside 95.0 % clean."
    )
    assert bars_reading([bn, bn], ["fog"], 1).endswith("Under none do the models differ clearly.")
    assert "no corruption is tested" in bars_reading([bn], ["contrast"], 1)


# -- test batches ----------------------------------------------------------------------------------


def point(right, batch_size=128, *, mode="batch", order="mixed", label="BN"):
    return BatchPoint(
        label=label, color="#2B7FC4", norm=label.lower(), mode=mode, order=order,
        batch_size=batch_size, cell=cell(right, "fog", 3),
    )  # fmt: skip


POINTS = [
    point(70, mode="running"),
    *(point(r, b) for b, r in [(512, 92), (1, 40), (8, 72), (32, 90)]),
    *(point(r, b, order="by label") for b, r in [(32, 45), (128, 50)]),
    point(91, 128),
    point(80, mode="per image", label="ASRNorm"),
]


def test_the_batch_reading_says_where_batches_overtake():
    words = batch_reading(POINTS)
    assert words.startswith(
        "On 100 images, fog at severity 3: BN: the test batch's statistics overtake running ones "
        "from batch 32 on, by +20.0 points"
    )
    assert "; +22.0 at 512." in words
    assert "do not clearly overtake running ones; at batch 8 they make no" in batch_reading(
        [point(70, mode="running"), point(72, 8)]
    )
    assert "they are clearly worse, −30.0 points" in batch_reading([POINTS[0], point(40, 1)])
    # better at 32, worse again at 512: nothing is overtaken for good
    assert "do not clearly overtake" in batch_reading([POINTS[0], point(90, 32), point(60, 512)])
    for too_few in ([], POINTS[:1], POINTS[-1:], [point(90, 8), point(50, 32, order="by label")]):
        assert batch_reading(too_few).startswith("No batch size is tested")


def test_lines_are_solid_dashed_or_level():
    figure = batch_figure(POINTS)
    lines = [trace for trace in figure.data if trace.name]
    assert [(t.name, t.line.dash, list(t.x)) for t in lines] == [
        ("BN, test batch", "solid", [0, 3, 5, 7, 9]),
        ("BN, test batch sorted by class", "dash", [5, 7]),
        ("BN, running", "dot", [0, 9]),
        ("ASRNorm, per image", "dot", [0, 9]),
    ]
    assert list(lines[0].y) == [40, 72, 90, 91, 92]
    low, high = wilson_interval(40, N)
    assert [edge.y[0] for edge in figure.data[:2]] == pytest.approx([100 * low, 100 * high])
    assert [entry.look for entry in batch_legend(POINTS)] == ["line", "dashed", "thin", "thin"]
    rows = batch_table(POINTS)
    assert [row["batch size"] for row in rows] == [1, 8, 32, 128, 512, 32, 128, None, None]
    assert rows[-1]["model"] == "ASRNorm"
    assert batch_figure([]).data == ()


# -- steps -----------------------------------------------------------------------------------------


def way(*rights, severities=(3,)):
    names = ["BN running", "BN test batch", "AFN networks off", "AFN"]
    changes = ["", "test-batch statistics", "training with AFN", "the networks"]
    return [
        WayStep(name, change, tuple(cell(right, "fog", s) for s in severities))
        for name, change, right in zip(names, changes, rights, strict=False)
    ]


def test_the_steps_add_up_to_the_whole_way():
    rows = steps_table(way(60, 82, 82, 83))
    assert [row["gain"] for row in rows] == [None, *map(pytest.approx, (0.22, 0.0, 0.01))]
    assert sum(row["gain"] or 0 for row in rows) == pytest.approx(0.23)
    low, high = paired_interval(cell(83).hits, cell(82).hits)
    assert (rows[3]["gain low95"], rows[3]["gain high95"]) == (low, high)
    assert steps_reading(way(60, 82, 82, 83)) == (
        "AFN gains +23.0 points (14.2 to 30.9) over BN running. Step by step: +22.0 from "
        "test-batch statistics (13.4 to 29.8), ±0.0 from training with AFN (−1.9 to 1.9: within "
        f"noise) and +1.0 from the networks (−{-100 * low:.1f} to {100 * high:.1f}: within noise)."
    )


def many(right, n=512):
    """An answer to so many images, right on the first ones."""
    return Cell(
        corruption=None, severity=0, loss=0.5, source="clean", labels=bytes(n),
        answers=bytes(int(i >= right) for i in range(n)), confidences=bytes([204] * n),
    )  # fmt: skip


def test_shown_steps_are_the_differences_of_the_shown_levels():
    rights = {"a": 481, "b": 479, "c": 480}
    steps = [
        WayStep(label=name, change=f"to {name}", cells=(many(n),)) for name, n in rights.items()
    ]
    notes = [note.text for note in steps_figure(steps).layout.annotations]
    assert notes == ["93.95 %", "−0.40 → 93.55 %", "+0.20 → 93.75 %"]
    words = steps_reading(steps)
    assert "−0.20 points" in words
    assert "−0.40 from to b" in words
    assert "+0.20 from to c" in words


def test_one_image_is_one_image():
    foggy = replace(many(0, n=1), corruption="fog", severity=3)
    alone = answered("BN", {(None, 0): many(1, n=1), FOG: foggy})
    assert flips_reading([alone], FOG).startswith("Of 1 image, fog at severity 3 turns 1 from")
    assert alone.cells[FOG].describe() == "1 image, fog 3 (clean)"


def test_the_steps_are_honest_about_little_and_loss():
    assert steps_reading(way(80, 85, 80, 81)).startswith(
        "AFN and BN running are too close to tell: +1.0 points"
    )
    assert steps_reading(way(80, 85, 80, 60)).startswith("AFN loses against BN running: −20.0")
    assert steps_reading(way(80)) == steps_reading([]) == "The steps are not tested yet."


def test_bars_float_from_level_to_level_and_fade_where_it_may_be_chance():
    figure = steps_figure(way(60, 82, 70, 71))
    [bars] = [trace for trace in figure.data if trace.type == "bar"]
    assert list(bars.base) == [60, 82, 70]
    assert list(bars.x) == pytest.approx([22, -12, 1])
    assert list(bars.marker.color) == [MORE, LESS, MORE]
    assert bars.marker.opacity[2] < bars.marker.opacity[0] == bars.marker.opacity[1]
    assert [note.text for note in figure.layout.annotations] == [
        "60.0 %", "<b>+22.0</b> → 82.0 %", "<b>−12.0</b> → 70.0 %", "+1.0 → 71.0 %",
    ]  # fmt: skip
    assert len(steps_figure(way(60)).layout.annotations) == 1


def test_steps_over_several_tests_have_the_image_as_the_unit():
    [_, row] = steps_table(way(60, 82, severities=(1, 2)))
    assert (row["gain low95"], row["gain high95"]) == pytest.approx(
        mean_interval([1.0] * 22 + [0.0] * 78)
    )
    with pytest.raises(ValueError, match="same images"):
        steps_reading([way(60)[0], way(60, 82, severities=(1, 2))[1]])


# -- single images ---------------------------------------------------------------------------------

FOG = ("fog", 3)
BN = answered("BN", {(None, 0): cell(95), FOG: cell(98, *FOG, wrong=[1, 4])})
AFN = answered("AFN", {(None, 0): cell(95), FOG: cell(95, *FOG, wrong=[4, 7])})


def test_which_answers_flip():
    assert interesting([BN], FOG, N, "flipped") == [1, 4]
    other = answered("BN", {(None, 0): cell(9), FOG: replace(cell(9, *FOG), labels=bytes(N))})
    with pytest.raises(ValueError, match="same images"):
        interesting([other], FOG, N, "flipped")
    assert flips_reading([BN, AFN], FOG) == (
        "Of 100 images, fog at severity 3 turns 2 from right to wrong and 3 from wrong to right "
        "for BN; 2 and 0 for AFN."
    )
    assert flips_reading([BN], FOG).endswith("for BN.")
    for nothing in (flips_reading([], FOG), flips_reading([BN], (None, 0))):
        assert nothing.startswith("Choose a corruption")


def test_images_worth_a_look_are_the_first_of_their_kind():
    both = [BN, AFN]
    assert interesting(both, FOG, 3, "first") == [0, 1, 2]
    assert interesting(both, FOG, 9, "flipped") == [1, 4, 7]
    assert interesting(both, FOG, 9, "disagree") == [1, 7, 95, 96, 97]
    assert interesting(both, FOG, 9, "disagree", limit=96) == [1, 7, 95]
    assert interesting(both, FOG, 2, "flipped", limit=5) == [1, 4]
    assert interesting(both, FOG, 9, "first", limit=2) == [0, 1]
    assert interesting([BN], FOG, 9, "disagree") == []
    for kind in ("first", "flipped", "disagree"):
        assert interesting(both, ("snow", 1), 9, kind) == []


def test_cards_say_right_and_wrong_without_colour():
    names = [f"class {i}" for i in range(10)]
    answers = answers_of([BN, AFN, answered("IN", {})], FOG, 7, names)
    assert [(a.label, a.predicted, a.confidence, a.is_right) for a in answers] == [
        ("BN", "class 7", 0.8, True), ("AFN", "class 8", 0.8, False),
    ]  # fmt: skip
    html = samples_html(["data:image/png;base64,AA"], ["class 7"], [answers])
    assert 'title="AFN: class 8, wrong, confidence 80 %"' in html
    assert html.count("✗") == html.count("✓") == 1
    with pytest.raises(ValueError, match="zip"):
        samples_html(["data:,"], [], [])


def test_an_export_names_the_batches_that_there_are(tmp_path):
    network = read_card("mnist5k-afn").network(tmp_path)
    asked = network.question(num_images=1100, stats="batch", batch_size=128)
    test = corruptions._Test("AFN", network, asked)
    assert corruptions._statistics(test) == "test batches of 128, the last of 104"  # of 1,000
