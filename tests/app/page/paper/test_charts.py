"""What the Paper page shows: its tables, verdicts, readings, and the evidence for mechanisms."""

import csv
import io
import re
from dataclasses import replace
from html import escape
from math import log

import pytest

from afn.pretrained.asked import table_of
from afn.pretrained.asks import corrupted
from afn.pretrained.cards import read_card
from afn.pretrained.claims import claims, independent
from afn.pretrained.comparison import VERDICTS
from afn.pretrained.gains import Gain
from afn.pretrained.ladder import ladder
from afn.pretrained.measured import Results
from afn.pretrained.published import TABLES
from afn.pretrained.replication import COMPARISONS, replicated
from afn.pretrained.ways import WAYS, Ask
from afn.stats.over_seeds import OverSeeds
from app.kit.draw.asked import asked_html, asked_rows
from app.kit.draw.estimates import Estimate
from app.page.paper import mechanisms
from app.page.paper.charts import ladder as ladders
from app.page.paper.charts import mechanisms as figures
from app.page.paper.charts import paper as charts
from app.page.paper.charts.forest import forest_html, trainings_words
from app.page.paper.charts.paper import protocol_html, verdict_html
from app.page.paper.charts.verdicts import OUTCOMES, outcome, picture_html
from app.page.paper.mechanisms import VARIANTS, Effect, Moves, TrainingCourse
from app.page.paper.view import fit_words, fits
from tests.app.overrun import overrun
from tests.pretrained.accuracies import answer, measured

FROM_MNIST = next(table for table in TABLES if table.name == "digits_from_mnist")
SINGLE = next(table for table in TABLES if table.name == "digits_single_each")
IMAGES = next(table for table in TABLES if table.name == "images")


# -- tables ----------------------------------------------------------------------------------------


def every(rows, reading="trains"):
    results = Results(rows)
    return {table.name: replicated(results, table, reading) for table in TABLES}


def test_a_table_shows_published_above_measured_and_a_verdict():
    html = charts.table_html(FROM_MNIST, replicated(Results(measured()), FROM_MNIST))
    assert html.count("<tr") == 1 + 4
    assert '<th scope="row">USPS' in html
    assert '<span class="said">76.9</span>' in html
    assert "50.0<small>± 0.3</small>" in html  # seeds ± 0.25, images ± 0.1
    assert '<span class="said">+4.3</span>' in html
    assert "AFN − ASRNorm" in html.partition("<tbody>")[0]
    # AFN is 5 points over BN and 7 over ASRNorm, ASRNorm 2 below BN; published are −0.3, +2.7,
    # −0.5 and +0.6 over ASRNorm.
    assert html.count("holds here") == 4 + 2
    assert html.count("does not hold here") == 2 + 4
    assert "seed 0: 50.10, seed 1: 50.00, seed 2: 49.90" in html
    assert "Here: SYN." in html


def test_every_difference_says_what_could_have_been_seen():
    rows = replicated(Results(measured()), FROM_MNIST)
    html = charts.table_html(FROM_MNIST, rows)
    assert html.count("sees ±") == 4 * 4
    gain = rows[1].gain("afn")
    assert charts.power_words(gain, 4.3) == f"sees ±{gain.smallest_effect:.1f}; +4.3 takes 3 seeds"
    assert charts.power_words(gain, 0.01).endswith("; ±0.0 takes more images too")
    assert charts.power_words(gain, None) == f"sees ±{gain.smallest_effect:.1f}"


def test_an_interval_that_is_not_paired_has_a_dagger():
    bn, afn = OverSeeds.of({0: 1.0, 1: 2.0, 2: 3.0}), OverSeeds.of({0: 9.0, 1: 8.0, 2: 7.0})
    assert "†" in charts.gain_words(Gain.of(afn, bn, 0.0))
    assert "†" not in charts.gain_words(Gain.of(bn, bn, 0.0))


