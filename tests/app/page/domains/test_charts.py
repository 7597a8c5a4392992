"""The Domains page's figures as pure functions: what is drawn, read and tabled."""

import re
from dataclasses import replace

import pytest

from afn.ask.records import Cell
from afn.data.domains import digit_domains
from afn.stats.intervals import mean_interval, paired_interval
from app.kit.draw.domains import MatrixRow, domain_words, matrix_reading, matrix_table, unseen_gain
from app.kit.draw.estimates import gain_over
from app.kit.draw.palette import NORM_COLORS, domain_mark
from app.kit.draw.table import diverging, heat
from app.page.domains.matrix import matrix_html
from tests.app.cells import Table

DOMAINS = ["a", "b", "c"]


def cell(hits, source="clean"):
    """One answer for each letter: x is wrong."""
    return Cell(
        corruption=None, severity=0, source=source, loss=1.0,
        answers=bytes(0 if hit == "x" else 1 for hit in hits), confidences=bytes(len(hits)),
        labels=bytes([1] * len(hits)),
    )  # fmt: skip


def row(train, *, label="BN", norm="bn", **cells):
    return MatrixRow(
        label=label, norm=norm, statistics="running", color=NORM_COLORS[norm], train=train,
        cells={name: cell(hits) for name, hits in cells.items()},
    )  # fmt: skip


def cells_of(html):
    """The table's cells: text, class and title, row by row."""
    rows = [[each for each in row if each[0] == "td"] for row in Table(html).rows]
    return [
        [(text, of.get("class", ""), of["title"]) for _, of, text in cells]
        for cells in rows
        if cells
    ]


# -- the palette -----------------------------------------------------------------------------------


def test_a_shown_difference_is_that_of_the_two_means_beside_it():
    bn, afn = (
        [row("a", label=label, norm=norm, b="." * right + "x" * (512 - right))]
        for label, norm, right in (("BN", "bn", 481), ("AFN", "afn", 479))
    )
    text = matrix_reading([*bn, *afn], ["a", "b"])
    assert "93.95 % and 93.55 %" in text
    assert "AFN −0.40 points" in text


def test_a_domain_looks_the_same_in_every_form_and_as_its_relative():
    assert domain_mark("mnist@rgb") == domain_mark("mnist") == domain_mark("mnist5k")
    assert domain_mark("usps") == domain_mark("digits8@rgb")
    assert domain_mark("mnistm") == domain_mark("mnistm5k@grey")
    assert domain_mark("svhn@grey") == domain_mark("syn")
    digits = {domain_mark(entry.name) for entry in digit_domains()}
    pacs = ("photo", "art_painting", "cartoon", "sketch")
    assert len(digits) == len({domain_mark(f"pacs/{name}") for name in pacs}) == 4
    for kind in ("color", "symbol", "glyph"):
        assert len({getattr(mark, kind) for mark in digits}) == 4


def test_other_domains_have_their_marks_by_their_order_and_keep_them():
    known = ["office/web", "office/camera", "office/product@grey", "pacs/photo"]
    marks = {name: domain_mark(name, known) for name in known[:3]}
    assert len(set(marks.values())) == 3
    assert marks == {name: domain_mark(name, known[::-1]) for name in known[:3]}
    assert domain_mark("office/camera", ["office/web+office/camera"]) == marks["office/camera"]
    assert domain_mark("office/web+office/camera", known) not in marks.values()
    many = [f"t/{i:02}" for i in range(12)]
    assert domain_mark("t/11", many) == domain_mark("t/03", many)


def test_no_domain_has_the_colour_of_a_norm():
    many = [f"t/{i}" for i in range(8)]
    colors = {domain_mark(name, many).color for name in many}
    assert len(colors) == 8
    assert not colors & set(NORM_COLORS.values())


def test_heat_grows_and_stays_readable():
    assert heat(0).endswith(" 0%, transparent)")
    assert heat(1).endswith(" 65%, transparent)")
    assert heat(7) == heat(1)
    assert diverging(10) != diverging(-10)
    assert ["32%" in diverging(points) for points in (10, -10, 20)] == [True, True, False]
    assert diverging(-99) == diverging(-20)


