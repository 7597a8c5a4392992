"""The models that come along: what their cards say holds, wherever their data is."""

import os
from collections import defaultdict
from functools import lru_cache

import pytest

from afn import load_pretrained, set_eval_stats
from afn.ask.domains import Row, domain_matrix
from afn.data import load_dataset
from afn.data.entries import ImageData
from afn.pretrained.cards import pretrained_dir, pretrained_names, read_card
from afn.pretrained.checksums import checksum
from afn.pretrained.hits import Hits
from afn.pretrained.plan import PLAN
from afn.pretrained.results import Accuracy, answered, read_results

NAMES = pretrained_names()
EMBEDDED = [name for name in NAMES if name.startswith("mnist5k-")]
TOLERANCE = 0.0005
"""A twentieth of a point: one image of 2,000."""
MAX_BYTES = 90_000_000


def test_all_that_are_to_come_along_are_there():
    shipped = {name: spec for name, spec in PLAN.items() if spec.is_shipped}
    made = {name for name, _ in answered(pretrained_dir())}
    assert set(NAMES) == shipped.keys() & made
    assert {shipped[name].group for name in shipped.keys() - made} <= {"deciding"}  # in the making


def test_of_models_without_weights_it_is_kept_which_images_were_right():
    lean = {name for name, spec in PLAN.items() if not spec.keeps_weights and not spec.config.seed}
    made = {name for name, _ in answered(pretrained_dir())}
    assert {name for name in lean if Hits(pretrained_dir()).of(name)} == lean & made


@pytest.mark.parametrize("name", NAMES)
def test_each_is_whole_and_what_is_planned(name):
    card = read_card(name)
    assert card.config == PLAN[name].config
    card.read("weights")
    assert card.events()[0][0]["kind"] == "start"
    assert tuple(Accuracy.of(*answer) for answer in card.answers()) == card.accuracies


@lru_cache(maxsize=1)
def table() -> dict[str, list[dict[str, str]]]:
    """Rows of the results by model."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_results(pretrained_dir()):
        rows[row["model"]].append(row)
    return rows


@pytest.mark.parametrize("name", NAMES)
def test_the_table_says_the_same_as_the_card(name):
    rows = table()[name]
    told = [(row["test_data"], row["corruption"], int(row["severity"]), row["statistics"],
             row["networks"], int(row["n"]), int(row["correct"])) for row in rows]  # fmt: skip
    assert told == [
        (a.test_data, a.corruption, a.severity, a.statistics, a.networks, a.n, a.correct)
        for a in read_card(name).accuracies
    ]


def test_all_together_are_small():
    assert sum(path.stat().st_size for path in pretrained_dir().glob("*")) < MAX_BYTES


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_models_answer_as_their_cards_say(name):
    check_clean_accuracies(name)


@pytest.mark.real_data
@pytest.mark.skipif("AFN_DATA_DIR" not in os.environ, reason="AFN_DATA_DIR is not set")
@pytest.mark.parametrize("name", [name for name in NAMES if name not in EMBEDDED])
def test_models_answer_as_their_cards_say(name):
    check_clean_accuracies(name)


def check_clean_accuracies(name):
    """Ask again, on clean images of its own domain, in every statistics mode."""
    card = read_card(name)
    own = card.config.dataset.partition("@")[0]
    [described] = [data for data in card.tested_on if data.name == own]
    try:
        data = loaded(own)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    if checksum(data, with_training=False) != described.sha256:
        pytest.skip(f"the {own} here is another copy than the one of the card")
    model = load_pretrained(name)
    asked = {}
    for accuracy in card.accuracies:
        key = accuracy.test_data, accuracy.corruption, accuracy.networks
        if key == (own, "clean", "on"):
            before = asked.setdefault(accuracy.statistics, accuracy)
            asked[accuracy.statistics] = min(before, accuracy, key=lambda each: each.n)
    assert asked
    for statistics, told in asked.items():
        set_eval_stats(model, "running" if statistics == "running" else "batch")
        row = Row(
            model=model,
            image_shape=card.inputs.image_shape,
            class_names=card.inputs.class_names,
            statistics=statistics,
        )
        [crossing] = domain_matrix(
            {name: row}, [data], num_images=told.n, batch_size=told.batch_size
        )
        again = Accuracy.of(crossing.question, crossing.cell)
        assert again.accuracy == pytest.approx(told.accuracy, abs=TOLERANCE), statistics


@lru_cache(maxsize=1)
def loaded(name: str) -> ImageData:
    """Cards of one data set come one after the other, mostly."""
    return load_dataset(name)
