"""What lessons say: whole, linked onwards, and answered from whatever the data are."""

import copy
import json
import re
from dataclasses import replace

import pytest
import torch

from afn import AFN2d
from afn.ask.records import Cell
from afn.data import load_dataset
from afn.settings.lambda_init import LambdaInit
from app.kit import cards, comparison
from app.page.ablations.ready_made import READY_MADE
from app.page.ablations.view import VIEW as ablations
from app.page.adapt.view import VIEW as adapt
from app.page.cost.view import VIEW as costing
from app.page.dynamics.view import VIEW as dynamics
from app.page.lessons.experiments.trial import REFERENCE, Trial
from app.page.lessons.lessons import LESSONS
from app.page.lessons.lessons.sharing import brighter, features
from app.page.norms.view import VIEW as norms
from app.page.paper.view import VIEW as paper
from app.page.rescaling.view import VIEW as rescaling
from app.page.robustness.view import VIEW as robustness

SLUGS = list(LESSONS)


def record_of(slug):
    return copy.deepcopy(json.loads((REFERENCE / f"{slug}.json").read_text())["record"])


def answered(slug, record):
    lesson = LESSONS[slug]
    return lesson.answer(lesson.experiment.read(record))


@pytest.mark.parametrize("slug", SLUGS)
def test_what_comes_along_is_of_the_current_configuration(runs, slug):
    trial = Trial(slug, LESSONS[slug].experiment)
    assert trial.precomputed is not None
    lesson = LESSONS[slug]
    found = lesson.answer(lesson.experiment.read(trial.precomputed.record))
    assert 0 <= found.came_true < len(lesson.predictions)


def test_nothing_else_lies_among_what_comes_along():
    assert {path.stem for path in REFERENCE.iterdir()} == set(LESSONS)


@pytest.mark.parametrize("slug", SLUGS)
def test_lessons_are_whole(slug):
    lesson = LESSONS[slug]
    assert 5 <= lesson.minutes <= 8
    assert len(lesson.predictions) >= 3
    assert 1 <= len(lesson.checks) <= 2
    assert lesson.onwards
    assert lesson.note.aims
    assert lesson.note.pitfalls
    texts = (lesson.question, lesson.before, lesson.ask, lesson.setup, lesson.after)
    assert all(each.strip() for each in texts)
    for each in texts:
        pieces = re.sub(r"\$\$\n.*?\n\$\$", "", each, flags=re.DOTALL).split("$")
        assert len(pieces) % 2 == 1
        assert not any("\n" in formula for formula in pieces[1::2])  # it would not be drawn
    assert len(" ".join(texts).split()) < 520


_PAGES = {
    "adapt": adapt.from_url,
    "norms": norms.from_url,
    "robustness": robustness.from_url,
    "ablations": ablations.from_url,
    "cost": costing.from_url,
    "lambda": dynamics.from_url,
    "gamma-beta": rescaling.from_url,
    "paper": paper.from_url,
    "": comparison.from_url,
}


@pytest.mark.parametrize("slug", SLUGS)
def test_links_onwards_open_their_pages_set_up(runs, slug):
    for onward in LESSONS[slug].onwards:
        if not onward.settings:
            continue
        url = {k: v if isinstance(v, list) else [v] for k, v in onward.settings.items()}
        view, problems = _PAGES[onward.page](url)
        assert problems == []
        for part in (part for texts in url.values() for each in texts for part in each.split("~")):
            assert part in str(view)
        named = "~".join([*url.get("runs", []), *url.get("run", []), *url.get("models", [])])
        assert set(filter(None, named.split("~"))) <= set(cards.names())


def cells(record, label):
    return next(each["cells"] for each in record["answers"] if each["label"].startswith(label))


def answer_all(record, label, *, right_share):
    """Have a network answer this share of each test's images right."""
    for number, told in enumerate(cells(record, label)):
        cell = Cell.from_json(told)
        limit = int(right_share * cell.n)
        answers = bytes(
            label if i < limit else (label + 1) % 10 for i, label in enumerate(cell.labels)
        )
        cells(record, label)[number] = replace(cell, answers=answers).to_json()


