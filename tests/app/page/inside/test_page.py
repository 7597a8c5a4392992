"""The Inside page: its links, its words by hand, and the page under AppTest.

The process that looks into layers is a thread here.
"""

import io
import json
import os
import random
import re
import threading
from dataclasses import replace
from functools import partial
from math import floor, log10

import numpy as np
import pytest
from PIL import Image

from afn.ask.inside import own_picture
from afn.ask.inside.bench import Bench
from afn.ask.inside.look import Batch, Look
from afn.ask.inside.networks import network, untrained
from afn.engine.execution import execute
from afn.pretrained.cards import read_card
from afn.settings.config import TrainConfig
from afn.work.inspector import Inspector, serve
from app.kit import backend
from app.kit.draw.legend import Entry
from app.page.inside import words as words_of
from app.page.inside.neighbours import neighbours_html, neighbours_reading
from app.page.inside.view import VIEW, InsideView, look_of
from tests.app.one_view import drawn, opened, words

pytestmark = pytest.mark.slow

page = partial(opened, "inside")

OFF = dict.fromkeys(("mu", "sigma", "gamma", "beta"), 0.0)
SEVEN = np.zeros((28, 28), dtype=np.uint8)
SEVEN[5:8, 8:20] = SEVEN[8:24, 14:17] = 255


# -- links -----------------------------------------------------------------------------------------


def test_a_drawing_that_is_not_shown_is_not_in_the_link():
    assert VIEW.to_url(InsideView(picture=own_picture.to_text(SEVEN))) == {}


def test_what_a_view_asks():
    subject = network("untrained-afn")
    view = InsideView(mu="0.25", size=4, image=5, severity=0, stats="running")
    look = look_of(view, subject, ())
    assert look.lambdas == {"mu": 0.25}
    assert look.image == 3  # the last of the batch
    assert look.batch == Batch(dataset="mnist5k", size=4)
    assert look.stats == "running"
    assert look_of(view, network("untrained-bn"), ()).lambdas == {}
    assert look_of(view, network("untrained-asrnorm"), ()).stats is None
    bare = replace(subject, config=TrainConfig(norm="afn", adaptive=False))
    assert look_of(view, bare, ()).lambdas == {}


def test_which_networks_know_digits():
    def knows(dataset):
        return untrained(TrainConfig(dataset=dataset)).knows_digits

    assert all(map(knows, ["mnist", "mnist5k", "mnist@rgb", "syn", "usps+mnistm"]))
    assert not any(map(knows, ["cifar10", "pacs/photo", "pacs/photo+pacs/sketch"]))


# -- words -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Norm, and what is asked of it -> what is seen."""
    bench, folder = Bench(), tmp_path_factory.mktemp("answers")

    def ask(norm, **changes):
        subject = read_card(f"mnist5k-{norm}").network(folder / norm)
        look = Look(subject=subject, batch=Batch(dataset="mnist5k", size=8), channel=3)
        return bench.look(replace(look, **changes))

    return ask