# -- the matrix ------------------------------------------------------------------------------------


def test_a_cell_says_what_it_is_and_the_mean_leaves_out_what_was_seen():
    html = matrix_html([row("a@rgb", a="oooo", b="ooox", c="xxxx")], DOMAINS, caption="BN")
    [[seen, other, zero, mean]] = cells_of(html)
    assert [each[0] for each in (seen, other, zero, mean)] == ["100.0", "75.0", "0.0", "37.5"]
    assert ["afn-matrix-seen" in each[1] for each in (seen, other)] == [True, False]
    assert other[2] == (
        "BN trained on a, tested on b: 75.0 % (30.1 to 95.4), 4 images, clean; statistics: running"
    )
    assert "mean over 2 domains it has not seen: 37.5 %" in mean[2]
    assert "trained on, not in the mean" in html


def test_what_is_not_known_is_a_quiet_cell_and_makes_no_mean():
    [[_, known, unknown, mean]] = cells_of(matrix_html([row("a", a="oo", b="oo")], DOMAINS))
    assert (known[0], unknown[0], mean[0]) == ("100.0", "·", "·")
    assert "afn-matrix-none" in unknown[1]
    assert unknown[2] == "not tested yet"
    assert mean[2] == "1 of 2 not tested yet"


def test_networks_of_several_domains_have_seen_them_all():
    both = row("a+b@grey", a="o", b="o", c="x", d="o")
    [[a, b, c, d, mean]] = cells_of(matrix_html([both], [*DOMAINS, "d"]))
    seen = ["afn-matrix-seen" in each[1] for each in (a, b, c, d)]
    assert seen == [True, True, False, False]
    assert mean[0] == "50.0"
    html = matrix_html([both], DOMAINS)
    [[_, _, last]] = cells_of(html)
    assert last[0] == "0.0"  # no column for a mean of one
    assert re.search(
        r'<th scope="row">all but <span [^>]*>.</span> <span class="name">c</span></th>', html
    )
    assert "mean" not in html


def test_differences_are_signed_paired_and_faint_where_unclear():
    n = 40
    ours = [row("a", label="AFN", norm="afn", a="o" * n, b="o" * n, c="o" * 20 + "x" * 20)]
    theirs = [row("a", a="o" * n, b="x" * 10 + "o" * 30, c="x" + "o" * 20 + "x" * 19)]
    [[same, more, equal, mean]] = cells_of(matrix_html(ours, DOMAINS, against=theirs))
    assert [each[0] for each in (same, more, equal, mean)] == ["±0.0", "+25.0", "±0.0", "+12.5"]
    assert ["sure" in each[1] for each in (same, more, equal)] == [False, True, False]
    low, high = paired_interval([True] * n, [False] * 10 + [True] * 30)
    assert f"+25.0 points ({100 * low:.1f} to {100 * high:.1f}) over BN" in more[2]
    [[_, less, *_]] = cells_of(matrix_html(theirs, DOMAINS, against=ours))
    assert less[0] == "−25.0"


def test_a_small_difference_is_faint_and_a_mean_needs_all_its_domains():
    ours, theirs = row("a", b="o" * 9, c="o" * 9), row("a", b="o" * 8 + "x")
    [[_, little, unknown, mean]] = cells_of(matrix_html([ours], DOMAINS, against=[theirs]))
    assert (little[0], unknown[0], mean[0]) == ("+11.1", "·", "·")
    assert "faint" in little[1]
    assert mean[2] == "not all can be compared yet"


def test_only_the_same_images_and_the_same_training_can_be_compared():
    ours, theirs = row("a", a="oo", b="oo"), row("a", a="oo", b="ooo")
    [[_, shorter, *_]] = cells_of(matrix_html([ours], DOMAINS, against=[theirs]))
    assert (shorter[0], shorter[2]) == ("·", "not the same images")
    elsewhere = replace(ours, cells={"b": cell("oo", source="clean, in grey")})
    [[_, grey, *_]] = cells_of(matrix_html([ours], DOMAINS, against=[elsewhere]))
    assert grey[2] == "not the same images"
    [[_, alone, *_]] = cells_of(matrix_html([ours], DOMAINS, against=[row("b", b="oo")]))
    assert alone[2] == "nothing to compare with yet"
    assert unseen_gain([ours], [theirs, elsewhere], DOMAINS) is None


