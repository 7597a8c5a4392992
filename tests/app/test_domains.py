"""The Domains page: its links, its words, and the page under AppTest with networks of its own.

The domains are a small image tree. No worker runs: an evaluation is carried out when it is asked
for, and what the page queues for training waits until a test executes it.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from afn.data import dataset_entry
from afn.data.domains import digit_domains
from afn.engine.config import TrainConfig
from afn.engine.execution import execute
from afn.grids.execution import carry_out
from afn.lambda_init import LambdaInit
from afn.pretrained.cards import read_card
from afn.pretrained.plan import DIGITS, PACS
from afn.runner import LocalRunner
from afn.runs import RunStore
from app import domains, training_domains
from app.cards import sound_cards
from app.charts.domains import MatrixRow
from app.domains import (
    COLORS,
    CONTENDERS,
    DomainsView,
    are_here,
    families,
    from_url,
    to_url,
)
from app.recipes import recipe_of, recipe_words
from tests.app.test_domain_charts import cell

PATIENCE = 120.0
NAMES = ("shapes/ink", "shapes/neon", "shapes/pale")
TINY = TrainConfig(widths=(2,), epochs=2, batch_size=8, eval_images=20, corruptions=())
TREE = {"of": "shapes", "n": "200"}


# -- links -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "url"),
    [
        (DomainsView(), {}),
        (DomainsView(family="pacs", how="leave one out"), {"of": "pacs", "how": "leave one out"}),
        (
            DomainsView(contenders=("afn-off",), images=200, batch_size=1, shown="difference"),
            {"norms": "afn-off", "n": "200", "batch": "1", "show": "difference"},
        ),
        (
            DomainsView(
                setting="channels reduced", recipe="0a1b2c3d", source="syn@grey",
                layer="backbone.blocks.1.norm", looked_at="bn", shown="beyond batch",
            ),
            {
                "setting": "channels reduced", "recipe": "0a1b2c3d", "source": "syn@grey",
                "layer": "backbone.blocks.1.norm", "look": "bn", "show": "beyond batch",
            },
        ),
        (DomainsView(contenders=()), {"norms": ""}),
    ],
)  # fmt: skip
def test_a_view_is_its_link(view, url):
    assert to_url(view) == url
    assert from_url({key: [value] for key, value in url.items()}) == (view, [])


@pytest.mark.parametrize(
    ("url", "clue"),
    [
        ({"setting": "blue"}, "channels reduced, channels increased"),
        ({"how": "both"}, "single source, leave one out"),
        ({"norms": "bn~bogus"}, "not 'bogus'"),
        ({"n": "7"}, "200, 500"),
        ({"n": "٢٠٠"}, "200, 500"),
        ({"batch": "-1"}, "batch is one of 1,"),
        ({"show": "<script>" * 99}, "accuracy, difference, beyond batch"),
        ({"look": "in"}, "bn, bn-batch"),
    ],
    ids=str,
)
def test_what_a_link_cannot_ask_for_is_one_short_line(url, clue):
    view, [problem] = from_url({key: [value] for key, value in url.items()})
    assert view == DomainsView()
    assert clue in problem
    assert len(problem) < 250


# -- recipes ---------------------------------------------------------------------------------------


def test_a_recipe_is_all_that_changes_the_weights_but_norm_and_data():
    for change in (
        {"norm": "bn"}, {"dataset": "syn@grey"}, {"eval_images": 7}, {"severity": 5},
        {"corruptions": ()}, {"eval_stats": "running"}, {"max_seconds": 60.0},
    ):  # fmt: skip
        assert recipe_of(replace(TINY, **change)) == recipe_of(TINY), change
    others = [
        replace(TINY, **change)
        for change in (
            {"seed": 1}, {"epochs": 3}, {"max_steps": 5}, {"stat_dropout": 0.3},
            {"adaptive": False}, {"lr_schedule": "cosine"}, {"weight_decay": 0.1},
            {"augment": "crop_flip"},
            {"lambda_init": LambdaInit.OFF}, {"lambda_init": LambdaInit(mu=0.5)},
        )
    ]  # fmt: skip
    assert len({recipe_of(config).hash() for config in [TINY, *others]}) == 1 + len(others)
    words = {recipe_words(recipe_of(config)) for config in [TINY, *others[:-1]]}
    assert len(words) == len(others)  # of a start of λ they say only that it is another


def test_recipes_in_words():
    assert recipe_words(domains.default_recipe("digits")) == (
        "convnet 16-32, 3 epochs, batch 64, lr 0.05, seed 0"
    )
    assert recipe_words(TrainConfig(backbone="resnet8", epochs=1, lambda_lr_factor=10)) == (
        "resnet8, 1 epoch, batch 64, lr 0.05, seed 0, λ lr factor 10"
    )


def test_what_is_trained_keeps_to_its_recipe():
    for recipe in (domains.default_recipe("digits"), domains.default_recipe("pacs")):
        config = domains.config_of(recipe, "bn", "syn")
        assert (config.norm, config.dataset) == ("bn", "syn")
        assert recipe_of(config) == recipe


def test_a_source_is_found_again_in_another_form():
    assert domains.source_like("syn@grey", ["mnist5k", "syn"]) == "syn"
    assert domains.source_like("a+b@rgb", ["c+b", "a+b"]) == "a+b"
    assert domains.source_like("gone", ["mnist5k", "syn"]) == "mnist5k"
    assert domains.source_like("", ["mnist5k", "syn"]) == "mnist5k"


def test_sources_in_words():
    here = digit_domains(Path("nowhere"))
    assert domains.source_words("mnist5k@rgb", here) == "mnist5k"
    assert domains.source_words("mnist5k+digits8+syn@rgb", here) == "all but mnistm5k"
    assert domains.source_words("mnist5k+syn", here) == "mnist5k + syn"
    assert domains.source_words("mnist5k+syn", [here[0], here[-1]]) == "mnist5k + syn"


def test_a_contender_has_one_colour_and_one_place():
    assert len(set(COLORS.values())) == len(CONTENDERS)
    view = DomainsView(contenders=("afn", "afn-off", "bn"))
    assert view.in_order == ["bn", "afn", "afn-off"]
    assert domains.norms_of(view) == ["bn", "afn"]


# -- what the networks add -------------------------------------------------------------------------


def answered(name, **cells):
    """A contender's row, trained on a."""
    contender = CONTENDERS[name]
    return [
        MatrixRow(
            label=contender.label, norm=contender.norm, statistics="running", color=COLORS[name],
            train="a", cells={domain: cell(hits) for domain, hits in cells.items()},
        )
    ]  # fmt: skip