@pytest.mark.parametrize("seeds", [1, 2])
def test_below_three_seeds_there_is_neither_interval_nor_verdict(seeds):
    html = charts.table_html(FROM_MNIST, replicated(Results(measured(seeds)), FROM_MNIST))
    body = html.split("<tbody>")[1]
    assert "± " not in body
    assert " to " not in body
    assert html.count("too few seeds") == 4 * 4
    assert not any(verdict in body for verdict in ("holds here", "not hold", "cannot tell"))


def test_rows_that_are_not_measured_here_have_published_figures_alone():
    html = charts.table_html(IMAGES, replicated(Results([]), IMAGES))
    assert html.count("<tr") == 1 + 23
    assert html.count("not measured yet") == 4
    assert '<span class="said">94.00</span>' in html
    assert '<span class="said">+0.13</span>' in html


def test_the_sentence_is_of_the_average():
    assert charts.table_reading(every(measured()), FROM_MNIST.name) == (
        "On average, AFN − ASRNorm: +7.0 (+6.6 to +7.4), holds here; AFN − BN: +5.0 (+4.6 to "
        "+5.5), holds here; AFN − BN, both on the test batch: ±0.0 (−0.4 to +0.4), not found here; "
        "ASRNorm − BN: −2.0 (−2.3 to −1.7), does not hold here."
    )
    assert charts.table_reading(every(measured(seeds=2)), FROM_MNIST.name).startswith(
        "On average, AFN − ASRNorm: +6.9, too few seeds; AFN − BN: +4.9, too few seeds;"
    )
    assert charts.table_reading(every([]), FROM_MNIST.name) == ""
    clean = [
        answer(Ask("cifar10", "cifar10"), WAYS[name], seed, level, n=1_000_000)
        for name, level in (("afn", 82.0), ("asrnorm", 81.0))
        for seed in range(3)
    ]
    assert charts.table_reading(every(clean), "images") == (
        "Beside CIFAR-10, ResNet-32, trained on 25,000 of 50,000 images, AFN − ASRNorm: +1.0 "
        "(+0.9 to +1.1), holds here."
    )
    assert charts.table_reading(every([]), "pacs_multi") == ""


def test_the_download_has_every_figure():
    rows = charts.table_rows(FROM_MNIST, replicated(Results(measured()), FROM_MNIST))
    assert len(rows) == 4 * (7 + 4)
    usps = {row["what"]: row for row in rows if row["row"] == "USPS"}
    assert usps["BN, running averages"]["published"] == 76.9
    assert usps["BN, running averages"]["measured"] == pytest.approx(50.0)
    gain = usps["AFN − BN, as published"]
    assert (gain["verdict"], gain["seeds"]) == ("holds here", 3)
    assert gain["low95"] < gain["measured"] < gain["high95"]
    assert gain["smallest effect"] > 0
    one = charts.table_rows(FROM_MNIST, replicated(Results(measured(seeds=1)), FROM_MNIST))
    assert all(row["low95"] is None for row in one)


# -- all verdicts ----------------------------------------------------------------------------------


def test_the_picture_has_a_row_for_each_claim_and_comparison():
    html = forest_html(every(measured()))
    assert html.count("<caption>") == 4
    assert html.count('<th scope="row">') == 4 * 6
    assert html.count("not measured here") == 4  # PACS, three domains
    assert html.count("not measured yet") == 4 * 4
    assert html.count('class="published"') == 4 * 6
    assert html.count('class="span"') == html.count('class="mean"') == 4  # digits from MNIST
    assert html.count("3 trainings of each norm") == 4
    assert html.count("trained on 25,000 of 50,000 images") == 4 * 2


def test_below_three_seeds_the_picture_has_dots_alone():
    html = forest_html(every(measured(seeds=2)))
    assert html.count('class="seed"') == 4 * 2
    assert 'class="span"' not in html
    assert html.count("2 seeds") == 4


