"""Accuracy over a grid of corruptions as tables, sentences and shades; numbers worked by hand."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from afn.ask.records import STANDARD
from afn.settings.corruptions import CORRUPTION_NAMES, KINDS
from afn.stats.intervals import mean_interval, paired_interval, wilson_interval
from app.kit.draw.estimates import accuracy_over, gain_over, place_title, signed
from app.kit.draw.grid import grid_table, heatmap_html, in_order, scale_html
from app.kit.draw.legend import Entry, legend_html
from app.kit.draw.table import FULL, diverging
from app.page.robustness.charts.samples import answers_of, samples_html
from app.page.robustness.charts.summary import grid_reading, summary, summary_html
from tests.app.cells import N, Table, answered, cell, grid

LOOK = (Path(__file__).parents[4] / "app" / "look.css").read_text()
FADED_TEXT = int(re.search(r"\.chance \{color: color-mix\(in srgb, currentColor (\d+)%", LOOK)[1])
THEMES = tomllib.loads((Path(__file__).parents[4] / ".streamlit" / "config.toml").read_text())[
    "theme"
]


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


def test_a_kind_of_corruption_is_one_set_in_tables_and_in_metrics_of_sweeps():
    html = heatmap_html(answered("AFN", {}), list(CORRUPTION_NAMES))
    groups = {
        re.findall(r'rowgroup"[^>]*>(\w+)<', body)[0]: re.findall(r'"row"[^>]*>([\w ]+)', body)
        for body in html.split("<tbody>")[2:]
    }
    assert {group: set(names) for group, names in groups.items()} == {
        group: {name.replace("_", " ") for name in names} for group, names in KINDS.items()
    }
    assert groups["blur"][-1] == "gaussian blur", "the standard ones first"
    marked = re.findall(r">([\w ]+)<small>extra", html)
    extra = {name.replace(" ", "_") for name in marked}
    assert extra == set(CORRUPTION_NAMES) - set(STANDARD)


def test_corruptions_are_the_standard_ones_kind_by_kind_then_the_extra_ones_then_others():
    names = in_order(CORRUPTION_NAMES)
    assert names[:15] == list(STANDARD)
    assert names[15:19] == ["speckle_noise", "gaussian_blur", "spatter", "saturate"]
    assert in_order(["fog", "home_made", "snow", "shot_noise"]) == [
        "shot_noise", "snow", "fog", "home_made",
    ]  # fmt: skip
    assert ">other<" in heatmap_html(answered("AFN", {}), ["fog", "home_made"])


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
        "source": "generated", "rule": None, "n": 100, "correct": 90, "accuracy": 0.9,
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


def test_the_sentence_says_who_is_best():
    bn = answered("BN", grid(fog=80, snow=[80, 80, 80, 80, 90]))
    afn = answered("AFN", grid(fog=[90, 90, 90, 90, 99], snow=[80, 80, 80, 80, 70]))
    words = grid_reading([bn, afn], bn)
    # (4 · 10 + 19 − 20) / 10 points
    assert words.startswith("Over 10 corrupted tests, AFN is best: 84.9 % on average, +3.9 points")
    assert grid_reading([afn, bn], afn).startswith(
        "Over 10 corrupted tests, AFN, the baseline, is best with 84.9 % on average; next comes "
        "BN, −3.9 points"
    )


def test_the_sentence_claims_no_winner_where_there_is_none():
    bn, afn = answered("BN", grid(fog=80)), answered("AFN", grid(fog=[81, 80, 80, 80, 80]))
    words = grid_reading([bn, afn], bn)
    assert "AFN and BN are too close to tell: 80.2 % is +0.2 points (−0.2 to 0.6) over BN" in words
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
