"""The Robustness page under AppTest.

No test here has a worker process: what the page asks for waits until the test itself carries it
out. Live updates in a browser are tested elsewhere.
"""

import re
from dataclasses import replace

import pytest

from afn.ask.evaluation import undone
from afn.ask.execution import carry_out
from afn.ask.network import Network
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.work.folder import ENDED
from app.kit import backend
from app.kit.networks import Chosen
from app.page.robustness import view as robustness
from app.page.robustness.view import VIEW
from tests.app.one_view import drawn, html, opened, run_fragment, words

NUM_CORRUPTIONS = len(CORRUPTION_NAMES) - 1
"""Those that change grey images."""
TEST_ALL = f"Test all {NUM_CORRUPTIONS} corruptions"

NORMS = ("bn", "afn", "asrnorm")
FEW = {"n": "200"}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_models")]


def page(**url):
    return opened("robustness", **{**FEW, **url})


def asked(at):
    """The evaluations that the page waits for."""
    keys = [f"Started.{section}" for section in ("shift", "batches", "classes", "grid")]
    found = [at.session_state[key].evaluation for key in keys if key in at.session_state]
    return [each for each in found if each and each.state().status not in ENDED]


def answered(at):
    """The page once everything that it asked for is carried out."""
    for evaluation in asked(at):
        carry_out(evaluation)
    return drawn(at.run())


def cards(at):
    """How many cards there are, blank ones apart."""
    return 0 if "afn-blank" in html(at) else html(at).count('class="card"')


def buttons(at):
    return [button.label for button in at.button]


def press(at, label):
    [button] = [button for button in at.button if button.label == label]
    button.click()
    return drawn(at.run())


# -- the page --------------------------------------------------------------------------------------


def test_an_empty_store_points_to_the_playground(runs):
    at = page()
    assert "No trained network yet" in words(at)
    assert [link.label for link in at.get("page_link")] == ["To the Playground"]
    assert not at.button
    assert not runs.root.exists()


def test_the_first_visit_proposes_models_and_tests_one_corruption(runs, ids):
    at = page()
    assert at.multiselect[0].value == [ids["bn"], ids["asrnorm"], ids["afn"]]
    assert at.query_params["models"] == "~".join(at.multiselect[0].value)
    assert "The networks are being tested" in words(at)
    assert cards(at) == 0
    assert len(asked(at)) == 1
    at = answered(at)
    assert not asked(at)
    assert re.search(r"Of 200 images, contrast at severity 5 turns \d+ from right", words(at))
    assert cards(at) > 0
    assert "AFN" in words(at)
    assert "from test-batch statistics" in words(at)
    assert len(at.get("plotly_chart")) == 1
    assert {"Test batches of 1 to 128", TEST_ALL} <= set(buttons(at))
    assert "calibration error" not in words(at)  # of one corruption it would say little
    assert f"{15 * NUM_CORRUPTIONS} tests, 18 of them known" in words(at)
    assert len(at.warning) == len(at.error) == 0


def test_a_severity_that_is_known_is_shown_without_another_test(runs, ids):
    at = answered(page())
    before = html(at)
    at.slider(key="robustness.severity").set_value(1)
    at = run_fragment(at, 0)
    assert not asked(at)
    assert "contrast at severity 1 turns" in words(at)
    assert html(at) != before
    assert at.query_params["severity"] in ("1", ["1"])


def test_clean_images_have_no_flips(runs, ids):
    at = answered(page(severity="0"))
    assert cards(at) == 0
    assert "Among the first 200 images there is none that flips." in words(at)


@pytest.mark.parametrize("kind", ["first", "flipped", "disagree"])
def test_images_of_a_kind_are_shown_and_few_are_explained(runs, ids, kind):
    at = answered(page(pictures=kind, severity="1", corruption="brightness"))
    is_full = cards(at) == 12
    assert is_full or kind != "first"
    assert ("mong the first 200 images" in words(at)) is not is_full


def test_another_corruption_is_asked_for_and_the_one_before_given_up(runs, ids):
    at = page()
    [first] = asked(at)
    drawn(at.selectbox(key="robustness.corruption").select("fog").run())
    [second] = asked(at)
    assert first.state().status == "stopped"
    assert "fog at severity 5 turns" in words(answered(at))
    assert second.state().status == "finished"