def test_networks_behind_two_rows_are_counted_once():
    cifar = [
        answer(ask, WAYS[way], seed, 70.0)
        for way in ("afn", "asrnorm")
        for seed in range(2)
        for ask in [*corrupted("cifar10"), Ask("cifar10", "cifar10")]
    ]
    found = claims(every(cifar), COMPARISONS[0])
    assert [claim.trainings for claim in found if claim.gain] == [2, 2]
    assert trainings_words(found) == "2 trainings of each norm"
    assert len(independent(found)) == len(found) - 1


def test_what_is_drawn_lies_where_it_says():
    html = forest_html(every(measured()))
    row = html[html.index("Digits, from MNIST") :].partition("</tr>")[0]
    place = {
        name: float(re.search(rf'class="{name}" style="left:([\d.]+)%', row)[1])
        for name in ("zero", "span", "mean", "published")
    }
    assert place["zero"] < place["published"] < place["span"] < place["mean"]  # 0, 0.6, 6.8, 7.0
    share = (place["published"] - place["zero"]) / (place["mean"] - place["zero"])
    assert share == pytest.approx(0.63 / 7.033, abs=0.01)


def test_one_picture_has_a_mark_for_every_claim_and_question_and_counts_them():
    rows, results = every(measured()), Results(measured())
    found = table_of(results, rows)
    html = picture_html(rows, found)
    published = [claim for each in COMPARISONS for claim in claims(rows, each)]
    asked = [row for row in found if "published" not in row.verdict]
    tally, _, picture = html.partition("</ul>")
    assert picture.count('class="mark') == len(published) + len(asked)
    titles = [each.title for each in OUTCOMES]
    counts = dict(zip(titles, re.findall(r"<b>(\d+)</b>", tally), strict=True))
    assert sum(map(int, counts.values())) == len(published) + len(asked)
    holding = [claim for claim in published if claim.verdict == "holds here"]
    assert int(counts["holds"]) >= len(holding) == picture.count('class="cell holds"') > 0


@pytest.mark.parametrize(
    ("verdict", "title"),
    [
        *zip(VERDICTS, ("holds", "contradicted", "no such effect", "open", "open", "open",
                        "not measured"), strict=True),
        (None, "not measured"), ("not yet", "not measured"),
        ("holds, by less than 0.5 points, interim", "holds"),
        ("the other way round", "contradicted"), ("worth less than 0.5 points", "no such effect"),
        ("open; ±3.2 would have been seen", "open"),
    ],
)  # fmt: skip
def test_each_verdict_is_one_of_a_few_marks(verdict, title):
    assert outcome(verdict).title == title


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_is_told_by_word_and_sign_not_by_colour_alone(verdict):
    chip = verdict_html(verdict)
    assert verdict in chip
    assert '<b aria-hidden="true">' in chip


def test_markup_in_a_protocol_is_escaped():
    assert "&lt;b&gt;" in protocol_html({"network": "<b>"}, {}, ["network"])


def test_the_readings_of_the_columns_are_held_against_our_bn():
    rows = {
        reading: [
            replace(each, measured={"bn": OverSeeds(((0, each.row.accuracies["bn"] + shift),))})
            for each in replicated(Results([]), SINGLE, reading)
        ]
        for reading, shift in (("trains", 20.0), ("tests", -5.0))
    }
    assert fits(rows) == pytest.approx({"trains": 20.0, "tests": 5.0})
    [sentence] = fit_words(rows)
    assert "20.0 points where a column is read as the domain that trains and 5.0" in sentence
    assert fit_words({"trains": replicated(Results([]), SINGLE)}) == []


def test_what_the_source_asks_stands_once_with_a_row_for_each_comparison():
    results = Results(measured())
    found = table_of(results, every(measured()))
    html = asked_html(found)
    assert html.count('scope="rowgroup"') == len({row.asks for row in found})
    assert html.count("<tr>") == 1 + len(found)
    assert "+7.0 (+6.6 to +7.4)<small>3 seeds</small>" in html
    assert html.count(escape("python -m afn pretrained train 'cifar10-batch*'")) == 1
    assert 'href="ablations"' in html
    rows = asked_rows(found)
    assert [row["points"] for row in rows if row["points"]] == [pytest.approx(7.0333)]