WRONG, HALF, RIGHT = 40 * "x", 20 * "x" + 20 * "o", 40 * "o"


def test_the_gain_over_bn_is_split_at_bn_with_the_test_batch():
    rows = {
        "bn": answered("bn", a=RIGHT, b=WRONG, c=WRONG),
        "bn-batch": answered("bn-batch", a=RIGHT, b=RIGHT, c=HALF),
        "afn": answered("afn", a=WRONG, b=RIGHT, c=RIGHT),
    }
    text = domains.networks_reading(rows, ["a", "b", "c"])
    assert "AFN gives +100.0 points" in text
    assert "give +75.0 points" in text
    assert "is +25.0 points" in text
    assert "chance" not in text
    rows["bn-batch"] = answered("bn-batch", a=RIGHT, b=RIGHT, c=RIGHT)
    assert domains.networks_reading(rows, ["a", "b", "c"]).endswith("which may be chance.")
    rows["afn-off"] = answered("afn-off", b=HALF, c=HALF)
    text = domains.networks_reading(rows, ["a", "b", "c"])
    assert "switched on and off in the same weights, are worth +50.0 points" in text


def test_nothing_is_said_before_all_of_it_is_known():
    rows = {name: answered(name, b=HALF, c=HALF) for name in ("bn", "bn-batch", "afn")}
    assert domains.networks_reading(rows, ["a", "b", "c"])
    for name in rows:
        assert not domains.networks_reading(rows | {name: answered(name, b=HALF)}, ["a", "b", "c"])
        others = {key: mine for key, mine in rows.items() if key != name}
        assert not domains.networks_reading(others, ["a", "b", "c"])


def test_fewer_images_than_wanted_are_named():
    here = digit_domains(Path("nowhere"))
    rows = {"bn": answered("bn", digits8=HALF, syn=HALF + HALF)}
    assert domains.images_words(rows, here, 40) == "first 40 test images of each domain"
    assert domains.images_words(rows, here, 1000) == (
        "first 1,000 test images of each domain (digits8 has 40, syn has 80)"
    )