def set_accuracy(record, lesson, accuracies):
    """Give each run the accuracy of its point's labels, a little more with every seed."""
    for planned in lesson.experiment.plan.runs:
        run = next(each for each in record["runs"] if each["id"] == planned.run_id)
        value = accuracies[tuple(label for _, label in planned.point)]
        run["summary"]["accuracy"] = value + 0.001 * planned.config.seed


def axes(dot):
    record = record_of("axes")
    record["dot"] = dot * record["ink"]
    return record


def sharing(*norms):
    """The image beside is heard in these."""
    found = {f"image, {norm}": 0.5 if norm in norms else 0.0 for norm in ("bn", "in", "gn", "ln")}
    return record_of("sharing") | found


def small_lambda(paper, wide):
    record = record_of("small-lambda")
    starts = {("paper, 0.047",): paper, ("reference code, 0.51",): paper, ("λ from 0.95",): wide}
    set_accuracy(record, LESSONS["small-lambda"], starts)
    return record


def test_wide_open_is_one_half_wherever_it_is_said():
    """A start from 0.95 has a name of its own, under which its precomputed trainings are found."""
    assert set(AFN2d(4, lambda_init=LambdaInit.OPEN).lambdas().values()) == {0.5}
    assert "(λ = 0.5)" in comparison.PRESETS["open"].title
    for said in (repr(LESSONS["small-lambda"]), repr(READY_MADE["lambda-start"])):
        assert "0.95" in said
        assert "wide open" not in said.lower()
    told = answered("small-lambda", small_lambda(0.9, 0.7)).told
    assert "λ from 0.95 against the paper's start: −20.0" in told
    [start] = {
        run.config.lambda_init
        for run in LESSONS["small-lambda"].experiment.plan.runs
        if ("start of λ", "λ from 0.95") in run.point
    }
    values = set(AFN2d(4, lambda_init=start).lambdas().values())
    assert {round(value, 2) for value in values} == {0.95}


def gain(ratio):
    """The first gradient of the deepest network so many times BN's."""
    record = record_of("gain")
    first = {}
    for planned in LESSONS["gain"].experiment.plan.runs:
        run = next(each for each in record["runs"] if each["id"] == planned.run_id)
        first[planned.point, planned.config.seed] = run["gradients"]
    for (point, seed), gradients in first.items():
        labels = dict(point)
        if (labels["network"], labels["start"]) == ("ResNet-20", "λ_σ = 0.5"):
            bn = next(p for p, _ in first if dict(p) == {**labels, "start": "BN"})
            gradients[0] = ratio * first[bn, seed][0]
    return record


def networks(on, off):
    record = record_of("networks")
    answer_all(record, "networks adapting", right_share=on)
    answer_all(record, "networks frozen", right_share=off)
    return record


def bounded(gamma):
    record = record_of("bounded")
    for layer in record["code"]["lambdas"]:
        layer[2] = gamma
    return record


def batch_size(**changes):
    record = record_of("batch-size")
    wanted = {(norm, "64"): 0.8 for norm in ("bn", "afn", "asrnorm")}
    wanted |= {(norm, "4"): 0.8 + changes.get(norm, 0.0) for norm in ("bn", "afn", "asrnorm")}
    set_accuracy(record, LESSONS["batch-size"], wanted)
    return record


def measuring(**reached):
    """Each norm reaches 0.9, or what is said."""
    record = record_of("measuring")
    wanted = {(norm,): reached.get(norm, 0.9) for norm in ("bn", "in", "frn", "dyt", "none")}
    set_accuracy(record, LESSONS["measuring"], wanted)
    return record


def hidden_hero(running, batch):
    record = record_of("hidden-hero")
    answer_all(record, "BN, running", right_share=running)
    answer_all(record, "BN, test batch", right_share=batch)
    return record


def one_image(bn, afn):
    record = record_of("one-image")
    for each in record["answers"]:
        if "test batch" in each["label"]:
            share = {"BN": bn, "AF": afn}[each["label"][:2]]
            single = each["label"].endswith(" of 1")
            answer_all(record, each["label"], right_share=share if single else 0.9)
    return record


def adapting(share):
    """TENT, sorted by class, is right on this share of each batch, the test batch on 0.8."""
    record = record_of("adapting")
    for label, right in (("TENT", share), ("test batch", 0.8)):
        for step in record["lives"][f"{label}, sorted by class"]:
            limit = round(right * len(step["labels"]))
            step["answers"] = [
                each if i < limit else (each + 1) % 10 for i, each in enumerate(step["labels"])
            ]
    return record