# -- mechanisms ------------------------------------------------------------------------------------


def course(variant="afn", start=0.05, end=0.06, gradients=(4.0, 2.0), total_steps=100, better=1):
    adaptive = variant != "bn"
    return TrainingCourse(
        variant=variant, name=f"x-{variant}", layers=("a", "b") if adaptive else (),
        start=((start, start, start, start),) * 2 if adaptive else (),
        end=((end, start, start, end), (start - 0.01, end, start, start)) if adaptive else (),
        steps=(1, 100), gradients=gradients, total_steps=total_steps, last_loss=0.1,
        guessing=log(10), better_than_guessing=better,
        first_moves=(Moves(0.04, 0.96),), last_moves=(Moves(0.02, 0.94), Moves(0.04, 0.96)),
    )  # fmt: skip


def test_a_shipped_card_tells_its_course_and_what_the_networks_do():
    card = read_card("mnist5k-afn")
    found = mechanisms.course(card, "afn")
    events = card.events()[0]
    steps = [event for event in events if event["kind"] == "step"]
    assert found.gradients == tuple(event["grad_norm"] for event in steps)
    assert found.start[0] == tuple(events[0]["lambdas"][0])
    assert found.end[1] == tuple(steps[-1]["lambdas"][1])
    assert len(found.layers) == len(found.end) == 2
    assert found.is_over
    assert found.guessing == pytest.approx(2.302585)
    learned = found.better_than_guessing
    assert next(e["loss"] for e in steps if e["step"] == learned) < 0.95 * found.guessing
    effects = mechanisms.effects(card)
    assert [effect.test for effect in effects[:1]] == ["own images, clean"]
    assert len(effects) == 1 + 3 + 5
    assert {effect.control for effect in effects} == {"frozen"}
    own = next(a for a in card.accuracies if a.networks == "frozen" and a.test_data == "mnist5k")
    assert effects[0].without == pytest.approx(own.accuracy)
    on = next(
        a for a in card.accuracies
        if a.networks == "on" and a.test_data == "mnist5k" and a.statistics.startswith("test")
    )  # fmt: skip
    assert effects[0].gain.value == pytest.approx(on.accuracy - own.accuracy)


def test_a_card_without_networks_has_no_effects():
    assert mechanisms.effects(read_card("mnist5k-bn")) == []
    assert mechanisms.course(read_card("mnist5k-bn"), "bn").layers == ()


def test_the_networks_effect_is_read():
    effects = [
        Effect("own images, clean", False, 1, 500, 0.9, Estimate(0.001, -0.01, 0.012)),
        Effect("syn, clean", True, 1, 500, 0.3, Estimate(0.05, 0.03, 0.07)),
        Effect("usps, clean", True, 1, 500, 0.3, Estimate(-0.05, -0.07, -0.03)),
    ]
    words = figures.effects_reading(effects, course())
    assert "+0.1 points (−1.0 to 1.2)" in words
    assert "of 2 shifted tests they clearly help in 1 and clearly harm in 1" in words
    assert "the largest change, in “syn, clean”, is +5.0 points" in words
    assert "μ̂ lies 0.030 σ from μ (at the first step 0.040), and σ̂ is 0.950 of σ" in words
    assert "would leave 0.945" in words  # 1 − (0.05 + 0.06) / 2
    assert "was not recorded" in figures.moves_words(replace(course(), last_moves=()))
    figure = figures.effects_figure(effects)
    assert list(figure.data[0].x) == pytest.approx([0.1, 5.0, -5.0])
    assert list(figure.data[0].marker.symbol) == ["circle", "diamond", "diamond"]
    assert figures.effects_table(effects)[1]["gain"] == 0.05