def test_names_cannot_break_out_of_the_table():
    bad = '<img src=x onerror="1">'
    html = matrix_html(
        [replace(row("a", a="o", b="o"), label=bad), row("a", a="o")], ["a", bad],
        caption=bad, titles={"a": bad},
    )  # fmt: skip
    assert "<img" not in html
    assert 'onerror="' not in html


def test_a_row_is_named_by_what_tells_it_apart():
    one, other = row("a", a="o"), row("b", a="o")
    afn = row("a", label="AFN", norm="afn", a="o")
    heads = [
        re.findall(r'<th scope="row">(.*?)</th>', matrix_html(rows, ["a"]))
        for rows in ([one, other], [one, afn], [one, other, afn])
    ]
    texts = [[re.sub(r"<.*?>|[●◆▲■]", "", head).split() for head in each] for each in heads]
    assert texts == [[["a"], ["b"]], [["BN"], ["AFN"]], [["BN", "a"], ["BN", "b"], ["AFN", "a"]]]


def test_domains_are_called_by_their_titles():
    assert domain_words("pacs/art_painting@grey") == "art painting"
    assert domain_words("mnist5k+syn", {"mnist5k": "MNIST 5k"}) == "MNIST 5k + syn"


# -- what follows from it --------------------------------------------------------------------------


def test_the_gain_on_one_cell_is_the_paired_one():
    ours, theirs = "oooooxxooo", "xoxooxoooo"
    gain = unseen_gain([row("a", b=ours)], [row("a", b=theirs)], DOMAINS)
    assert gain.value == pytest.approx(0.1)
    assert (gain.low, gain.high) == pytest.approx(
        paired_interval([h == "o" for h in ours], [h == "o" for h in theirs])
    )


def test_an_image_that_many_networks_were_asked_counts_once():
    """The same differences in twice as many networks tell nothing more."""
    ours, theirs = {"c": "o" * 30 + "x" * 10}, {"c": "x" * 20 + "o" * 20}
    once = unseen_gain([row("a", **ours)], [row("a", **theirs)], DOMAINS)
    twice = unseen_gain(
        [row("a", **ours), row("b", **ours)], [row("a", **theirs), row("b", **theirs)], DOMAINS
    )
    assert once.value == twice.value == 0.25
    assert twice.high - twice.low == pytest.approx(once.high - once.low, rel=0.06)  # n + 2, n - 1
    apart = unseen_gain(
        [row("a", **ours), row("a", b=ours["c"])], [row("a", **theirs, b=theirs["c"])], DOMAINS
    )
    assert apart.value == pytest.approx(0.25)
    assert apart.high - apart.low == pytest.approx((once.high - once.low) / 2**0.5)


def test_an_image_has_the_mean_of_its_differences():
    pairs = [("a", "oxxx", "xxxx"), ("b", "xoxx", "xxox")]
    ours = [row(train, c=answers) for train, answers, _ in pairs]
    theirs = [row(train, c=answers) for train, _, answers in pairs]
    gain = unseen_gain(ours, theirs, DOMAINS)
    assert gain.value == 0.125
    assert (gain.low, gain.high) == pytest.approx(mean_interval([0.5, 0.5, -0.5, 0.0]))


def test_a_domain_weighs_by_its_pairs_and_errs_on_its_own():
    answers = [("c", "o" * 30 + "x" * 10), ("c", "o" * 25 + "x" * 15), ("b", "o" * 20 + "x" * 20)]
    ours = [row(f"t{i}", **{domain: hits}) for i, (domain, hits) in enumerate(answers)]
    theirs = [row(f"t{i}", **{domain: hits[::-1]}) for i, (domain, hits) in enumerate(answers)]
    gain = unseen_gain(ours, theirs[::-1], DOMAINS)
    on_c = gain_over(*([each.cells["c"] for each in rows[:2]] for rows in (ours, theirs)))
    on_b = gain_over([ours[2].cells["b"]], [theirs[2].cells["b"]])
    assert gain.value == pytest.approx((2 * on_c.value + on_b.value) / 3)
    variance = sum(w * w * (e.high - e.low) ** 2 for w, e in ((2 / 3, on_c), (1 / 3, on_b)))
    assert (gain.high - gain.low) ** 2 == pytest.approx(variance)
    middle = (2 * (on_c.low + on_c.high) + on_b.low + on_b.high) / 3
    assert gain.low + gain.high == pytest.approx(middle)


