"""The figures of the Robustness page as pure functions of cells, against hand-worked numbers."""

import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from afn.grids.records import STANDARD, Cell
from afn.intervals import mean_interval, paired_interval, wilson_interval
from app.charts.bars import bars_figure, bars_reading
from app.charts.batches import (
    BatchPoint,
    batch_figure,
    batch_legend,
    batch_reading,
    batch_table,
)
from app.charts.estimates import accuracy_over, gain_over, place_title, signed
from app.charts.grid import FADED_TEXT, GROUPS, grid_table, heatmap_html, in_order, scale_html
from app.charts.heat import FULL, LESS, MORE, diverging
from app.charts.legend import Entry, legend_html
from app.charts.samples import answers_of, flips, flips_reading, interesting, samples_html
from app.charts.steps import Step, steps_figure, steps_reading, steps_table
from app.charts.summary import grid_reading, summary, summary_html
from app.charts.tested import Tested as Model  # pytest takes Test... for tests

THEMES = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())[
    "theme"
]
N = 100
LABELS = bytes(i % 10 for i in range(N))


def cell(right, corruption=None, severity=0, *, source=None, wrong=()):
    """Right on the first so many of 100 images, but for those named."""
    hits = [i < right and i not in wrong for i in range(N)]
    return Cell(
        corruption=corruption, severity=severity, loss=0.5,
        source=source or ("generated" if corruption else "clean"),
        answers=bytes(c if hit else (c + 1) % 10 for c, hit in zip(LABELS, hits, strict=True)),
        confidences=bytes([204] * N), labels=LABELS,
    )  # fmt: skip


def grid(clean=95, **rights):
    """Cells by place: ``fog=80`` is right on 80 images at every severity, a list says each."""
    cells = [cell(clean)]
    for name, right in rights.items():
        per_severity = right if isinstance(right, list) else [right] * 5
        cells += [cell(r, name, s) for s, r in enumerate(per_severity, 1) if r is not None]
    return {each.place: each for each in cells}


def answered(label, cells):
    return Model(label, "#2B7FC4", "bn", "running", cells)


