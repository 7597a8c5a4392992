"""The γ/β page: what it asks for, and the page under AppTest.

No test here has a worker process: what the page asks for waits until the test itself carries it
out.
"""

from dataclasses import replace
from functools import partial

from afn.ask.execution import carry_out
from afn.data import dataset_entry
from afn.settings.corruptions import CORRUPTION_NAMES
from app.kit import families
from app.page.rescaling import view as rescaling
from app.page.rescaling.view import CORRUPTIONS, NEWEST, RescalingView, nearest
from tests.app.one_view import charts, drawn, opened, words

page = partial(opened, "rescaling")


def test_the_cursor_finds_the_nearest_snapshot_and_follows_the_newest():
    assert nearest(20, [1, 10, 22, 40]) == 22
    assert nearest(39, [1, 10, 22, 40]) == NEWEST
    assert nearest(NEWEST, [1, 40]) == NEWEST
    assert nearest(5, []) == NEWEST


def test_conditions_are_clean_and_what_is_held_against_it(monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path))
    clean, *others = rescaling.conditions_of(RescalingView(corruption="fog"), "digits8")
    assert clean == ("digits8", None, 0)
    assert others == [("digits8", "fog", severity) for severity in range(1, 6)]
    everywhere = RescalingView(conditions="domains")
    assert rescaling.conditions_of(everywhere, "digits8@rgb") == (
        ("digits8@rgb", None, 0), ("mnist5k", None, 0), ("mnistm5k", None, 0), ("syn", None, 0),
    )  # fmt: skip
    some = replace(everywhere, domains=("syn", "gone"))
    assert rescaling.conditions_of(some, "digits8")[1:] == (("syn", None, 0),)
    assert "mnist5k" in families.other_domains("usps")  # whose place digits8 has taken
    assert families.other_domains("cifar10") == {}


def test_a_link_with_a_former_domain_name_means_the_same(monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path))
    now = dataset_entry("syn")
    monkeypatch.setattr(
        families, "dataset_entry", lambda name: now if name == "before" else dataset_entry(name)
    )
    view = RescalingView(conditions="domains", domains=("before",))
    assert rescaling.conditions_of(view, "digits8")[1:] == (("syn", None, 0),)
    assert families.other_domains("before") == families.other_domains("syn") != {}


def test_a_domain_that_is_not_here_is_told(runs):
    at = page(run="mnist5k-afn", under="domains", domains="gone~syn")
    assert any("domains=gone: not here" in warning.value for warning in at.warning)


def test_saturate_is_left_out_and_that_is_said_where_images_are_grey(runs):
    [choice] = [
        box for box in page(run="mnist5k-afn", corruption="saturate").selectbox
        if box.label == "Corruption"
    ]  # fmt: skip
    assert "saturate" not in choice.options
    assert choice.value == "contrast"
    assert choice.help == "Saturate needs colour: left out."


def answered(at):
    """The page once what it asked for is carried out."""
    carry_out(at.session_state["Started.rescaling"].evaluation)
    return drawn(at.run())


def test_without_runs_a_pretrained_model_is_there_and_can_be_asked(runs):
    at = page(run="mnist5k-afn", layer="backbone.blocks.1.norm")
    assert len(charts(at)) == 4
    assert "Precomputed" in words(at)
    at = answered(at)
    assert len(charts(at)) == 6
    assert "AFN, against clean images: γ̂ differs by" in words(at)
    flat = page(run="mnist5k-afn", layer="backbone.blocks.0.norm")  # asked already
    assert "Constant: γ̂ and β̂, all hidden units behind being dead" in words(flat)
    assert "statistics: test batches of 128, the last of 72" in words(at)
    assert not at.warning
    assert next((runs.root / ".pretrained" / "mnist5k-afn").glob("rescaling-*.json"))