def test_other_statistics_are_tested_and_named(runs, ids):
    at = answered(press(answered(page(models=ids["bn"])), TEST_ALL))
    assert "statistics: BN running" in words(at)
    at.segmented_control(key="robustness.stats").set_value("batch")
    at = answered(drawn(at.run()))
    assert "statistics: BN test batches of 128, the last of 72 ·" in words(at)
    at.select_slider(key="robustness.batch_size").set_value(32)
    assert "statistics: BN test batches of 32, the last of 8 ·" in words(answered(drawn(at.run())))
    at.segmented_control(key="robustness.order").set_value("by label")
    assert "batches sorted by class" in words(answered(drawn(at.run())))


def test_the_button_tests_all_corruptions_and_the_tables_show_them(runs, ids):
    at = press(answered(page()), TEST_ALL)
    assert TEST_ALL not in buttons(at)
    assert html(at).count('class="afn-table afn-grid"') == 2
    assert 'class="unknown"' in html(at)
    assert re.search(r"^Live · 200 test images of digits8", words(at), re.M)
    at = answered(at)
    assert 'class="unknown"' not in html(at)
    assert "Over 89 corrupted tests" in words(at)
    assert re.search(
        r"^Cached · 200 test images of digits8 · seed 0 · statistics: BN ", words(at), re.M
    )
    assert "corruptions generated" in words(at)
    assert "Expected calibration error (15 bins, mean over 74 corrupted tests)" in words(at)
    assert "Data of these figures" in [each.label for each in at.expander]
    again = page(**at.query_params)
    assert not asked(again)
    assert html(again) == html(at)


def test_the_tables_show_accuracies_or_differences_to_the_chosen_baseline(runs, ids):
    at = answered(press(answered(page()), TEST_ALL))
    at.segmented_control(key="robustness.shown").set_value("accuracy")
    at = run_fragment(at, 2)
    assert html(at).count('class="afn-table afn-grid"') == 3
    assert "</b>, accuracy in %" in html(at)
    at.segmented_control(key="robustness.shown").set_value("difference")
    at.selectbox(key="robustness.baseline").select(ids["asrnorm"])
    at = run_fragment(at, 2)
    captions = re.findall(r"</i><b>(\w+)</b> minus (\w+), points", html(at))
    assert captions == [("BN", "ASRNorm"), ("AFN", "ASRNorm")]


def test_batch_sizes_are_tested_on_demand(runs, ids):
    at = answered(page())
    assert "do not clearly overtake" not in words(at)
    at = press(at, "Test batches of 1 to 128")
    assert len(asked(at)) == 1
    at = answered(at)
    assert "Test batches of 1 to 128" not in buttons(at)
    assert len(at.get("plotly_chart")) == 2
    assert "AFN, test batch sorted by class" in html(at)
    assert "On 200 images, contrast at severity 5" in words(at)
    at.slider(key="robustness.severity").set_value(2)
    assert len(asked(run_fragment(at, 0))) == 1  # goes on by itself


def test_batches_of_few_classes_are_tested_on_demand(runs, ids):
    at = answered(page())
    at = press(at, "Test batches of 1 to 10 classes")
    at = answered(at)
    assert "Test batches of 1 to 10 classes" not in buttons(at)
    assert {"BN, test batch", "BN, running", "ASRNorm, per image"} <= set(
        re.findall(r"</i>([^<]+)</span>", html(at))
    )
    assert re.search(
        r"BN, test batch [\d.]+ % \([^)]+\) with 10 classes a batch and [\d.]+ % \([^)]+\) with 1 "
        r"class",
        words(at),
    )
    assert "Cached · clean images · first 200 test images of digits8" in words(at)
    assert "from corrupted" not in words(at)


def test_a_model_whose_statistics_are_its_own_is_told_so(runs, ids):
    at = answered(page(models=ids["asrnorm"], pictures="disagree"))
    assert "It takes two models to disagree." in words(at)
    assert "Choose a BN and an AFN model" in words(at)
    assert "its size changes nothing" in words(at)
    at = answered(press(at, TEST_ALL))
    assert "ASRNorm averages" in words(at)
    assert html(at).count('class="afn-table afn-grid"') == 1
    assert "robustness.shown" not in [each.key for each in at.segmented_control]


def test_what_was_stopped_goes_on_where_it_ended(runs, ids):
    at = press(answered(page(models=ids["bn"])), TEST_ALL)
    [evaluation] = asked(at)
    backend.runner().stop(evaluation)
    drawn(at.run())
    all_tests = 5 * NUM_CORRUPTIONS
    told = f"{all_tests - 6} of {all_tests} tests are missing: stopped before it began."
    assert told in words(at)
    assert TEST_ALL not in buttons(at)
    at = answered(press(at, "Go on"))
    assert "are missing" not in words(at)
    assert "BN averages" in words(at)