def landscape(best):
    """Nine in ten answers are right, and all of them at one point."""
    record = record_of("landscape")
    for each in [record["trained"], *record["points"]]:
        cell = Cell.from_json(each)
        limit = cell.n if best and each.get("at") == best else int(0.9 * cell.n)
        answers = bytes(
            label if i < limit else (label + 1) % 10 for i, label in enumerate(cell.labels)
        )
        each |= replace(cell, answers=answers).to_json()
    return record


def price(ratio):
    record = record_of("price")
    for each in record["measurements"]:
        if (each["norm"], each["batch_size"]) == ("afn", 8):
            each["train_ratio"] = ratio
    return record


@pytest.mark.parametrize(
    ("slug", "record", "came_true", "told"),
    [
        ("axes", lambda: axes(0.1), 0, "10 % of the brightest ink"),
        ("axes", lambda: axes(1.0), 1, "1.0 times as large"),
        ("axes", lambda: axes(5.0), 2, "5.0 times as large"),
        ("sharing", lambda: sharing("bn"), 0, "change by: BN 50 %. With"),
        ("sharing", lambda: sharing("bn", "gn"), 1, "change by: BN 50 %, GN 50 %. With"),
        ("sharing", lambda: sharing("bn", "in", "gn", "ln"), 2, "GN 50 %, LN 50 %. With"),
        ("small-lambda", lambda: small_lambda(0.9, 0.9), 0, "Every training reaches half"),
        ("small-lambda", lambda: small_lambda(0.9, 0.7), 1, "−20.0 ± 0.0 points"),
        ("small-lambda", lambda: small_lambda(0.9, 0.1), 2, "3 of 3 with the start “λ from 0.95”"),
        ("small-lambda", lambda: small_lambda(0.8, 0.9), 3, "+10.0 ± 0.0 points"),
        ("gain", lambda: gain(1.1), 0, "1.10 (19 layers) times BN's"),
        ("gain", lambda: gain(2.0), 1, "would be 524,288: 262,000 times too much"),
        ("gain", lambda: gain(20.0), 2, "20.00 (19 layers)"),
        ("gain", lambda: gain(5e5), 3, "500000.00 (19 layers)"),
        ("networks", lambda: networks(0.9, 0.7), 0, "in this one network they help"),
        ("networks", lambda: networks(0.9, 0.87), 1, "in this one network they help"),
        ("networks", lambda: networks(0.9, 0.9), 2, "in this one network they add nothing"),
        ("networks", lambda: networks(0.8, 0.9), 3, "in this one network they do harm"),
        ("bounded", lambda: bounded(0.007), 0, "ends at 0.01 and 0.01"),
        ("bounded", lambda: bounded(0.5), 1, "ends at 0.50 and 0.50"),
        ("bounded", lambda: bounded(-0.5), 2, "ends at −0.50 and −0.50"),
        ("batch-size", lambda: batch_size(bn=-0.1), 0, "BN −10.0 ± 0.0 points"),
        ("batch-size", lambda: batch_size(asrnorm=0.1), 1, "ASRNorm +10.0 ± 0.0 points"),
        ("batch-size", lambda: batch_size(), 2, "BN not at all"),
        ("batch-size", lambda: batch_size(bn=0.1, afn=0.1, asrnorm=0.1), 3, "BN not at all"),
        ("measuring", lambda: measuring(**{"in": 0.7}), 0, "batch (BN to IN) −20.0 ± 0.0 points"),
        ("measuring", lambda: measuring(frn=0.8, none=0.75), 1, "(IN to FRN) −10.0 ± 0.0 points"),
        ("measuring", lambda: measuring(none=0.3), 2, "(FRN to no norm) −60.0 ± 0.0 points"),
        ("measuring", lambda: measuring(dyt=0.3), 3, "no norm at all: −60.0 ± 0.0 points"),
        ("measuring", lambda: measuring(dyt=0.95), 3, "BN 90.1 %, IN 90.1 %, FRN 90.1 %, DyT"),
        ("hidden-hero", lambda: hidden_hero(0.9, 0.9), 0, "±0.0 points"),
        ("hidden-hero", lambda: hidden_hero(0.8, 0.9), 1, "+10.0 points"),
        ("hidden-hero", lambda: hidden_hero(0.3, 0.9), 2, "+60.0 points"),
        ("hidden-hero", lambda: hidden_hero(0.9, 0.8), 3, "−10.0 points"),
        ("one-image", lambda: one_image(0.8, 0.8), 0, "BN, test batch −10.0 points"),
        ("one-image", lambda: one_image(0.9, 0.8), 1, "AFN, test batch −10.0 points"),
        ("one-image", lambda: one_image(0.8, 0.9), 2, "AFN, test batch ±0.0 points"),
        ("one-image", lambda: one_image(0.9, 0.9), 3, "BN, test batch ±0.0 points"),
        ("adapting", lambda: adapting(0.2), 0, "20.0 % of the time, −60.0 points"),
        ("adapting", lambda: adapting(0.2), 0, "At batch 5 it has collapsed: of the last 100"),
        ("adapting", lambda: adapting(0.95), 1, "+15.0 points"),
        ("adapting", lambda: adapting(0.8), 2, "±0.0 points (−0.2 to +0.2) over"),
        ("landscape", lambda: landscape(None), 0, "90.0 %, ±0.0 points"),
        ("landscape", lambda: landscape([0.0, 0.0]), 1, "λ_μ 0.00, λ_σ 0.00 with 100.0 %, +10.0"),
        ("landscape", lambda: landscape([1.0, 1.0]), 2, "With both at 1 it is 100.0 %"),
        ("price", lambda: price(1.05), 0, "1.05 times as long"),
        ("price", lambda: price(1.5), 1, "1.50 times as long"),
        ("price", lambda: price(2.5), 2, "2.50 times as long"),
    ],
)
def test_answers_follow_the_data(runs, slug, record, came_true, told):
    found = answered(slug, record())
    assert found.came_true == came_true
    assert told in found.told


