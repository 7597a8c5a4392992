"""What a plan measures, what it refuses, and the command that it is."""

from dataclasses import replace

import pytest

from afn.cli.cost import _plan
from afn.cli.main import _parser
from afn.cost.plan import BATCH_SIZES, CHANNELS, SIZES, Case, Plan


def test_a_plan_is_every_combination_and_networks_have_images_of_their_own():
    plan = Plan(subjects=("layer", "resnet8"), channels=(4, 8), sizes=(2,), batch_sizes=(1, 3))
    assert plan.cases == (
        Case(subject="layer", channels=4, size=2, batch_size=1),
        Case(subject="layer", channels=4, size=2, batch_size=3),
        Case(subject="layer", channels=8, size=2, batch_size=1),
        Case(subject="layer", channels=8, size=2, batch_size=3),
        Case(subject="resnet8", batch_size=1),
        Case(subject="resnet8", batch_size=3),
    )


def test_the_default_goes_through_the_whole_grid():
    assert len(Plan().cases) == len(CHANNELS) * len(SIZES) * len(BATCH_SIZES)


def test_the_yardstick_comes_along_once():
    assert Plan(norms=("afn", "bn", "afn")).contenders == ("bn", "afn")
    assert Plan(norms=("in",)).contenders == ("bn", "in")


@pytest.mark.parametrize(
    "plan",
    [
        Plan(),
        Plan(subjects=("convnet", "resnet20"), batch_sizes=(7,), norms=("afn", "none"), rounds=3),
        Plan(channels=(1, 2), sizes=(5,), device="cuda"),
    ],
)
def test_a_plan_is_the_command_that_says_it(plan):
    assert _plan(_parser().parse_args(["bench", *plan.arguments()])) == plan
    assert plan.command().startswith("python -m afn bench --subject ")


@pytest.mark.parametrize(
    ("changes", "clue"),
    [
        ({"subjects": ("vgg",)}, "known: layer, convnet"),
        ({"subjects": ()}, "subjects"),
        ({"norms": ("batch",)}, "known: afn, asrnorm"),
        ({"channels": (0,)}, "channels must be a whole number from 1"),
        ({"sizes": (8, 5000)}, "size must be"),
        ({"batch_sizes": (True,)}, "batch_size must be"),
        ({"rounds": 0}, "rounds must be"),
        ({"device": "tpu"}, "known: cpu, cuda"),
    ],
)
def test_what_cannot_be_measured_is_refused(changes, clue):
    with pytest.raises(ValueError, match=clue):
        replace(Plan(), **changes)


def test_networks_of_other_images_are_refused():
    with pytest.raises(ValueError, match="3×32×32"):
        Case(subject="convnet", size=28)