class Table(HTMLParser):
    """Rows of (tag, attributes, text) of the cells of a table."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.open = [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        self.open = tag in ("td", "th") or (self.open and tag not in ("tr", "caption"))
        if tag in ("td", "th"):
            self.rows[-1].append([tag, dict(attrs), ""])

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("td", "th")

    def handle_data(self, data):
        if self.open and self.rows and self.rows[-1]:
            self.rows[-1][-1][2] += data

    def row(self, name):
        return next(row for row in self.rows if row[0][2] == name)


# -- estimates -------------------------------------------------------------------------------------


def test_of_one_cell_the_intervals_are_those_of_a_share():
    ours, theirs = cell(90, "fog", 1), cell(80, "fog", 1)
    assert accuracy_over([ours]).value == 0.9
    assert (accuracy_over([ours]).low, accuracy_over([ours]).high) == wilson_interval(90, N)
    gain = gain_over([ours], [theirs])
    assert gain.value == pytest.approx(0.1)
    assert (gain.low, gain.high) == paired_interval(ours.hits, theirs.hits)
    assert gain.is_clear
    assert not gain_over([ours], [ours]).is_clear


def test_in_a_mean_over_cells_the_image_is_the_unit():
    ours = [cell(90, "fog", 1), cell(70, "fog", 2)]  # 70 images twice, 20 once, 10 never right
    shares = [1.0] * 70 + [0.5] * 20 + [0.0] * 10
    mean = accuracy_over(ours)
    assert mean.value == pytest.approx(0.8)
    assert (mean.low, mean.high) == pytest.approx(mean_interval(shares))
    theirs = [cell(90, "fog", 1), cell(60, "fog", 2)]  # ten images half a point behind
    gain = gain_over(ours, theirs)
    assert gain.value == pytest.approx(0.05)
    assert (gain.low, gain.high) == pytest.approx(mean_interval([0.5] * 10 + [0.0] * 90))


def test_only_the_same_images_are_compared():
    ours = [cell(90, "fog", 1), cell(90, "fog", 2)]
    other_source = [ours[0], replace(ours[1], source="CIFAR-10-C archive")]
    other_labels = [ours[0], replace(ours[1], labels=bytes(N))]
    for theirs in (other_source, other_labels, ours[::-1], ours[:1]):
        with pytest.raises(ValueError, match="same images"):
            gain_over(ours, theirs)
    with pytest.raises(ValueError, match="same images"):
        accuracy_over(other_labels)


def test_signs_are_those_of_print_and_nothing_is_minus_zero():
    assert [signed(share) for share in (0.0234, -0.009, 0.0001, -0.0004)] == [
        "+2.3", "−0.9", "±0.0", "±0.0",
    ]  # fmt: skip
    assert [place_title(place) for place in ((None, 0), ("zoom_blur", 3))] == [
        "clean", "zoom blur, severity 3",
    ]  # fmt: skip


# -- the grid --------------------------------------------------------------------------------------


def test_the_groups_hold_the_standard_fifteen_and_the_extra_four():
    names = [name for group in GROUPS.values() for name in group]
    assert set(names) - set(GROUPS["extra"]) == set(STANDARD)
    assert (len(names), len(set(names))) == (19, 19)
    assert in_order(["fog", "home_made", "snow", "shot_noise"]) == [
        "shot_noise", "snow", "fog", "home_made",
    ]  # fmt: skip


def test_a_table_says_every_accuracy_and_keeps_the_place_of_what_is_unknown():
    afn = answered("AFN", grid(fog=[90, 80, 70, 60, 51], snow=[90, 80, None, None, None]))
    table = Table(heatmap_html(afn, ["fog", "snow", "contrast"]))
    assert [text for _, _, text in table.row("fog")] == ["fog", "90", "80", "70", "60", "51", "70"]
    assert [text for _, _, text in table.row("snow")][1:] == ["90", "80", "·", "·", "·", "·"]
    assert [text for _, _, text in table.row("contrast")][1:] == ["·"] * 6
    assert [text for _, _, text in table.row("clean")] == ["clean", "95"]
    assert table.row("fog")[3][1]["title"] == (
        "fog, severity 3: 70.0 % (60.4 to 78.1), 100 images, generated"
    )
    for row in table.rows:
        assert sum(int(attributes.get("colspan", 1)) for _, attributes, _ in row) == 7
        assert row[0][1]["scope"] in ("row", "col", "rowgroup")


def test_a_table_of_differences_says_which_are_clear():
    bn = answered("BN", grid(fog=[80, 80, 80, 80, None]))
    afn = answered("AFN", grid(fog=[90, 80, 70, 81, 90]))
    table = Table(heatmap_html(afn, ["fog"], baseline=bn))
    row = table.row("fog")
    assert [text for _, _, text in row[1:]] == ["+10.0", "±0.0", "−10.0", "+1.0", "·", "·"]
    kinds = [attributes["class"].split()[-1] for _, attributes, _ in row[1:]]
    assert kinds == ["clear", "chance", "clear", "chance", "unknown", "unknown"]
    low, high = paired_interval(cell(90).hits, cell(80).hits)
    assert f"+10.0 points ({100 * low:.1f} to {100 * high:.1f}) over BN" in row[1][1]["title"]
    assert row[1][1]["style"] != row[3][1]["style"]
    assert "BN" not in row[5][1]["title"].partition(":")[0]


def test_the_scale_runs_from_the_strongest_loss_to_the_strongest_gain():
    html = scale_html(answered("BN", {}))
    stops = re.findall(r"color-mix\([^)]*\)", html.rpartition("linear-gradient")[2])
    assert (stops[0], stops[4], stops[-1]) == (diverging(-FULL), diverging(0), diverging(FULL))
    assert diverging(2 * FULL) == diverging(FULL) != diverging(0.9 * FULL)
    assert "−20.0<i" in html
    assert "</i>+20.0 points and beyond" in html


def test_other_images_are_as_good_as_none():
    cells = grid(fog=80)
    bn = answered("BN", {at: replace(c, source="CIFAR-10-C archive") for at, c in cells.items()})
    table = Table(heatmap_html(answered("AFN", cells), ["fog"], baseline=bn))
    assert [text for _, _, text in table.row("fog")[1:]] == ["·"] * 6


def test_names_that_people_give_are_shown_as_they_are():
    bad = '<img src=x onerror="a">'
    model = answered(bad, grid(fog=80))
    other = answered("BN", grid(fog=90))
    for html in (
        heatmap_html(model, ["fog", bad]),
        heatmap_html(other, ["fog"], baseline=model),
        scale_html(model),
        summary_html([model, other], model),
        legend_html([Entry(bad, "#123456")]),
        samples_html(["data:,"], [bad], [answers_of([model], (None, 0), 99, [bad] * 10)]),
    ):
        assert "<img src=x" not in html


def _luminance(channels):
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _mix(color, share, ground):
    return [share * a + (1 - share) * b for a, b in zip(color, ground, strict=True)]


def _channels(color):
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_on_every_background(theme):
    text, ground = (_channels(THEMES[theme][key]) for key in ("textColor", "backgroundColor"))
    best = answered("AFN", grid(100, fog=[100, 50, 0, 0, 0]))
    rest = answered("BN", grid(0, fog=[0, 55, 100, 1, 5]))
    html = heatmap_html(best, ["fog"]) + heatmap_html(best, ["fog"], baseline=rest)
    cells = re.findall(r'<td class="([^"]*)"[^>]*srgb, (#\w{6}) (\d+)%', html)
    assert max(int(share) for _, _, share in cells) > 60
    assert any("chance" in css for css, _, _ in cells)
    for css, color, share in cells:
        behind = _mix(_channels(color), int(share) / 100, ground)
        front = _mix(text, FADED_TEXT / 100, behind) if "chance" in css else text
        low, high = sorted((_luminance(front), _luminance(behind)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (css, color, share)


def test_the_rows_for_download_hold_every_known_cell():
    rows = grid_table([answered("AFN", grid(fog=[90, None, None, None, 70]))])
    assert [(r["corruption"], r["severity"], r["correct"]) for r in rows] == [
        ("clean", 0, 95), ("fog", 1, 90), ("fog", 5, 70),
    ]  # fmt: skip
    assert rows[1] == {
        "model": "AFN", "norm": "bn", "statistics": "running", "corruption": "fog", "severity": 1,
        "source": "generated", "n": 100, "correct": 90, "accuracy": 0.9,
        "low95": wilson_interval(90, N)[0], "high95": wilson_interval(90, N)[1], "loss": 0.5,
    }  # fmt: skip


# -- the summary -----------------------------------------------------------------------------------


def test_the_summary_against_numbers_worked_out_by_hand():
    bn = answered("BN", grid(95, fog=80, snow=60, saturate=90))
    afn = answered("AFN", grid(93, fog=90, snow=70, saturate=90))
    own, row = summary([bn, afn], bn)
    assert row["clean"] == 0.93
    assert row["corrupted"] == pytest.approx((0.9 + 0.7 + 0.9) / 3)
    assert row["gain"] == pytest.approx(0.2 / 3)
    # twenty images have a third more, the other eighty the same
    assert (row["gain low95"], row["gain high95"]) == pytest.approx(
        mean_interval([1 / 3] * 20 + [0.0] * 80)
    )
    assert row["mCE"] == pytest.approx((10 / 20 + 30 / 40) / 2)  # saturate is none of the fifteen
    assert (row["corruptions in mCE"], row["corrupted tests"], row["n"]) == (2, 15, 100)
    assert (own["gain"], own["mCE"], own["baseline"]) == (None, 1.0, "BN")


def test_a_summary_of_what_is_half_done_says_what_it_can():
    bn = answered("BN", grid(fog=80, snow=[60, 60, None, None, None]))
    afn = answered(
        "AFN", grid(fog=90, snow=[60, None, None, None, None], contrast=[9] + [None] * 4)
    )
    [row] = summary([afn], bn)
    assert (row["corrupted tests"], row["tests shared with baseline"]) == (7, 6)
    assert row["gain"] == pytest.approx(5 * 0.1 / 6)
    assert (row["mCE"], row["corruptions in mCE"]) == (pytest.approx(0.5), 1)
    [none] = summary([answered("AFN", {})], bn)
    assert none["n"] is none["clean"] is none["corrupted"] is none["gain"] is none["mCE"] is None
    flawless = answered("BN", grid(fog=100))
    assert summary([afn], flawless)[0]["mCE"] is None


def test_the_summary_as_a_table_for_people():
    bn, afn = answered("BN", grid(fog=80)), answered("AFN", grid(fog=90))
    table = Table(summary_html([bn, afn, answered("IN", {})], bn))
    assert [row[0][2] for row in table.rows[1:]] == ["BNrunning", "AFNrunning", "INrunning"]
    assert table.rows[2][3][2].startswith("+10.0")
    assert table.rows[2][3][1]["class"] == "clear"
    assert table.rows[2][4][2] == "0.5001 of 15"
    assert [text for _, _, text in table.rows[3][1:]] == ["–"] * 4
    assert "over BN, points" in table.rows[0][3][2]


def test_the_sentence_says_who_is_best_and_where():
    bn = answered("BN", grid(fog=80, snow=[80, 80, 80, 80, 90]))
    afn = answered("AFN", grid(fog=[90, 90, 90, 90, 99], snow=[80, 80, 80, 80, 70]))
    words = grid_reading([bn, afn], bn)
    # (4 · 10 + 19 − 20) / 10 points
    assert words.startswith("Over 10 corrupted tests, AFN is best: 84.9 % on average, +3.9 points")
    assert "gains most under fog at severity 5, +19.0 points" in words
    assert "loses most under snow at severity 5, −20.0 points" in words
    assert grid_reading([afn, bn], afn).startswith(
        "Over 10 corrupted tests, AFN, the baseline, is best with 84.9 % on average; next comes "
        "BN, −3.9 points"
    )


def test_the_sentence_claims_no_winner_where_there_is_none():
    bn, afn = answered("BN", grid(fog=80)), answered("AFN", grid(fog=[81, 80, 80, 80, 80]))
    words = grid_reading([bn, afn], bn)
    assert "AFN and BN are too close to tell: 80.2 % is +0.2 points (−0.2 to 0.6) over BN" in words
    assert words.endswith("In no single test is the difference clear.")
    better = answered("IN", grid(fog=95))
    rival = answered("GN", grid(fog=[95, 95, 95, 95, 96]))
    assert "GN is best, though too close to IN to tell" in grid_reading([bn, better, rival], bn)


def test_the_sentence_while_there_is_little_to_say():
    bn, afn = answered("BN", grid(fog=80)), answered("AFN", grid())
    assert grid_reading([], bn) == grid_reading([afn], afn) == "No corruption is tested yet."
    assert grid_reading([bn, afn], bn).startswith(
        "BN averages 80.0 % (72.1 to 87.9) over 5 corrupted tests, beside 95.0 % clean; worst is "
    )
    assert "AFN, the baseline, is not tested" in grid_reading([bn, afn], afn)
    apart = answered("IN", grid(snow=80))
    assert "on the same images" in grid_reading([bn, apart], bn)


# -- corruption by corruption ----------------------------------------------------------------------


def test_dots_have_their_intervals_and_only_known_ones_are_drawn():
    bn = answered("BN", grid(fog=[90, 80, 70, 60, 50], snow=[60, None, None, None, None]))
    figure = bars_figure([bn], ["snow", "fog"], 1)
    assert list(figure.layout.yaxis.ticktext) == ["clean", "snow", "fog"]
    [dots] = figure.data
    assert list(dots.x) == [95, 60, 90]
    low, high = wilson_interval(90, N)
    assert dots.error_x.array[2] == pytest.approx(100 * (high - 0.9))
    assert dots.error_x.arrayminus[2] == pytest.approx(100 * (0.9 - low))
    assert list(dots.customdata[2]) == ["fog", "90.0 % (82.6 to 94.5)", 100, "generated"]
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


def test_the_batch_reading_says_where_batches_overtake_and_what_sorting_costs():
    words = batch_reading(POINTS)
    assert words.startswith(
        "On 100 images, fog at severity 3: BN: the test batch's statistics overtake running ones "
        "from batch 32 on, by +20.0 points"
    )
    assert "; +22.0 at 512." in words
    assert "Batches of 128 sorted by class change BN by −41.0 points" in words
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
    lines = [trace for trace in figure.data if trace.fill is None]
    assert [(t.name, t.line.dash, list(t.x)) for t in lines] == [
        ("BN, test batch", "solid", [0, 3, 5, 7, 9]),
        ("BN, test batch sorted by class", "dash", [5, 7]),
        ("BN, running", "dot", [0, 9]),
        ("ASRNorm, per image", "dot", [0, 9]),
    ]
    assert list(lines[0].y) == [40, 72, 90, 91, 92]
    band = figure.data[0]
    low, high = wilson_interval(40, N)
    assert (band.y[0], band.y[-1]) == pytest.approx((100 * high, 100 * low))
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
        Step(name, change, tuple(cell(right, "fog", s) for s in severities))
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
    assert flips(BN.cells[None, 0], BN.cells[FOG]) == [1, 4]
    with pytest.raises(ValueError, match="same images"):
        flips(cell(9), replace(cell(9, *FOG), labels=bytes(N)))
    assert flips_reading([BN, AFN], FOG) == (
        "Of 100 images, fog at severity 3 turns 2 from right to wrong and 3 from wrong to right "
        "for BN; 2 and 0 for AFN. Alone right: BN on 4 and AFN on 1."
    )
    assert flips_reading([BN], FOG).endswith("for BN.")
    assert flips_reading([BN, BN], FOG).endswith("On no image is one of them alone right.")
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