def test_the_rows_of_a_lesson_have_its_readers_names():
    lesson = LESSONS["bounded"]
    record = bounded(-1234.5)  # diverged, but a number
    figure = lesson.charts[0].draw(lesson.experiment.read(record))
    assert figure.layout.yaxis.ticktext == (
        "gate (paper), layer 1", "gate (paper), layer 2",
        "no gate (code), layer 1", "no gate (code), layer 2",
    )  # fmt: skip
    hovers = [trace.hovertemplate for trace in figure.data if trace.hovertemplate]
    assert hovers[2] == "no gate (code), layer 1: at most 1,200<extra></extra>"
    assert hovers[-1] == "no gate (code), layer 2: %{x}<extra></extra>"
    assert figure.data[-1].xhoverformat == ",.3~r"


def test_all_networks_of_a_lesson_are_named(runs):
    experiment = LESSONS["gain"].experiment
    told = experiment.conditions(experiment.read(record_of("gain")))
    assert "first 64 images, 1 epoch, convnet, resnet8 and resnet20 · seeds 0, 1 and 2" in told


@pytest.mark.parametrize("slug", SLUGS)
def test_every_prediction_can_come_true(slug):
    marks = test_answers_follow_the_data.pytestmark
    [cases] = [mark.args[1] for mark in marks if mark.name == "parametrize"]
    covered = {came_true for name, _, came_true, _ in cases if name == slug}
    assert covered == set(range(len(LESSONS[slug].predictions)))


def test_a_part_is_heard_by_the_norms_whose_values_share_its_mean():
    """By torch's own layers."""
    lesson = LESSONS["sharing"].experiment
    block = torch.from_numpy(features(load_dataset("mnist5k").x_test[:32, ..., 0] / 255.0))
    layers = {
        "bn": torch.nn.BatchNorm2d(4), "in": torch.nn.InstanceNorm2d(4),
        "gn": torch.nn.GroupNorm(2, 4), "ln": torch.nn.GroupNorm(1, 4),
    }  # fmt: skip
    for (changed, norm), moved in lesson.read(record_of("sharing")).moved.items():
        layer = layers[norm].double()
        lit = torch.from_numpy(brighter(block.numpy(), changed, 10))
        with torch.no_grad():
            before, after = layer(block)[0, 0], layer(lit)[0, 0]
        rows = slice(0, len(before) // 2 if changed == "half" else None)
        found = (after[rows] - before[rows]).norm() / before[rows].norm()
        assert float(found) == pytest.approx(moved, abs=1e-6)
