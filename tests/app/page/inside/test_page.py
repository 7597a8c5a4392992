"""The Inside page: its links, and the page under AppTest.

The process that looks into layers is a thread here.
"""

import io
import json
import os
import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

from afn.ask.inside import own_picture
from afn.ask.inside.look import Batch
from afn.ask.inside.networks import network, untrained
from afn.engine.execution import execute
from afn.runs.fork import steps_of
from afn.settings.config import TrainConfig
from afn.settings.norms import NORM_TITLES
from afn.work.inspector import Inspector, serve
from app.kit import backend
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
    [entrance] = at.get("page_link")
    assert entrance.proto.label == "Averaged with whom?"
    assert entrance.proto.query_string == "norm=afn"


def test_a_pretrained_model_that_stands_for_another_network_says_so_until_one_is_chosen(runs):
    at = page(model="mnist5k-afn", instead="1")
    assert "Not the network you came from" in words(at)
    assert "1,860 steps: 98.4 % of clean images" in words(at)
    at.selectbox(key="inside.model").set_value("mnist5k-bn")
    at = drawn(at.run())
    assert "Not the network you came from" not in words(at)
    assert "instead" not in at.query_params


def test_a_link_forces_lambdas_and_places_a_drawing(runs):
    at = page(
        model="mnist5k-afn", mu="0", sigma="0", gamma="0", beta="0", severity="0",
        first_place="a drawing", drawn=own_picture.to_text(SEVEN),
    )  # fmt: skip
    sent = diagram(at)
    assert "All λ of this layer are 0. Difference to BN" in sent["limit"]
    assert sent["seen"]["labels"][0] == -1
    assert at.query_params["drawn"] == own_picture.to_text(SEVEN)
    at.session_state["inside.source"] = "test images"
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
    for norm in ("bn", "afn", "none"):
        run = runs.create(replace(config, norm=norm))
        list(execute(run))
        ids[norm] = run.id
    at = page()
    assert at.query_params["model"] == ids["afn"]
    assert [each["label"] for each in diagram(at)["contenders"]] == ["AFN", "BN"]
    assert diagram(at)["seen"]["maps"]["x"]["width"] == 8
    at = page(model=ids["none"])
    assert f"{NORM_TITLES['none']} cannot be looked into" in words(at)
    assert not at.get("bidi_component")


def test_a_link_opens_a_run_at_a_layer_and_a_step_and_says_where_there_is_no_checkpoint(runs):
    config = TrainConfig(
        dataset="digits8", widths=(4, 8), epochs=3, evals_per_epoch=0, eval_images=20,
        batch_size=512, corruptions=(), norm="afn",
    )  # fmt: skip
    run = runs.create(config)
    list(execute(run))
    first, second, last = steps_of(run)
    layer = "backbone.blocks.1.norm"
    at = page(model=run.id, layer=layer, step=f"{first}")
    early = diagram(at)["seen"]
    assert early["layer"] == layer
    assert at.query_params["step"] == f"{first}"
    assert not at.warning
    at = page(model=run.id, layer=layer)
    assert diagram(at)["seen"]["channels"]["mu"] != early["channels"]["mu"]
    at = page(model=run.id, layer=layer, step=f"{last + 9}")
    assert f"Step {last + 9} has no checkpoint: shown is step {last}, the nearest." in words(at)
    assert diagram(at)["before"] == f"at step {last}"
    assert at.query_params["step"] == f"{last}"  # and so it stays after a refresh
    offered = ["newest", "0", f"{first}", f"{second}", f"{last}"]
    assert at.selectbox(key="inside.step").options == offered
    begun = diagram(page(model=run.id, layer=layer, step="0"))["seen"]
    assert set(begun["channels"]["gamma_hat"]) != set(early["channels"]["gamma_hat"])
    assert set(begun["channels"]["weight"]) == {1.0}  # as every training begins
    for path in run.checkpoints():
        path.unlink()
    at = page(model=run.id, layer=layer)
    assert "There is no checkpoint yet: shown is the network as it began" in words(at)
    assert diagram(at)["seen"]["channels"]["mu"] == begun["channels"]["mu"]
    at.selectbox(key="inside.model").set_value("mnist5k-afn")
    assert "step" not in drawn(at.run()).query_params  # it was of another network


def test_a_drawing_is_not_damaged_unasked(runs):
    link = {"first_place": "a drawing", "drawn": own_picture.to_text(SEVEN)}
    at = page(model="mnist5k-afn", severity="0", **link)
    clean = diagram(at)["seen"]["pictures"]
    at = page(model="mnist5k-afn", **link)
    assert diagram(at)["seen"]["pictures"][0] == clean[0]
    assert diagram(at)["seen"]["pictures"][1:] != clean[1:]
    assert diagram(at)["applied"] == "yours: as it is; the other 31: contrast 5"
    assert diagram(at)["damage"] == "contrast 5"
    at.session_state["inside.damaged"] = 1
    at = drawn(at.run())
    assert diagram(at)["seen"]["pictures"][0] != clean[0]
    assert at.query_params["damaged"] == "1"


def test_the_large_card_and_the_followed_pixel_are_in_the_link(runs):
    at = page(model="mnist5k-afn", card="mix", pixel="3-14", channel="2")
    assert diagram(at)["card"] == "mix"
    pixel = diagram(at)["seen"]["pixel"]
    assert (pixel["row"], pixel["column"]) == (3, 14)
    assert (at.query_params["card"], at.query_params["pixel"]) == ("mix", "3-14")
    assert "a pixel is a row and a column such as 3-14" in words(page(pixel="x"))


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