# -- the page --------------------------------------------------------------------------------------


def domains_app():
    import streamlit as st

    from app.views import domains

    if not st.session_state.get("away"):
        domains.render()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A data folder: the same two shapes on paper of three brightnesses."""
    folder = tmp_path_factory.mktemp("data")
    noise = np.random.default_rng(0)
    for paper, name in zip((230, 60, 150), NAMES, strict=True):
        for shape in ("bar", "box"):
            place = folder / "Shapes" / name.partition("/")[2] / shape
            place.mkdir(parents=True)
            for i in range(20):
                pixels = noise.integers(paper - 20, paper + 20, (64, 64, 3), dtype=np.uint8)
                pixels[20:44, 28:36] = 0
                if shape == "box":
                    pixels[20:44, 12:52] = 0
                Image.fromarray(pixels).save(place / f"{i}.png")
    return folder


@pytest.fixture
def store(tmp_path, monkeypatch, pictures):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_DATA_DIR", str(pictures))
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(tmp_path / "no-models"))
    monkeypatch.setattr(LocalRunner, "start", lambda self: None)
    monkeypatch.setattr(LocalRunner, "submit", lambda self, runs: None)
    monkeypatch.setattr(LocalRunner, "evaluate", lambda self, evaluation: carry_out(evaluation))
    st.cache_resource.clear()
    yield RunStore()
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def trained_runs(tmp_path_factory, pictures):
    """A folder with BN and AFN networks of every domain."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFN_DATA_DIR", str(pictures))
        for norm in ("bn", "afn"):
            for name in NAMES:
                list(execute(RunStore(folder).create(replace(TINY, norm=norm, dataset=name))))
    return folder


@pytest.fixture
def trained(store, trained_runs):
    """The store with those networks."""
    shutil.copytree(trained_runs, store.root)
    return store


def finished(store, **changes):
    run = store.create(replace(TINY, **changes))
    list(execute(run))
    assert run.state().status == "finished"
    return run


def page(**url):
    at = AppTest.from_function(domains_app, default_timeout=PATIENCE)
    at.query_params.update(url)
    return drawn(at.run())


def drawn(at):
    """Run until what was asked for is there; AppTest reruns no fragments by itself."""
    for _ in range(2):
        assert not at.exception, [error.message for error in at.exception]
        at.run()
    assert not at.exception, [error.message for error in at.exception]
    return at


def words(at):
    return "\n".join(element.value for element in [*at.markdown, *at.caption])


def tables(at):
    """The matrices: caption -> texts of the cells, row by row."""
    found = {}
    for html in at.get("html"):
        body = html.proto.body
        if "afn-matrix" in body:
            caption = body.partition("<caption>")[2].partition("</caption>")[0]
            rows = body.split('<tr><th scope="row">')[1:]
            found[caption] = [
                [part.partition("</span>")[0] for part in row.split("<span>")[1:]] for row in rows
            ]
    return found


def buttons(at):
    return [button.label for button in at.button]


def queued(store):
    return {(run.config().norm, run.config().dataset) for run in store.list()}


def test_an_empty_store_has_empty_cells_and_offers_to_train(store):
    at = page(**TREE)
    assert list(tables(at)) == ["BN", "BN, test batch", "ASRNorm", "AFN"]
    assert {text for rows in tables(at).values() for row in rows for text in row} == {"·"}
    assert "Train the 9 networks" in buttons(at)
    assert "3 norms × 3 training sets of 32 images · convnet 16-32-64, 10 epochs" in words(at)
    assert "takes about" not in words(at)  # nothing is known
    assert "As soon as a network is trained" in words(at)
    assert len(at.warning) == len(at.error) == 0
    assert dict(at.query_params) == TREE
    assert store.list() == []