def numbers(text):
    """All numbers of a formula, read back."""
    plain = re.sub(r"<sub>.*?</sub>|<[^>]*>", "", text).replace("−", "-")
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", plain)
    return [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", plain)]


def formula_of(found, stage):
    [formula] = [each.formula for each in words_of.stages(found) if each.id == stage]
    return formula


@pytest.mark.parametrize("norm", ["afn", "asrnorm"])
def test_the_stages_are_the_equations_with_numbers_that_add_up(seen, norm):
    found = seen(norm, lambdas={"mu": 0.3, "gamma": 0.2})
    assert [each.id for each in words_of.stages(found)] == [
        "input", "statistics", "encoder", "decoder", "mix", "standardize", "networks", "rescale",
        "output",
    ]  # fmt: skip
    mix = formula_of(found, "mix").split("<br>")[0].split("=", 1)[1]
    _, share, stan, rest, mu, mu_hat = numbers(mix)
    assert share * stan + rest * mu == pytest.approx(mu_hat, abs=0.01)
    assert mu_hat == pytest.approx(found["channels"]["mu_hat"][3], rel=0.01)
    x, mu_hat, sigma_hat, x_hat = numbers(formula_of(found, "standardize").split("=", 1)[1])
    assert (x - mu_hat) / sigma_hat == pytest.approx(x_hat, rel=0.03)
    gamma_hat, x_hat, beta_hat, y = numbers(formula_of(found, "output").split("=", 1)[1])
    assert gamma_hat * x_hat + beta_hat == pytest.approx(y, rel=0.03, abs=0.02)
    share, net, weight, gamma_hat = numbers(
        formula_of(found, "rescale").split("<br>")[0].rsplit("= ", 2)[1]
        + formula_of(found, "rescale").split("<br>")[0].rsplit("= ", 2)[2]
    )
    assert share * net + weight == pytest.approx(gamma_hat, rel=0.01)


SCALED = "a·b + c", 3, lambda a, b, c: a * b + c
MIXED = "a·b + c·d", 4, lambda a, b, c, d: a * b + c * d
STANDARDIZED = "(a − b) / c", 3, lambda a, b, c: (a - b) / (abs(c) + 0.1)


def test_what_a_small_term_adds_is_seen():
    terms = 0.0066929, 0.27112, 1.0
    shown = words_of.equation(terms, 0.0066929 * 0.27112 + 1, SCALED[2])
    assert shown == ["0.00669", "0.271", "1", "1.0018"]


@pytest.mark.parametrize(("name", "count", "of"), [SCALED, MIXED, STANDARDIZED])
def test_a_shown_equation_holds_to_its_shown_digits(name, count, of):
    draw = random.Random(0)
    for _ in range(2000):
        terms = [draw.uniform(-1, 1) * 10 ** draw.randint(-3, 2) for _ in range(count)]
        result = of(*terms)
        *shown, text = words_of.equation(terms, result, of)
        found = of(*(numbers(each)[0] for each in shown))
        digits = len(text.strip("−0.").split("e")[0].replace(".", "").replace(",", ""))
        unit = 10.0 ** (floor(log10(abs(result))) + 1 - max(digits, 3))
        assert abs(numbers(text)[0] - found) <= 0.51 * unit, (name, terms)
        assert numbers(text)[0] == pytest.approx(result, rel=0.01)


def test_batch_norm_has_no_networks_to_show(seen):
    found = seen("bn")
    ids = [each.id for each in words_of.stages(found)]
    assert ids == ["input", "statistics", "standardize", "rescale", "output"]
    assert words_of.limit_words(found) == ""
    assert "whatever the batch" in words_of.stages(found)[1].formula


def test_the_limit_is_printed_with_what_is_left(seen):
    assert words_of.limit_words(seen("afn")) == ""
    found = seen("afn", lambdas=OFF)
    difference = found["beside"]["bn_batch"]["difference"]
    assert f"Difference to BN, test batch: {difference:.1e}" in words_of.limit_words(found)
    assert "rounding" in words_of.limit_words(found)
    found["beside"]["bn_batch"]["difference"] = 0.0
    assert "0.0e+00 (not one bit)" in words_of.limit_words(found)
    running = seen("afn", lambdas=OFF, stats="running")
    assert "BN, running" in words_of.limit_words(running)


def test_a_dead_encoder_is_said(seen):
    found = seen("afn")
    found["hidden"] |= {"rescale_mu": [0.0], "rescale_sigma": [0.0]}
    [reading] = [each.reading for each in words_of.stages(found) if each.id == "networks"]
    assert "does not depend on the batch" in reading
    found["hidden"]["rescale_mu"] = [0.5]
    [reading] = [each.reading for each in words_of.stages(found) if each.id == "networks"]
    assert "does not depend" not in reading


def test_the_score_in_words(seen):
    found = seen("afn")
    assert words_of.score_words(found, "AFN", "as trained").endswith("right, as trained.")
    found["now"]["score"] = {"correct": 128, "n": 512}
    found["as_trained"] = {"correct": 256, "n": 512}
    assert words_of.score_words(found, "AFN", "as trained") == (
        "AFN has 25.0 % of the first 512 test images right, −25.0 points against 50.0 % as trained."
    )


def test_the_table_has_a_row_for_each_channel(seen):
    found = seen("afn")
    rows = words_of.table(found)
    assert [row["channel"] for row in rows] == list(range(16))
    assert rows[3]["mu_hat"] == found["channels"]["mu_hat"][3]
    assert rows[3]["per_image.gamma_hat"] == found["beside"]["per_image"]["gamma_hat"][3]


def test_neighbours_in_words_and_squares():
    found = {
        "alone": [[1, 0.9], [1, 0.8], [1, 0.7]],
        "mixed": [[[1, 0.9], [0, 0.5]], [[1, 0.8], [1, 0.6]], [[1, 0.7], [1, 0.7]]],
        "clean": [[[0, 0.9], [0, 0.5]], [[1, 0.8], [1, 0.8]], [[1, 0.7], [1, 0.7]]],
        "by_class": [[[1, 0.9]], [[1, 0.8]], [[1, 0.7]]],
        "class_names": ["no", "<yes>"],
    }
    found["by_class"] = [each * 2 for each in found["by_class"]]
    who = [Entry("AFN", "#000000"), Entry("BN, batch", "#111111"), Entry("BN", "#222222")]
    assert neighbours_reading(found, who) == (
        "AFN answers otherwise in 3 of 6 batches, 2 of them of clean images; BN, batch keeps its "
        "answer, its confidence moves by up to 20 points; BN gives the same answer, whatever is "
        "beside the image."
    )
    html = neighbours_html(found, who)
    assert html.count('class="other"') == 3
    assert "<yes>" not in html
    assert html.count("among clean images") == 3


# -- the page --------------------------------------------------------------------------------------


@pytest.fixture
def runs(runs, monkeypatch):
    """The app's run store; a thread looks into layers."""
    read, write = os.pipe()

    def start(address):
        threading.Thread(target=serve, args=(address, read)).start()

    asked = Inspector(start)
    monkeypatch.setattr(backend, "inspector", lambda: asked)
    yield runs
    asked.close()
    os.close(write)


def diagram(at):
    """What the browser is sent to draw."""
    [found] = [
        data
        for each in at.get("bidi_component")
        if "stages" in (data := json.loads(each.proto.json or "{}"))
    ]
    return found


def test_a_first_visit_sees_a_trained_layer_and_the_others_answers(runs):
    at = page()
    sent = diagram(at)
    assert at.query_params["model"] == "mnist5k-afn"
    assert sent["seen"]["norm"] == "afn"
    assert len(sent["stages"]) == 9
    assert [each["label"] for each in sent["contenders"]] == ["AFN", "BN", "ASRNorm"]
    assert "statistics: test batch" in words(at)
    assert not at.warning


def test_a_link_forces_lambdas_and_places_a_drawing(runs):
    at = page(
        model="mnist5k-afn", mu="0", sigma="0", gamma="0", beta="0", severity="0",
        first_place="a drawing", drawn=own_picture.to_text(SEVEN),
    )  # fmt: skip
    sent = diagram(at)
    assert "All λ of this layer are 0. Difference to BN" in sent["limit"]
    assert sent["seen"]["labels"][0] == -1
    assert at.query_params["drawn"] == own_picture.to_text(SEVEN)
    at.segmented_control(key="inside.source").set_value("test images")
    assert diagram(drawn(at.run()))["seen"]["labels"][0] >= 0
    assert "drawn" not in at.query_params


def test_an_upload_takes_the_first_place_and_what_is_none_is_said(runs):
    at = page(first_place="an upload", severity="0")
    file = io.BytesIO()
    Image.fromarray(SEVEN).save(file, "png")
    at.file_uploader[0].set_value(("seven.png", file.getvalue(), "image/png"))
    at = drawn(at.run())
    assert diagram(at)["seen"]["labels"][0] == -1
    at.file_uploader[0].set_value(("seven.png", b"nothing", "image/png"))
    at = drawn(at.run())
    assert "expected a picture such as PNG" in words(at)
    assert diagram(at)["seen"]["labels"][0] >= 0
    at.file_uploader[0].set_value(None)
    at = drawn(at.run())
    assert "expected a picture such as PNG" not in words(at)  # what was removed is gone


def test_controls_are_in_the_link_and_change_what_is_seen(runs):
    at = page(model="mnist5k-afn", severity="0")
    before = diagram(at)["seen"]
    at.slider(key="inside.severity").set_value(5)
    at.select_slider(key="inside.size").set_value(1)
    at = drawn(at.run())
    after = diagram(at)["seen"]
    assert after["count"] == before["count"] // 32
    assert after["pictures"] != before["pictures"][:1]
    assert "severity" not in at.query_params  # 5 is where a visit begins
    assert at.query_params["batch"] == "1"
    assert "In a batch of one there are no neighbours" in words(at)


def test_what_the_hand_wants_is_done(runs):
    at = page(model="mnist5k-afn")
    at.session_state["inside.mu"] = "0.5"
    at = drawn(at.run())
    assert diagram(at)["seen"]["lambdas"]["mu"] == 0.5
    assert at.query_params["mu"] == "0.5"


def test_it_can_be_taken_along_as_it_is_on_screen(runs):
    at = page(model="mnist5k-afn", mu="0.5", batch="8")
    at.session_state["take.inside"] = True
    code = "\n".join(each.value for each in drawn(at.run()).code)
    assert 'lambdas={"mu": 0.5}' in code
    assert "--batch-size 8 --lambda mu=0.5" in code


@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn"])
def test_untrained_networks_can_be_looked_into(runs, norm):
    at = page(model=f"untrained-{norm}")
    assert diagram(at)["before"] == "untrained"
    assert len(diagram(at)["contenders"]) == 3
    assert "untrained" in words(at)


def test_a_run_and_its_siblings(runs):
    config = TrainConfig(
        dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=0, eval_images=20,
        corruptions=(),
    )  # fmt: skip
    ids = {}
    for norm in ("bn", "afn", "gn"):
        run = runs.create(replace(config, norm=norm))
        list(execute(run))
        ids[norm] = run.id
    at = page()
    assert at.query_params["model"] == ids["afn"]
    assert [each["label"] for each in diagram(at)["contenders"]] == ["AFN", "BN"]
    assert diagram(at)["seen"]["maps"]["x"]["width"] == 8
    at = page(model=ids["gn"])
    assert "GN cannot be looked into" in words(at)
    assert not at.get("bidi_component")


def test_a_network_whose_images_are_not_here_says_how_to_get_them(runs):
    at = page(model="cifar10-bn")
    assert "The images of cifar10 are not in the data folder" in words(at)
    assert not at.get("bidi_component")


def test_what_a_link_cannot_have_is_said(runs):
    at = page(model="nope")
    assert "nope" in words(at)
    at = page(model="mnist5k-afn", layer="nope")
    assert "no layer 'nope'" in words(at)
    at = page(model="mnist5k-afn", data="cifar10")
    assert "data=cifar10: not here, or of other classes" in words(at)
    assert diagram(at)["seen"]["norm"] == "afn"


def test_saturate_is_left_out_and_that_is_said_where_images_are_grey(runs):
    at = page(model="untrained-afn", data="mnist5k", corruption="saturate")
    [choice] = [box for box in at.selectbox if box.label == "Corruption"]
    assert "saturate" not in choice.options
    assert choice.value == "contrast"
    assert choice.help == "Saturate needs colour: left out."