def test_the_growth_of_lambdas_is_read_per_start():
    courses = [course("bn"), course(), course("afn-open", start=0.5, end=0.6)]
    words = figures.lambdas_reading(courses)
    assert "AFN, paper's start: λ_μ 0.050 → 0.050 (up in 1 of 2)" in words
    assert "AFN, λ wide open: λ_μ 0.500 → 0.545 (up in 1 of 2)" in words
    assert figures.lambdas_reading([course("bn")]) == "No AFN network is there to say."
    figure = figures.lambdas_figure(courses)
    assert len(figure.data) == 4 * 2
    assert list(figure.data[0].x) == pytest.approx([0.01, -0.01])
    assert len(figures.lambdas_table(courses)) == 2 * 2


def test_gradients_are_compared_at_the_start_and_at_most():
    courses = [course(gradients=(2.0, 1.0)), course("afn-open", gradients=(6.0, 9.0))]
    words = figures.gradients_reading(courses)
    assert "at the first step and at most: AFN, paper's start 2.0 and 2.0; AFN, λ wide" in words
    assert "the first is 3.0 times that of the paper's start, the largest 4.5 times" in words
    assert "None diverged." in words
    late = [courses[0], course("bn", better=1234), course("afn-open", better=None)]
    assert figures.gradients_reading(late).endswith(
        "The first step with a loss clearly below that of guessing (2.30): AFN, paper's start 1; "
        "BN 1,234; AFN, λ wide open never."
    )
    assert "BN did not reach the end" in figures.gradients_reading([course("bn", total_steps=101)])
    assert figures.gradients_reading([]) == "No training is there to say."
    assert [entry.label for entry in figures.gradient_entries(courses)] == [
        VARIANTS["afn"], VARIANTS["afn-open"],
    ]  # fmt: skip
    assert figures.gradients_table(courses)[1]["largest"] == 9.0
    assert len(figures.gradients_figure(courses).data) == 2


def test_the_split_is_walked_in_steps():
    steps = ladder(Results(measured()), [Ask("mnist-rgb", "usps")])
    words = ladders.ladder_reading(steps)
    assert words.startswith("AFN gains +5.0 (+4.6 to +5.5) points over BN: +5.0 ")
    assert "and +1.0 (+0.6 to +1.4) from the networks' adapting." in words
    assert len(ladders.ladder_table("x", steps)) == 4
    assert overrun(ladders.ladder_figure(steps)) == []
    bars = next(trace for trace in ladders.ladder_figure(steps).data if trace.type == "bar")
    assert list(bars.x) == pytest.approx([5.0, -1.0, 1.0 + 0.1 / 3], abs=0.01)
    assert max(bars.error_x.array) > 0


@pytest.mark.parametrize(("seeds", "told"), [(1, "1 seed"), (2, "2 seeds")])
def test_below_three_seeds_the_split_has_figures_alone(seeds, told):
    steps = ladder(Results(measured(seeds)), [Ask("mnist-rgb", "usps")])
    words = ladders.ladder_reading(steps)
    assert words.endswith(f" No verdict from {told}.")
    assert "(" not in words
    bars = next(trace for trace in ladders.ladder_figure(steps).data if trace.type == "bar")
    assert set(bars.error_x.array) == {0.0}
    assert set(bars.marker.opacity) == {0.35}
    assert all(row["gain low95"] is None for row in ladders.ladder_table("x", steps))


def test_agreeing_seeds_do_not_make_a_step_of_the_split_clear():
    """On digits in grey three seeds agreed on +0.13 (+0.08 to +0.18) by the networks."""
    ask, levels = Ask("mnist-rgb", "usps"), {"bn": 60, "bn-batch": 60, "afn-frozen": 60, "afn": 61}
    rows = [
        answer(ask, WAYS[name], seed, level) for name, level in levels.items() for seed in range(3)
    ]
    steps = ladder(Results(rows), [ask])
    assert steps.gains[-1].differences.low == 1.0
    assert "+1.0 (−3.3 to +5.3: within noise) from the networks' adapting" in (
        ladders.ladder_reading(steps)
    )


def test_tables_can_be_downloaded_as_csv():
    rows = charts.table_rows(SINGLE, replicated(Results([]), SINGLE))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    assert len(text.getvalue().splitlines()) == 1 + 5 * (8 + 4)