def test_the_first_visit_needs_no_data(store, monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    at = page()
    assert "Train the 12 networks" in buttons(at)
    assert "training sets of 1,437 to 4,000 images" in words(at)
    assert "domains.family" not in [each.key for each in at.segmented_control]
    assert dict(at.query_params) == {}


def test_trained_networks_fill_the_matrix_and_the_layers(trained):
    at = page(**TREE, norms="bn~bn-batch~afn")
    found = tables(at)
    assert list(found) == ["BN", "BN, test batch", "AFN"]
    for rows in found.values():
        assert [len(row) for row in rows] == [4] * 3  # three domains and the mean
        assert all(0 <= float(text) <= 100 for row in rows for text in row)
    assert "over 6 pairs of training and test domain" in words(at)
    assert "**What the networks add.** On unseen domains AFN gives" in words(at)
    assert "first 200 test images of each domain (ink has 8, neon has 8, pale has 8)" in words(at)
    assert "statistics: running (BN); test batch of 128 (BN, AFN)" in words(at)
    assert len(at.get("plotly_chart")) == 3
    assert "Train" not in " ".join(buttons(at))
    assert len(at.warning) == len(at.error) == 0


def test_what_is_shown_is_told_by_the_address_and_the_other_way_round(trained):
    url = {**TREE, "norms": "bn~bn-batch~afn"}
    at = page(**url)
    at.segmented_control(key="domains.shown").set_value("difference")
    drawn(at.run())
    assert at.query_params["show"] == "difference"
    assert list(tables(at)) == ["BN, test batch", "AFN"]
    signs = {text[0] for rows in tables(at).values() for row in rows for text in row}
    assert signs <= set("+−±")
    assert list(tables(page(**url, show="beyond batch"))) == ["BN", "AFN"]
    again = page(**at.query_params)
    assert tables(again) == tables(at)
    assert dict(again.query_params) == dict(at.query_params)


def test_one_contender_has_nothing_to_be_compared_with(trained):
    at = page(**TREE, norms="afn", show="difference")
    assert list(tables(at)) == ["AFN"]
    assert {text[0] for row in tables(at)["AFN"] for text in row} <= set("0123456789")
    assert "domains.shown" not in [each.key for each in at.segmented_control]
    assert "What the networks add" not in words(at)
    assert "AFN is right in" in words(at)


def test_without_bn_the_first_contender_is_the_baseline(trained):
    at = page(**TREE, norms="bn-batch~afn", show="difference")
    assert list(tables(at)) == ["AFN"]
    assert at.segmented_control(key="domains.shown").options == ["accuracy", "minus BN, test batch"]


def test_no_contender_at_all_is_a_hint(trained):
    at = page(**TREE, norms="")
    assert "Choose a norm" in at.info[0].value
    assert tables(at) == {}


def test_networks_off_are_the_same_weights_without_their_networks(trained):
    at = page(**TREE, norms="bn~bn-batch~afn~afn-off")
    assert list(tables(at)) == ["BN", "BN, test batch", "AFN", "AFN, networks off"]
    assert "switched on and off in the same weights" in words(at)
    view = DomainsView(family="shapes", contenders=("afn", "afn-off"))
    subjects, _ = training_domains.subjects_of(chosen_recipe(NAMES))
    here = [dataset_entry(name) for name in NAMES]
    asked = [task.question.networks for task in domains.matrix_tasks(view, subjects, NAMES, here)]
    assert asked.count(True) == asked.count(False) == 9


def chosen_recipe(sources, norms=("bn", "afn")):
    """The recipe that the page would choose."""
    wanted = [(norm, source) for norm in norms for source in sources]
    found = training_domains.recipes(wanted, beside=domains.default_recipe("shapes"))
    return next(iter(found.values()))


def test_settings_choose_what_networks_are_trained_on(store):
    every = {(n, s) for n in ("bn", "afn") for s in ("mnist5k", "digits8", "mnistm5k", "syn")}
    at = page(norms="bn~afn", setting="channels reduced")
    drawn(at.button(key="domains.train").click().run())
    colour = ("mnistm5k", "syn")
    assert queued(store) == {(n, f"{s}@grey" if s in colour else s) for n, s in every}
    for run in store.list():
        run.delete()
    drawn(at.segmented_control(key="domains.setting").set_value("channels increased").run())
    drawn(at.button(key="domains.train").click().run())
    assert queued(store) == {(n, s if s in colour else f"{s}@rgb") for n, s in every}


def test_all_but_one_trains_on_the_others_together(store):
    at = page(**TREE, norms="bn", how="leave one out")
    assert "Train the 3 networks" in buttons(at)
    drawn(at.button(key="domains.train").click().run())
    ink, neon, pale = NAMES
    assert {s for _, s in queued(store)} == {f"{ink}+{neon}", f"{ink}+{pale}", f"{neon}+{pale}"}


def test_a_network_of_all_but_one_is_tested_on_all_and_named_by_the_one(store):
    finished(store, norm="bn", dataset="+".join(NAMES[:2]))
    at = page(**TREE, norms="bn", how="leave one out")
    [rows] = tables(at).values()
    assert [row[0] == "·" for row in rows] == [True, True, False]
    assert at.segmented_control(key="domains.source").options == ["all but pale"]


def test_a_tree_of_images_is_a_family_with_one_setting(store):
    at = page()
    assert at.segmented_control(key="domains.family").options == ["digits", "SHAPES"]
    drawn(at.segmented_control(key="domains.family").set_value("shapes").run())
    assert at.query_params["of"] == "shapes"
    assert "The same classes in other pictures: ink, neon, pale." in words(at)
    assert "domains.setting" not in [each.key for each in at.segmented_control]


@pytest.mark.parametrize(
    ("url", "clue"),
    [
        ({"of": "nowhere"}, "Shown are the digits"),
        ({"of": "../.."}, "Shown are the digits"),
        ({"of": "shapes", "recipe": "beefbeef"}, "no network here was trained that way"),
        ({"of": "shapes", "source": "shapes/lost"}, "no network is trained on that"),
        ({"of": "shapes", "norms": "bn~*x*"}, "norms is one of"),
        ({"of": "shapes", "n": "1e9"}, "n is one of"),
    ],
    ids=str,
)
def test_a_hand_edited_link_is_one_line_on_a_page_that_works(store, url, clue):
    at = page(**url)
    [warning] = at.warning
    assert clue in warning.value
    assert "\n" not in warning.value
    assert len(warning.value) < 250
    assert "domains.train" in [button.key for button in at.button]
    again = page(**at.query_params)
    assert len(again.warning) == 0
    at.selectbox(key="domains.images").set_value(1000)
    assert len(drawn(at.run()).warning) == 0  # the user has moved on


# -- recipes on the page ---------------------------------------------------------------------------


def test_the_recipe_with_most_networks_is_chosen_and_others_can_be(trained):
    finished(trained, norm="bn", dataset=NAMES[0], seed=5)
    at = page(**TREE, norms="bn~afn")
    choice = at.selectbox(key="domains.recipe")
    assert [label.rpartition(" · ")[2] for label in choice.options] == [
        "6 of 6 trained", "1 of 6 trained", "0 of 6 trained",
    ]  # fmt: skip
    assert at.query_params["recipe"] == recipe_of(TINY).hash()
    other = recipe_of(replace(TINY, seed=5)).hash()
    drawn(choice.select(other).run())
    assert at.query_params["recipe"] == other
    assert "Train the missing 5 networks" in buttons(at)
    assert tables(page(**at.query_params)) == tables(at)


def test_recipes_that_never_came_to_a_network_are_not_offered(store):
    run = store.create(replace(TINY, norm="bn", dataset=NAMES[0]))
    run.end("failed", "it broke")
    at = page(**TREE)
    assert "domains.recipe" not in [each.key for each in at.selectbox]


def test_a_damaged_run_is_passed_over(trained):
    damaged = trained.create(replace(TINY, norm="bn", dataset=NAMES[0], seed=9))
    (damaged.path / "config.json").write_text("{")
    assert len(tables(page(**TREE, norms="bn~afn"))) == 2


# -- training on the page --------------------------------------------------------------------------


def test_the_button_queues_a_run_for_each_network(store, monkeypatch):
    together = []
    monkeypatch.setattr(LocalRunner, "submit", lambda self, runs: together.append(len(runs)))
    at = page(**TREE, norms="bn~bn-batch~afn")
    drawn(at.button(key="domains.train").click().run())
    assert queued(store) == {(norm, name) for norm in ("bn", "afn") for name in NAMES}
    assert together == [1] * 6  # each starts when there is a core
    assert "domains.train" not in [button.key for button in at.button]
    assert "Stop" in buttons(at)
    [progress] = at.get("progress")
    assert progress.proto.text == "training: 0 of 6 networks done"


def test_progress_tells_what_is_done_and_what_is_left(store):
    waiting = store.create(replace(TINY, norm="bn", dataset=NAMES[1]))
    finished(store, norm="bn", dataset=NAMES[2])
    run = store.create(replace(TINY, norm="bn", dataset=NAMES[0]))
    events = execute(run)
    while next(events).step < 4:  # of 8
        pass
    at = page(**TREE, norms="bn")
    [progress] = at.get("progress")
    assert progress.proto.text.startswith("training: 1 of 3 networks done · about ")
    assert progress.proto.value == pytest.approx(50, abs=1)
    assert "domains.train" not in [button.key for button in at.button]
    list(events)
    assert waiting.state().status == "waiting"


def test_stop_ends_what_runs_and_leaves_no_trace_of_the_rest(store):
    waiting = [store.create(replace(TINY, norm="bn", dataset=name)) for name in NAMES[1:]]
    run = store.create(replace(TINY, norm="bn", dataset=NAMES[0]))
    events = execute(run)
    while next(events).step < 1:
        pass
    at = page(**TREE, norms="bn")
    drawn(at.button(key="domains.stop").click().run())
    assert not any(each.path.exists() for each in waiting)
    list(events)
    assert run.state().status == "stopped"
    assert "Train the 3 networks" in buttons(drawn(at.run()))


def test_stop_does_not_mind_what_ended_or_went_meanwhile(store):
    over, gone, waiting = (store.create(replace(TINY, norm="bn", dataset=name)) for name in NAMES)
    list(execute(over))
    gone.delete()
    training_domains.stop([over, gone, waiting])
    assert [run.id for run in store.list()] == [over.id]
    assert over.state().status == "finished"
    assert not over.control_path.exists()


def test_a_network_that_has_ended_is_tested(store):
    run = store.create(replace(TINY, norm="bn", dataset=NAMES[0]))
    at = page(**TREE, norms="bn")
    assert {text for row in tables(at)["BN"] for text in row} == {"·"}
    list(execute(run))
    drawn(at.run())
    first, *others = tables(at)["BN"]
    assert all(text != "·" for text in first)
    assert {text for row in others for text in row} == {"·"}
    assert "Train the missing 2 networks" in buttons(at)


def test_why_a_network_could_not_be_trained_is_one_line(store):
    at = page(**TREE, norms="bn")  # its batches of 64 are more than there are images
    drawn(at.button(key="domains.train").click().run())
    for run in store.list():
        list(execute(run))
    drawn(at.run())
    assert [line.value for line in at.warning]
    assert all(line.value.startswith("Not trained: BN on ") for line in at.warning)
    assert "batch size 64 is above" in at.warning[0].value
    assert "Train the 3 networks" in buttons(at)


def test_a_full_disk_is_told(store, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    at = page(**TREE, norms="bn")
    monkeypatch.setattr(RunStore, "create", full)
    at.button(key="domains.train").click()
    at.run()
    assert not at.exception
    assert "No space left" in at.toast[0].value


def test_how_long_training_takes_is_said_once_it_is_known(trained):
    at = page(**TREE, norms="bn~afn~asrnorm", recipe=recipe_of(TINY).hash())
    assert "takes about" in words(at)
    one = training_domains.seconds_needed(TINY, [("bn", NAMES[0])])
    many = training_domains.seconds_needed(TINY, [("bn", name) for name in 8 * NAMES])
    longer = training_domains.seconds_needed(replace(TINY, epochs=20), [("bn", NAMES[0])])
    assert 0 < one <= many
    assert longer == pytest.approx(10 * one)
    assert training_domains.seconds_needed(replace(TINY, widths=(64,)), [("bn", NAMES[0])]) is None


# -- layers ----------------------------------------------------------------------------------------


def test_source_norm_and_layer_are_chosen_and_in_the_address(store):
    for name in NAMES[:2]:
        finished(store, norm="bn", dataset=name, widths=(2, 2))
        finished(store, norm="afn", dataset=name, widths=(2, 2))
    at = page(**TREE, norms="bn~afn")
    assert at.segmented_control(key="domains.source").options == ["ink", "neon"]
    at.segmented_control(key="domains.source").set_value(NAMES[1])
    at.segmented_control(key="domains.looked_at").set_value("bn")
    at.selectbox(key="domains.layer").select("backbone.blocks.1.norm")
    drawn(at.run())
    chosen = {"source": NAMES[1], "look": "bn", "layer": "backbone.blocks.1.norm"}
    assert chosen.items() <= dict(at.query_params).items()
    assert "Before blocks.1.norm the domains lie" in words(at)
    assert "8 of ink, 8 of neon, 8 of pale" in words(at)
    again = page(**at.query_params)
    assert words(again) == words(at)
    assert dict(again.query_params) == dict(at.query_params)


def test_a_layer_that_is_none_gives_way_to_the_first(trained):
    at = page(**TREE, norms="bn", layer="backbone.blocks.9.norm")
    assert at.selectbox(key="domains.layer").value == "backbone.blocks.0.norm"
    assert at.query_params["layer"] == "backbone.blocks.0.norm"


def test_the_norm_looked_at_is_not_lost_while_others_are_known_first(trained, monkeypatch):
    at = page(**TREE, norms="bn")  # BN's layers are known now
    monkeypatch.setattr(LocalRunner, "evaluate", lambda self, evaluation: None)
    at = page(**TREE, norms="bn~afn", look="afn")
    assert at.segmented_control(key="domains.looked_at").value == "afn"
    assert len(at.get("plotly_chart")) == 1  # all layers, of BN alone
    assert "afn" in at.query_params.get("look", "afn")


# -- what goes wrong -------------------------------------------------------------------------------


def test_damaged_weights_are_told_and_the_rest_goes_on(trained):
    [bad] = [
        run
        for run in trained.list()
        if (run.config().norm, run.config().dataset) == ("bn", NAMES[0])
    ]
    bad.weights().write_bytes(b"nonsense")
    at = page(**TREE, norms="bn~afn")
    bn, afn = tables(at).values()
    assert set(bn[0]) == {"·"}
    assert all(text != "·" for row in [*bn[1:], *afn] for text in row)
    assert at.warning
    assert all("cannot restore step-" in line.value for line in at.warning)
    assert "\n" not in at.warning[0].value


def test_mnist_beside_digits_made_of_it_is_noted(store, monkeypatch, tmp_path):
    noise = np.random.default_rng(0)
    arrays = {
        f"{kind}_{split}": noise.integers(0, high, (n, *shape), dtype=np.uint8)
        for split, n in (("train", 60), ("test", 20))
        for kind, high, shape in (("x", 255, (28, 28)), ("y", 10, ()))
    }
    np.savez(tmp_path / "mnist.npz", **arrays)
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path))
    finished(store, norm="bn", dataset="mnist@rgb")
    at = page(norms="bn", n="200")
    assert "Some test digits of mnistm5k may be among those" in words(at)
    assert "(mnist has 20)" in words(at)


