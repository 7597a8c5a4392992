"""Each page offers its experiment, and what is offered follows the controls: under AppTest."""

import pytest

from afn import LambdaInit, TrainConfig
from afn.engine.execution import execute
from app.kit.take import Program
from app.kit.take.code import ONE_THREAD, config_code, literal, program
from app.kit.take.offer import TITLE
from tests.app.one_view import drawn, opened

pytestmark = pytest.mark.slow


def code_of(at, key):
    """The code that an open expander shows: Python, expected lines, command."""
    at.session_state[key] = True
    drawn(at.run())
    return "\n".join(code.value for code in at.code)


def finished(runs, config):
    run = runs.create(config)
    list(execute(run))
    return run.id


def test_nothing_is_made_before_the_visitor_looks(runs):
    at = opened("dynamics", runs="mnist5k-afn")
    assert TITLE in [each.label for each in at.expander]
    assert not at.code


def test_lambda_follows_what_is_shown(runs):
    at = opened("dynamics", runs="mnist5k-afn~mnist5k-asrnorm")
    code = code_of(at, "take.dynamics")
    assert 'course_of(source, "lambda")' in code
    assert 'find("mnist5k-asrnorm")' in code
    assert "python -m afn course mnist5k-afn" in code
    at.segmented_control(key="dynamics.quantity").set_value("logit")
    drawn(at.run())
    code = "\n".join(each.value for each in at.code)
    assert 'course_of(source, "logit")' in code
    assert "python -m afn course mnist5k-afn --of logit" in code


def test_scales_follow_the_conditions(runs):
    at = opened("rescaling", run="mnist5k-afn", n="100")
    assert '("mnist5k", "contrast", 5)' in code_of(at, "take.rescaling.differences")
    at.selectbox(key="rescaling.corruption").set_value("fog")
    drawn(at.run())
    code = "\n".join(each.value for each in at.code)
    assert '("mnist5k", "fog", 5)' in code
    assert "afn rescaling mnist5k-afn --corruption fog --images 100" in code
    assert "rescaling_of(source)" in code_of(at, "take.rescaling")


def test_robustness_follows_its_settings(runs):
    at = opened("robustness", models="mnist5k-bn~mnist5k-afn", n="200")
    code = code_of(at, "take.robustness.shift")
    assert '"AFN": {"network": "mnist5k-afn", "statistics": "batch"}' in code
    at.segmented_control(key="robustness.stats").set_value("running")
    at.selectbox(key="robustness.corruption").set_value("snow")
    drawn(at.run())
    code = "\n".join(each.value for each in at.code)
    assert '"AFN": {"network": "mnist5k-afn", "statistics": "running"}' in code
    assert 'corruptions=["snow"]' in code
    assert (
        "evaluate mnist5k-afn --grid --corruption snow --images 200 --batch-size 128 "
        "--stats running"
    ) in code
    [experiments] = [each for each in at.segmented_control if each.label == "What to take along"]
    experiments.set_value("From BN to AFN")
    drawn(at.run())
    assert '"networks": "frozen"' in "\n".join(each.value for each in at.code)


def test_domains_say_which_networks(runs):
    finished(runs, TrainConfig(dataset="mnist5k", epochs=1, train_images=200, corruptions=(),
                                eval_images=50))  # fmt: skip
    at = opened("domains", n="200")
    code = code_of(at, "take.domains")
    if "nothing to take" in " ".join(each.value for each in at.caption):
        pytest.fail("the page shows a network and offers none")
    assert "python -m afn domains" in code
    assert "--images 200" in code


def test_costs_follow_the_sizes(runs):
    at = opened("cost")
    assert "batch_sizes=(128,)" in code_of(at, "take.cost")
    at.segmented_control(key="cost.batch_size").set_value(8)
    drawn(at.run())
    code = "\n".join(each.value for each in at.code)
    assert "batch_sizes=(8,)" in code
    assert "bench --subject layer --size 32 --batch-size 8 --norms afn asrnorm" in code


def test_the_paper_follows_its_column(runs):
    at = opened("paper")
    assert 'published_and_measured("trains")' in code_of(at, "take.paper")
    at.segmented_control(key="paper.reading").set_value("tests")
    drawn(at.run())
    code = "\n".join(each.value for each in at.code)
    assert "pretrained tables --column tests" in code


def test_ablations_follow_the_sweep_that_is_built(runs):
    at = opened("ablations", sweep="new")
    code = code_of(at, "take.ablations")
    assert "python -m afn sweep norm-batch-size.toml" in code
    at.number_input(key="ablations.seeds").set_value(2)
    drawn(at.run())
    assert "\n        0,\n        1\n" in "\n".join(each.value for each in at.code)


def test_a_ready_made_ablation_is_offered_with_its_answer_alone(runs):
    at = opened("ablations", sweep="batch-size")
    assert TITLE not in [each.label for each in at.expander]  # the guess comes first
    at = opened("ablations", sweep="batch-size", guess="?")
    assert "run_sweep(spec)" in code_of(at, "take.ablations")


def test_runs_and_pairs_of_them(runs, quick):
    ids = [finished(runs, quick), finished(runs, TrainConfig(**(quick_of(quick) | {"lr": 0.01})))]
    at = opened("runs", run=ids[0])
    code = code_of(at, "take.run")
    assert "train(" in code
    assert f"python -m afn train --norm afn --dataset {quick.dataset}" in code
    at = opened("runs", run="~".join(ids))
    code = code_of(at, "take.pair")
    assert f"python -m afn compare {ids[0]} {ids[1]}" in code


def quick_of(config):
    return {name: getattr(config, name) for name in TrainConfig.__slots__}


def test_the_playground_offers_what_it_trained(runs, quick):
    run = finished(runs, quick)
    at = opened("playground", run=run)
    code = code_of(at, "take.playground")
    assert "for name, events in contenders.items():" in code
    assert "python -m afn train --norm afn --dataset digits8" in code


def test_a_lesson_offers_its_experiment(runs):
    code = code_of(opened("lessons", lesson="hidden-hero", guess="1"), "take.lessons")
    assert '{"network": "mnist5k-bn", "statistics": "batch"}' in code
    assert "python -m afn evaluate mnist5k-bn --grid --corruption contrast" in code


# -- its parts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(),
        TrainConfig(norm="bn", widths=(4,), eval_stats="batch", corruptions=()),
        TrainConfig(lambda_init=LambdaInit.OFF, lr=0.1),
        TrainConfig(norm="asrnorm", lambda_init=LambdaInit(mu=0.5, sigma=-float("inf"))),
        TrainConfig(lambda_init=LambdaInit.REFERENCE, adaptive=False, test_domains=("syn",)),
    ],
    ids=str,
)
def test_a_configuration_as_code_is_itself(config):
    names = {}
    exec(program(f"found = {config_code(config)}"), names)
    assert names["found"] == config


def test_a_program_imports_what_it_names_and_no_more():
    code = program(ONE_THREAD, 'model = load(find("a"))  # trained and loaded', "print(model)")
    assert code.startswith("import torch\n\nfrom afn import find, load\n\ntorch.set_num_threads(1)")


def test_literals_are_python():
    for value in ("a'\"b", (1,), (1, "x", None), [True], {"a": -2.5}, ()):
        assert eval(literal(value)) == value


def test_an_experiment_has_a_command_or_says_why_not():
    with pytest.raises(ValueError, match="says why"):
        Program(title="a", about="b", python="c")