def test_batch_norm_differs_nowhere_and_asrnorm_between_images(ids):
    at = answered(page(run=ids["bn"]))
    assert "nothing differs by construction" in words(at)
    assert len(charts(at)) == 4  # none is needed for that
    at = answered(page(run=ids["asrnorm"], under="domains", domains="syn", layer="all"))
    assert "against digits8 images" in words(at)
    assert "Between digits8 images alone" in words(at)
    assert len(charts(at)) == 4


def test_the_cursor_is_in_the_link(ids):
    at = page(run=ids["afn"])
    steps = at.select_slider(key="rescaling.step").options
    assert steps[-1].endswith("(newest)")
    at.select_slider(key="rescaling.step").set_value(1)
    drawn(at.run())
    assert at.query_params["step"] == "1"
    assert "At step 1 of norm 1" in words(at)
    at = page(run=ids["afn"], step="1")
    assert at.select_slider(key="rescaling.step").value == 1
    at = page(run=ids["afn"], step="99999", layer="all")
    assert "There is no snapshot of step 99,999" in words(at)
    assert at.select_slider(key="rescaling.step").value == NEWEST
    assert "the channels differ most" in words(at)


def test_another_run_takes_the_settings_along(ids):
    at = page(run=ids["afn"], layer="backbone.blocks.1.norm", step="1")
    at.selectbox(key="rescaling.run").set_value(ids["bn"])
    drawn(at.run())
    assert "At step 1 of norm 2" in words(at)
    assert at.query_params["run"] == ids["bn"]


def test_what_a_link_cannot_have_is_one_line_each(ids):
    at = page(run=ids["afn"], layer="backbone.gone", corruption="rain", n="3")
    assert len(at.warning) == 3
    assert at.selectbox(key="rescaling.layer").value == "backbone.blocks.0.norm"
    at = page(run="gone")
    assert len(at.warning) == 1
    assert "Choose a run" in words(at)
    at.selectbox(key="rescaling.run").set_value(ids["afn"])
    drawn(at.run())
    assert len(charts(at)) == 4
    assert not at.warning


def test_what_cannot_be_measured_is_said(runs):
    at = answered(page(run="cifar10-bn"))
    assert len(charts(at)) == 4
    assert len(at.warning) == 1
    assert "cifar10" in at.warning[0].value


def test_nothing_at_all_shows_the_way(runs, monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(tmp_path / "none"))
    assert "Nothing to look at yet" in words(page())


def test_a_run_that_trains_is_live_and_asked_later(ids, runs):
    run = runs.open(ids["afn"])
    (run.path / "end.json").unlink()  # it was claimed by this process, which is alive
    at = page(run=run.id)
    assert "Live · digits8" in words(at)
    assert "Once its training has ended" in words(at)


def test_a_run_before_its_first_step_is_waited_for(runs, quick):
    run = runs.create(quick)
    run.claim()
    at = page(run=run.id)
    assert "The first snapshot comes with the first step" in words(at)
    run.end("stopped")
    assert "ended before its first snapshot" in words(drawn(at.run()))


def test_every_corruption_can_be_chosen():
    assert sorted(CORRUPTIONS) == sorted(CORRUPTION_NAMES)


def test_several_networks_stand_below_each_other_with_their_own_spread(ids):
    at = page(run=ids["afn"], beside=f"{ids['bn']}~mnist5k-afn", layer="backbone.blocks.1.norm")
    assert "Standard deviation over the channels: AFN" in words(at)
    assert not at.warning
    labels = charts(at)[0]["layout"]["yaxis"]["ticktext"]
    assert len(labels) == 3
    assert labels[0].startswith("AFN")
    assert ", step " in labels[0]  # the last one, which has no snapshot of this step
    assert at.query_params["beside"] == f"{ids['bn']}~mnist5k-afn"
    at.selectbox(key="rescaling.run").set_value(ids["bn"])
    drawn(at.run())
    assert at.query_params["beside"] == "mnist5k-afn"