def test_settings_outlive_a_visit_to_another_page(trained):
    at = page(**TREE, norms="bn~afn")
    drawn(at.segmented_control(key="domains.how").set_value("leave one out").run())
    for away in (True, False):  # meanwhile Streamlit forgets the widgets
        at.session_state["away"] = away
        drawn(at.run())
    assert at.segmented_control(key="domains.how").value == "leave one out"
    assert at.query_params["how"] == "leave one out"


# -- pretrained models -----------------------------------------------------------------------------


@pytest.fixture
def shipped(store, monkeypatch, tmp_path):
    """Without any data, the models that came along."""
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    monkeypatch.delenv("AFN_PRETRAINED_DIR")
    return store


def test_pretrained_models_show_what_they_were_asked_where_the_images_are_not(shipped):
    at = page(of="pretrained digits")
    assert not at.warning
    assert not [label for label in buttons(at) if label.startswith("Train")]
    card = read_card("mnist-rgb-bn")
    known = card.clean_accuracy("usps")
    assert known.n == 2000
    assert f"{100 * known.accuracy:.1f}" in tables(at)["BN"][0]
    assert "Precomputed" in words(at)
    assert "To test live, get" in words(at)
    assert "To look into the layers takes the images" in words(at)
    assert not list((shipped.root / ".evaluations").glob("*"))  # nothing had to be asked


def test_pretrained_families_give_way_to_domains_that_are_here(shipped):
    cards = sound_cards()
    assert list(families(cards)) == ["digits", "pretrained digits", "pacs"]
    for name, planned in (("pretrained digits", DIGITS), ("pacs", PACS)):
        assert not are_here(families(cards)[name])
        assert {entry.name for entry in families(cards)[name]} == set(planned)
    assert list(families()) == ["digits"]