def test_a_network_that_cannot_be_read_is_one_line_and_the_others_are_tested(runs, ids):
    runs.open(ids["afn"]).require_weights().write_bytes(b"no safetensors")
    at = answered(page())
    [warning] = at.warning
    assert "\n" not in warning.value
    assert cards(at) > 0
    assert "for BN; " in words(at)
    assert "Not all of its steps are tested." in words(at)
    assert "Go on" in buttons(at)


def test_pictures_that_cannot_be_made_leave_the_rest(runs, ids, monkeypatch):
    monkeypatch.setattr("afn.ask.execution._pictures", lambda file: fail())
    at = answered(page())
    assert "cannot" in at.warning[0].value
    assert cards(at) == 0
    assert "The networks are being tested" not in words(at)
    assert "from test-batch statistics" in words(at)


def fail():
    raise OSError("the disk cannot be written")


def test_a_store_that_cannot_be_written_is_told_where_tests_would_be(runs, ids, monkeypatch):
    monkeypatch.setattr("afn.ask.evaluation.write_json", lambda *_: fail())
    at = page()
    assert "cannot write an evaluation below" in at.error[0].value
    assert TEST_ALL in buttons(at)
    at = press(at, TEST_ALL)
    assert len(at.error) == 2


@pytest.mark.parametrize(
    ("url", "clue"),
    [
        ({"severity": "9"}, "severity=9"),
        ({"data": "nowhere"}, "none of the models' data sets"),
        ({"data": "mnist5k"}, "none of the models' data sets"),
        ({"baseline": "*x*"}, "none of the models"),
    ],
    ids=str,
)
def test_a_hand_edited_link_is_one_warning_until_something_is_changed(runs, ids, url, clue):
    at = page(**url)
    [warning] = at.warning
    assert clue in re.sub(r"\\(.)", r"\1", warning.value)
    assert set(at.query_params) == {"models", "n", "data"}
    drawn(at.segmented_control(key="robustness.stats").set_value("batch").run())
    assert not at.warning


@pytest.mark.parametrize("name", ["../..", "20200101-000000-afn-abcdef", "x" * 500, "*b*"])
def test_an_unknown_run_is_one_line_and_the_others_stay(runs, ids, name):
    at = page(models=f"{name}~{ids['bn']}")
    [warning] = at.warning
    assert "\n" not in warning.value
    assert "left out" in warning.value
    assert "of 200 images" in words(answered(at)).lower()
    only = page(models=name)
    assert len(only.warning) == 1
    assert "Choose a model above." in only.info[0].value


def test_models_can_be_cleared_and_chosen_anew(runs, ids):
    at = answered(page())
    drawn(at.multiselect(key="robustness.models").set_value([]).run())
    assert "Choose a model above." in at.info[0].value
    drawn(at.multiselect(key="robustness.models").set_value([ids["afn"]]).run())
    assert at.query_params["models"] == ids["afn"]
    assert cards(answered(at)) >= 0


def test_settings_outlive_a_visit_to_another_page(runs, ids):
    at = page(severity="2", models=ids["bn"], corruption="fog")
    drawn(at.segmented_control(key="robustness.stats").set_value("batch").run())
    before = dict(at.query_params)
    for away in (True, False):  # meanwhile Streamlit forgets the widgets
        at.session_state["away"] = away
        drawn(at.run())
    assert dict(at.query_params) == before
    assert at.slider(key="robustness.severity").value == 2
    assert at.selectbox(key="robustness.corruption").value == "fog"


def test_a_run_of_the_app_leaves_nothing_that_is_asked_twice(runs, ids):
    at = answered(page())
    view, problems = VIEW.from_url({key: [value] for key, value in at.query_params.items()})
    assert problems == []
    assert set(view.models) == set(ids.values())
    view = replace(view, dataset=view.dataset or "digits8")
    models = [Chosen(Network.of_run(runs.open(ids[norm])), norm, "#000000") for norm in NORMS]
    assert not undone(robustness.shift_tasks(models, view, backend.pictures()))


def test_a_data_set_that_has_fewer_images_is_not_said_to_have_more(runs, ids):
    at = answered(press(answered(page(models=ids["bn"], n="5000")), TEST_ALL))
    assert "Of 360 images, contrast" in words(at)
    assert re.search(r"^Cached · 360 test images of digits8", words(at), re.M)
