"""The diagram of the contenders in a real browser: what was recorded stands on its valves."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LambdaInit
from tests.app.browser import button
from tests.app.live import events

pytestmark = pytest.mark.browser
CONFIG = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, batch_size=64, evals_per_epoch=0, eval_images=50,
    corruptions=("contrast",), severity=5, lambda_init=LambdaInit.OPEN, lambda_lr_factor=10,
)  # fmt: skip
PAINTED = """lane => { const canvas = lane.querySelector('canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.some(value => value > 0); }"""

COLLIDE = """() => [...document.querySelectorAll('.network-lane')].flatMap(lane => {
  const words = [...lane.querySelectorAll('text, .network-name > *, .network-conv')].filter(
    node => node.getBoundingClientRect().width
      && !node.matches('.network-class, .network-end, .network-big'));
  const frame = lane.getBoundingClientRect();
  const boxes = words.map(node => node.getBoundingClientRect());
  const out = words.filter((_, at) => boxes[at].bottom > frame.bottom + 1
    || boxes[at].top < frame.top - 1 || boxes[at].right > frame.right);
  return [...out.map(node => node.textContent), ...words.flatMap((one, at) =>
    words.slice(at + 1).filter((other, next) => {
      const [a, b] = [boxes[at], boxes[at + 1 + next]];
      const [x, y] = [Math.min(a.right, b.right) - Math.max(a.left, b.left),
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
      return x > 1 && y > 3 && !one.matches('.network-conv');  // which has its own word
    }).map(other => `${one.textContent} | ${other.textContent}`))];
})"""


@pytest.fixture
def motion():
    return "no-preference"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    store = RunStore(tmp_path_factory.mktemp("runs"))
    runs = [store.create(replace(CONFIG, norm=norm)) for norm in ("afn", "bn")]
    for run in runs:
        list(execute(run))
    return runs


@pytest.fixture(scope="module")
def address(serve, trained):
    folder = trained[0].path.parent
    return serve({"AFN_RUNS_DIR": str(folder), "AFN_DATA_DIR": str(folder / "no-data")})


def lane(page, label):
    return page.locator(f'.network-lane[aria-label="{label}"]')


def test_valves_show_the_step_on_show_and_open_the_layer_there(page, address, trained):
    afn, bn = trained
    page.goto(f"{address}/?run={afn.id}~{bn.id}")
    steps = events(afn, "step")
    last = steps[-1]
    expect(lane(page, "AFN")).to_have_js_property("step", last["step"])
    valves = lane(page, "AFN").locator(".network-lambda")
    expect(valves).to_have_text([f"λ {row[0]:.3f}" for row in last["lambdas"]])
    expect(lane(page, "BN").locator(".network-norm")).to_have_text(["BN", "BN"])
    page.wait_for_function(f"() => ({PAINTED})(document.querySelector('.network-lane'))")

    probes, answer = events(afn, "probes")[0], lane(page, "AFN").locator(".network-verdict")
    assert any(image["corruption"] == "contrast" for image in probes["images"])
    expect(answer).to_have_text(re.compile("right|wrong"))

    thumb = page.get_by_role("slider", name="Training step")
    thumb.press("Home")
    for _ in range(3):
        thumb.press("ArrowRight")
    for label in ("AFN", "BN"):
        expect(lane(page, label)).to_have_js_property("step", 3)
    [third] = [step for step in steps if step["step"] == 3]
    expect(valves).to_have_text([f"λ {row[0]:.3f}" for row in third["lambdas"]])
    link = lane(page, "AFN").locator("a.network-open").nth(1)
    expect(link).to_have_attribute("href", re.compile(r"/inside\?.*blocks\.1\.norm&step=3$"))
    expect(link).to_have_attribute("aria-label", re.compile(rf"λ {third['lambdas'][1][0]:.3f} "))
    link.press("Enter")
    page.wait_for_url(re.compile(rf"/inside\?model={afn.id}&layer=backbone\.blocks\.1\.norm"))


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720), (390, 844)])
def test_words_of_the_diagram_do_not_run_into_each_other(page, address, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    expect(lane(page, "BN").locator(".network-verdict")).to_have_text(re.compile("wrong"))
    page.wait_for_timeout(500)
    assert page.evaluate(COLLIDE) == []
    dial = lane(page, "AFN").locator(".network-dial").first.bounding_box()
    assert dial["width"] >= (80 if height == 900 else 50)


def test_a_deep_network_folds_into_stages_and_unfolds(page, address):
    page.goto(f"{address}/?net=resnet20&c=afn&c=bn")
    valves = lane(page, "AFN").locator(".network-valve")
    expect(valves).to_have_count(3)
    lane(page, "AFN").get_by_role("button").nth(1).press("Enter")
    expect(valves).to_have_count(6)
    button(page, "whole network").click()
    expect(valves).to_have_count(3)


def test_a_dial_of_the_recording_leads_to_another_network_which_says_so(page, address):
    page.goto(address)
    link = lane(page, "AFN").locator("a.network-open").first
    expect(link).to_have_attribute("aria-label", re.compile("another, pretrained AFN"))
    link.press("Enter")
    page.wait_for_url(re.compile(r"/inside\?model=mnist5k-afn&layer=backbone\.blocks\.0\.norm"))
    expect(page.get_by_text("Not the network you came from")).to_be_visible()


def test_images_run_along_the_pipes_unless_motion_is_unwanted(page, address):
    page.goto(address)  # the finished comparison replays
    drop = lane(page, "AFN").locator(".network-drop").first
    expect(drop).to_be_visible()
    places = {page.wait_for_timeout(100) or round(drop.bounding_box()["x"]) for _ in range(5)}
    assert len(places) > 2

    page.emulate_media(reduced_motion="reduce")
    page.reload()
    expect(lane(page, "AFN").locator(".network-verdict")).to_have_text(re.compile("right|wrong"))
    page.wait_for_timeout(300)
    expect(drop).to_be_hidden()