def test_cells_weigh_alike_however_many_images_they_have():
    ours = row("a", a="x" * 99, b="oooo", c="x" * 100)
    theirs = row("a", a="o" * 99, b="xxxx", c="x" * 100)
    assert unseen_gain([ours], [theirs], DOMAINS).value == 0.5  # seen domains do not count


def matrices(hits):
    """Contenders by label and norm; each of two networks has the hits on the other's domain."""
    return [
        row(train, label=label, norm=norm, **{train: "oo", other: answers})
        for (label, norm), answers in hits.items()
        for train, other in (("a", "b"), ("b", "a"))
    ]


def test_the_reading_says_who_is_best_and_by_how_much():
    rows = matrices({("AFN", "afn"): "o" * 80 + "x" * 20, ("BN", "bn"): "o" * 50 + "x" * 50})
    rows[0] = replace(rows[0], cells={**rows[0].cells, "b": cell("o" * 60 + "x" * 40)})
    text = matrix_reading(rows, ["a", "b"])
    assert text.startswith(
        "On domains that it has not seen, AFN is right most often: 70.0 %, the mean over 2 pairs "
        "of training and test domain. Beside BN, image by image: AFN +20.0 points (1"
    )
    assert "too close" not in text


def test_the_reading_does_not_say_more_than_is_known():
    close = matrices({
        ("AFN", "afn"): "o" * 51 + "x" * 49, ("BN", "bn"): "x" + "o" * 50 + "x" * 49,
        ("IN", "in"): "x" * 50 + "o" * 50,
    })  # fmt: skip
    text = matrix_reading(close, ["a", "b"])
    assert text.startswith("On domains that they have not seen, AFN and BN are too close to tell")
    assert "better: 51.0 % and 50.0 %, means over 2 pairs" in text
    assert "AFN +1.0 points (−" in text
    assert "IN ±0.0 points (−" in text
    three = matrices({
        ("AFN", "afn"): "o" * 81 + "x" * 19, ("IN", "in"): "o" * 80 + "x" * 20,
        ("BN", "bn"): "x" * 50 + "o" * 50,
    })  # fmt: skip
    text = matrix_reading(three, ["a", "b"])
    assert "AFN and IN are too close to tell which is better" in text
    assert text.count("too close") == 1
    assert "Beside AFN" in matrix_reading(three, ["a", "b"], baseline="AFN")


def test_only_what_all_have_is_read():
    rows = matrices({("AFN", "afn"): "oo", ("BN", "bn"): "ox"})
    rows[1] = replace(rows[1], cells={"b": rows[1].cells["b"]})  # AFN's second one is not done
    text = matrix_reading(rows, ["a", "b"])
    assert "over 1 pair of" in text
    nothing = "No domain that a network has not seen is tested for all of them yet."
    assert matrix_reading([], ["a"]) == nothing
    assert matrix_reading([row("a", a="o")], ["a"]) == nothing
    alone = matrix_reading([row("a", b="ox")], ["a", "b"])
    assert alone == (
        "On domains that it has not seen, BN is right in 50.0 %, the mean over 1 pair of training "
        "and test domain."
    )


def test_the_table_has_every_cell_once():
    rows = matrix_table([row("a", a="oo", b="ox"), row("b", b="xx")], DOMAINS)
    assert [(each["train domain"], each["test domain"], each["correct"]) for each in rows] == [
        ("a", "a", 2), ("a", "b", 1), ("b", "b", 0),
    ]  # fmt: skip
    assert list(rows[0]) == [
        "model", "norm", "statistics", "train domain", "test domain", "n", "correct", "accuracy",
        "low95", "high95", "source",
    ]  # fmt: skip
    assert rows[1]["accuracy"] == 0.5
