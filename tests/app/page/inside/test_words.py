"""What the Inside page says: equations true as printed, and what is seen in words."""

import math
import random
import re
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
import torch

from afn.ask.inside.bench import Bench
from afn.ask.inside.layers import at_work
from afn.ask.inside.look import Batch, Look
from afn.ask.inside.steps import steps_of
from afn.norms import NORMS
from afn.pretrained.cards import read_card
from afn.wording import number_words
from app.kit.draw.legend import Entry
from app.page.inside import words as words_of
from app.page.inside.equations import equation, read, rest
from app.page.inside.neighbours import neighbours_html, neighbours_reading
from app.page.inside.stages import IDS, stages

pytestmark = pytest.mark.slow

OFF = dict.fromkeys(("mu", "sigma", "gamma", "beta"), 0.0)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Norm, and what is asked of it -> what is seen."""
    bench, folder = Bench(), tmp_path_factory.mktemp("answers")

    def ask(norm, **changes):
        subject = read_card(f"mnist5k-{norm}").network(folder / norm)
        look = Look(subject=subject, batch=Batch(dataset="mnist5k", size=8), channel=3)
        return bench.look(replace(look, **changes))

    return ask


def formula_of(found, stage):
    """Its lines: the numbers that are filled in, the result last, as they stand there."""
    [formula] = [each.formula for each in stages(found) if each.id == stage]
    lines = re.findall(r"<span>(.*?)</span>", formula)
    return [re.findall(r'class="value"[^>]*>\(?(.*?)\)?</', line) for line in lines]


def comes_to(value, text):
    """Whether a printed number is the value, rounded to the last digit that is printed."""
    printed = Decimal(text.replace("−", "-").replace(",", ""))
    unit = Decimal(1).scaleb(int(printed.as_tuple().exponent))
    return abs(Decimal(value) - printed) <= unit * Decimal("0.5000001")


def holds(line, of):
    """Whether the printed numbers come to the printed result."""
    *terms, result = line
    return comes_to(of(*map(read, terms)), result)


def product_and(a, b, c, d=1.0):
    return a * b + c * d


def standardized(x, mu, sigma):
    return (x - mu) / sigma


@pytest.mark.parametrize("norm", ["afn", "asrnorm"])
def test_the_stages_are_the_equations_and_true_as_printed(seen, norm):
    draw = random.Random(0)
    for number in range(16):
        lambdas = {} if not number else {
            name: draw.choice([0.0, 1.0, 0.02, draw.random()]) for name in OFF
        }  # fmt: skip
        found = seen(
            norm, lambdas=lambdas, channel=number % 16, image=number % 6,
            pixel=(draw.randrange(28), draw.randrange(28)),
        )  # fmt: skip
        assert tuple(each.id for each in stages(found)) == IDS
        for line, name in zip(formula_of(found, "mix"), ("mu", "sigma"), strict=True):
            at = found["channels"][f"{name}_hat"][found["channel"]]
            if len(line) > 1:  # else the least deviation there is
                assert holds(line, product_and), line
                assert Decimal(line[0]) + Decimal(line[2]) == 1
            assert read(line[-1]) == pytest.approx(at, rel=0.005, abs=1e-6)
        [line] = formula_of(found, "standardize")
        assert holds(line, standardized), line
        assert read(line[-1]) == pytest.approx(found["pixel"]["x_hat"], rel=0.005, abs=1e-6)
        for line in formula_of(found, "rescale"):
            assert holds(line, product_and), line
        [line] = formula_of(found, "output")
        assert holds(line, product_and), line
        assert read(line[-1]) == pytest.approx(found["pixel"]["y"], rel=0.005, abs=1e-6)


SCALED = 3, lambda a, b, c: a * b + c
MIXED = 3, lambda a, b, c: a * b + (1 - a) * c
STANDARDIZED = 3, lambda a, b, c: (a - b) / (abs(c) + 0.001)


def test_what_a_small_term_adds_is_seen():
    terms = 0.0066929, 0.27112, 1.0
    shown = equation(terms, 0.0066929 * 0.27112 + 1, SCALED[1])
    assert shown == ["0.00669", "0.271", "1", "1.0018"]


@pytest.mark.parametrize(("count", "of"), [SCALED, MIXED, STANDARDIZED])
def test_a_shown_equation_is_true_to_its_last_digit_also_where_terms_cancel(count, of):
    draw = random.Random(0)
    for _ in range(2000):
        terms = [draw.uniform(-1, 1) * 10 ** draw.randint(-5, 3) for _ in range(count)]
        if draw.random() < 0.3:
            terms[1] = terms[0] * (1 + draw.uniform(-1, 1) * 1e-6)
        result = float(np.float32(of(*map(np.float32, terms))))  # as a layer computes
        line = equation([float(f"{term:.7g}") for term in terms], result, of)
        assert holds(line, of), (terms, line)
        size = max(map(abs, [*terms, 1.0]))
        assert read(line[-1]) == pytest.approx(result, rel=0.005, abs=2e-3 * size)
        assert "-" not in "".join(line).replace("e-", "")


def test_what_is_left_of_a_share_is_exact():
    assert [rest("0.0474"), rest("1"), rest("0"), rest("−0.5")] == ["0.9526", "0", "1", "1.5"]


def test_each_number_says_from_which_card_it_comes(seen):
    sources = {
        each.id: re.findall(r'data-from="(\w+)"', each.formula) for each in stages(seen("afn"))
    }
    assert sources["standardize"] == ["input", "mix", "mix"]
    assert sources["mix"] == ["decoder", "statistics"] * 2
    assert sources["output"] == ["rescale", "standardize", "rescale"]
    plain = {each.id: each.formula for each in stages(seen("bn"))}
    assert plain["standardize"].count('data-from="statistics"') == 2
    told = "".join(each.formula + each.value for each in stages(seen("afn")))
    assert not re.search(r"(?<![\w-])-\d", told)  # a minus is U+2212


def test_batch_norm_has_no_networks_to_show(seen):
    found = seen("bn")
    ids = [each.id for each in stages(found)]
    assert ids == ["input", "statistics", "standardize", "rescale", "output"]
    assert words_of.limit_words(found) == ""
    assert "whatever the batch" in stages(found)[1].formula


def test_the_limit_is_printed_with_what_is_left(seen):
    assert words_of.limit_words(seen("afn")) == ""
    found = seen("afn", lambdas=OFF)
    difference = found["beside"]["bn_batch"]["difference"]
    told = number_words(difference, 2)
    assert f"Difference to BN, test batch: {told}" in words_of.limit_words(found)
    assert "rounding" in words_of.limit_words(found)
    found["beside"]["bn_batch"]["difference"] = 0.0
    assert "batch: 0 (not one bit)" in words_of.limit_words(found)
    running = seen("afn", lambdas=OFF, stats="running")
    assert "BN, running" in words_of.limit_words(running)


def test_a_dead_encoder_is_said(seen):
    found = seen("afn")
    found["hidden"] |= {"rescale_mu": [0.0], "rescale_sigma": [0.0]}
    [reading] = [each.reading for each in stages(found) if each.id == "networks"]
    assert "does not depend on the batch" in reading
    found["hidden"]["rescale_mu"] = [0.5]
    [reading] = [each.reading for each in stages(found) if each.id == "networks"]
    assert "does not depend" not in reading


def test_what_was_done_to_the_images_is_said():
    said = words_of.applied_words
    assert said(32, "contrast 5", is_own=False, is_damaged=False) == "32 images, contrast 5"
    assert said(32, "contrast 5", is_own=True, is_damaged=False) == (
        "yours: as it is; the other 31: contrast 5"
    )
    assert said(1, "contrast 5", is_own=True, is_damaged=True) == "yours: contrast 5"


def test_the_table_has_a_row_for_each_channel(seen):
    found = seen("afn")
    rows = words_of.table(found)
    assert [row["channel"] for row in rows] == list(range(1, 17))
    assert rows[3]["mu_hat"] == found["channels"]["mu_hat"][3]
    assert rows[3]["per_image.gamma_hat"] == found["beside"]["per_image"]["gamma_hat"][3]


def test_neighbours_in_words_and_squares():
    found = {
        "alone": [[1, 0.9], [1, 0.5], [1, 0.7]],
        "mixed": [[[1, 0.9], [0, 0.5]], [[1, 0.8], [1, 0.6]], [[1, 0.7], [1, 0.7]]],
        "clean": [[[0, 0.9], [0, 0.5]], [[1, 0.8], [1, 0.8]], [[1, 0.7], [1, 0.7]]],
        "by_class": [[[1, 0.9]], [[1, 0.8]], [[1, 0.7]]],
        "class_names": ["no", "<yes>"],
        "classes": ["no", "<yes>"],
    }
    found["by_class"] = [each * 2 for each in found["by_class"]]
    who = [Entry("AFN", "#000000"), Entry("BN, batch", "#111111"), Entry("BN", "#222222")]
    assert neighbours_reading(found, who) == (
        "AFN answers otherwise in 3 of 6 batches, 2 of them of clean images; BN, batch keeps its "
        "answer, its confidence moves by up to 30 points; BN gives the same answer, whatever is "
        "beside the image."
    )
    html = neighbours_html(found, who)
    assert html.count('class="other"') == 3
    assert "<yes>" not in html
    assert html.count("among clean images") == 3
    assert html.count("--sure:0.50") == 2  # shaded by confidence
    assert html.count("<small>50</small>") == 2


ZOO = {
    "bin": ("input", "statistics", "mix", "standardize", "rescale", "output"),
    "sn": ("input", "statistics", "mix", "standardize", "rescale", "output"),
    "frn": ("input", "statistics", "standardize", "rescale", "output"),
    "evos0": ("input", "statistics", "standardize", "rescale", "output"),
    "evob0": ("input", "statistics", "standardize", "rescale", "output"),
    "dyt": ("input", "standardize", "rescale", "output"),
}
PRINTED = {
    "bin": lambda rho, batch, rest, image: rho * batch + rest * image,
    "frn": lambda x, nu: x / nu,
    "evos0": lambda x, v, same, sigma: x / (1 + math.exp(-v * same)) / sigma,
    "evob0": lambda x, batch, v, same, own: x / max(batch, v * same + own),
    "dyt": lambda alpha, x: math.tanh(alpha * x),
    "sn": standardized,
}


def weighed(power):
    """A mix of three, of their powers, and its root."""
    return lambda a, x, b, y, c, z: (a * x**power + b * y**power + c * z**power) ** (1 / power)


@pytest.mark.parametrize("norm", ZOO)
def test_the_zoos_own_steps_are_true_as_printed(norm):
    torch.manual_seed(0)
    layer = NORMS[norm](8)
    for values in layer.parameters():
        values.data.add_(0.3 * torch.randn(values.shape))
    x = 2 * torch.randn(5, 8, 6, 7) + 1
    layer(x)
    with torch.inference_mode():
        y = layer.eval()(x)
        for channel in range(8):
            found = {
                "layer": "norm", "layers": {"norm": 8}, "image": 2, "size": 5,
                **steps_of(at_work(layer, x, y), channel=channel, image=2),
            }  # fmt: skip
            assert tuple(each.id for each in stages(found)) == ZOO[norm]
            *twice, line = formula_of(found, "standardize")
            assert len(twice) == 2 * (norm == "bin")
            assert all(holds(each, standardized) for each in twice), twice
            assert holds(line, PRINTED[norm]), line
            assert read(line[-1]) == pytest.approx(found["pixel"]["x_hat"], rel=0.005, abs=1e-3)
            line, *bounded = formula_of(found, "output")
            assert holds(line, product_and), line
            if norm == "frn":
                z, tau, most = map(read, bounded[0])
                assert most == pytest.approx(max(z, tau), rel=0.006)
                assert most == pytest.approx(found["pixel"]["y"], rel=0.005)
            if norm == "sn":
                for line, power in zip(formula_of(found, "mix"), (1, 2), strict=True):
                    assert holds(line, weighed(power)), line
