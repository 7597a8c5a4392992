"""Each page's link: it says what the page shows, and nothing in it can break the page."""

import numpy as np
import pytest

from afn.ask.inside import own_picture
from app.page.ablations.view import VIEW as ablations
from app.page.ablations.view import AblationsView
from app.page.cost.view import VIEW as costing
from app.page.cost.view import CostView
from app.page.domains.view import VIEW as domains
from app.page.domains.view import DomainsView
from app.page.dynamics.view import VIEW as dynamics
from app.page.dynamics.view import DynamicsView
from app.page.inside.view import VIEW as inside
from app.page.inside.view import InsideView
from app.page.paper.view import VIEW as paper
from app.page.paper.view import PaperView
from app.page.rescaling.view import VIEW as rescaling
from app.page.rescaling.view import RescalingView
from app.page.robustness.view import VIEW as robustness
from app.page.robustness.view import RobustnessView

DRAWN = own_picture.to_text(np.eye(28, dtype=np.uint8) * 255)


def parameters(url):
    """As Streamlit has them: several values each."""
    return {key: [value] for key, value in url.items()}


@pytest.mark.parametrize(
    ("page", "view", "url"),
    [
        (ablations, AblationsView(), {}),
        (
            ablations,
            AblationsView(sweep="stability", guess="2", metric="fog", over="lr", figure="map"),
            {"sweep": "stability", "guess": "2", "metric": "fog", "over": "lr", "as": "map"},
        ),
        (
            ablations,
            AblationsView(sweep="new", axis_2="lr", values_2="0.1, 1", seeds=5, domains=("syn",)),
            {
                "sweep": "new",
                "vary2": "lr",
                "values2": "0.1, 1",
                "seeds": "5",
                "domains": "syn",
            },
        ),
        (costing, CostView(), {}),
        (costing, CostView(subject="resnet8"), {"of": "resnet8"}),
        (
            costing,
            CostView(
                over="size", channels=64, batch_size=8, norms=("in", "none"), scale="absolute"
            ),
            {"over": "size", "channels": "64", "batch": "8", "norms": "in~none", "as": "absolute"},
        ),
        (costing, CostView(norms=()), {"norms": ""}),
        (domains, DomainsView(), {}),
        (
            domains,
            DomainsView(family="pacs", how="leave one out"),
            {"of": "pacs", "how": "leave one out"},
        ),
        (
            domains,
            DomainsView(contenders=("afn-off",), images=200, batch_size=1, shown="difference"),
            {"norms": "afn-off", "n": "200", "batch": "1", "show": "difference"},
        ),
        (
            domains,
            DomainsView(
                setting="channels reduced",
                recipe="0a1b2c3d",
                source="syn@grey",
                layer="backbone.blocks.1.norm",
                looked_at="bn",
                shown="beyond batch",
            ),
            {
                "setting": "channels reduced",
                "recipe": "0a1b2c3d",
                "source": "syn@grey",
                "layer": "backbone.blocks.1.norm",
                "look": "bn",
                "show": "beyond batch",
            },
        ),
        (domains, DomainsView(contenders=()), {"norms": ""}),
        (dynamics, DynamicsView(), {}),
        (
            dynamics,
            DynamicsView(
                runs=("a", "b"),
                quantity="gradient",
                which="beta",
                by="layer",
                seeds="lines",
                axis="log",
            ),
            {
                "runs": "a~b",
                "show": "gradient",
                "of": "beta",
                "by": "layer",
                "seeds": "lines",
                "steps": "log",
            },
        ),
        (inside, InsideView(), {}),
        (
            inside,
            InsideView(
                model="mnist5k-afn",
                layer="backbone.blocks.1.norm",
                channel=7,
                image=2,
                dataset="syn",
                corruption="fog",
                severity=2,
                size=8,
                first=40,
                order="by label",
                stats="running",
                mu="0.5",
                gamma="0",
                where="here",
                source="a drawing",
                picture=DRAWN,
            ),
            {
                "model": "mnist5k-afn",
                "layer": "backbone.blocks.1.norm",
                "channel": "7",
                "image": "2",
                "data": "syn",
                "corruption": "fog",
                "severity": "2",
                "batch": "8",
                "first": "40",
                "order": "by label",
                "stats": "running",
                "mu": "0.5",
                "gamma": "0",
                "where": "here",
                "first_place": "a drawing",
                "drawn": DRAWN,
            },
        ),
        (paper, PaperView(), {}),
        (paper, PaperView(reading="tests"), {"column": "tests"}),
        (paper, PaperView(network="mnist-grey"), {"network": "mnist-grey"}),
        (rescaling, RescalingView(), {}),
        (
            rescaling,
            RescalingView(
                run="mnist5k-afn",
                layer="all",
                step=78,
                conditions="domains",
                domains=("syn", "digits8"),
                images=500,
                stats="batch",
                batch_size=32,
                corruption="fog",
            ),
            {
                "run": "mnist5k-afn",
                "layer": "all",
                "step": "78",
                "under": "domains",
                "domains": "syn~digits8",
                "n": "500",
                "stats": "batch",
                "batch": "32",
                "corruption": "fog",
            },
        ),
        (robustness, RobustnessView(), {}),
        (robustness, RobustnessView(models=("a", "b")), {"models": "a~b"}),
        (
            robustness,
            RobustnessView(
                dataset="mnist5k",
                images=200,
                stats="batch",
                batch_size=1,
                order="by label",
                baseline="a",
                shown="accuracy",
                corruption="fog",
                severity=0,
                pictures="disagree",
            ),
            {
                "data": "mnist5k",
                "n": "200",
                "stats": "batch",
                "batch": "1",
                "order": "by label",
                "baseline": "a",
                "show": "accuracy",
                "corruption": "fog",
                "severity": "0",
                "pictures": "disagree",
            },
        ),
    ],
)
def test_a_view_is_its_link(page, view, url):
    assert page.to_url(view) == url
    assert page.from_url(parameters(url)) == (view, [])


@pytest.mark.parametrize(
    ("page", "url", "clue"),
    [
        (ablations, {"as": "pie"}, "as is one of lines, map, not 'pie'"),
        (ablations, {"show": "all"}, "value, difference"),
        (ablations, {"vary1": "colour"}, "vary1 is one of norm, "),
        (ablations, {"seeds": "0"}, "seeds is a whole number from 1 to 20"),
        (ablations, {"epochs": "many"}, "epochs is a whole number from 1 to 200, not 'many'"),
        (costing, {"of": "vgg"}, "layer, convnet, resnet8, resnet20"),
        (costing, {"over": "time"}, "channels, size, batch_size"),
        (costing, {"channels": "7"}, "8, 16, 32, 64"),
        (costing, {"channels": "../.."}, "8, 16, 32, 64"),
        (costing, {"size": "٣٢"}, "8, 16, 32"),
        (costing, {"batch": "1e9"}, "8, 32, 128"),
        (costing, {"norms": "afn~bogus"}, "not 'bogus'"),
        (costing, {"norms": "bn"}, "not 'bn'"),
        (costing, {"as": "<script>" * 99}, "ratio, absolute"),
        (domains, {"setting": "blue"}, "channels reduced, channels increased"),
        (domains, {"how": "both"}, "single source, leave one out"),
        (domains, {"norms": "bn~bogus"}, "not 'bogus'"),
        (domains, {"n": "7"}, "200, 500"),
        (domains, {"n": "٢٠٠"}, "200, 500"),
        (domains, {"batch": "-1"}, "batch is one of 1,"),
        (domains, {"show": "<script>" * 99}, "accuracy, difference, beyond batch"),
        (domains, {"look": "in"}, "bn, bn-batch"),
        (dynamics, {"show": "loss"}, "lambda, logit, change, gradient, move"),
        (dynamics, {"of": "delta"}, "all, mu, sigma, gamma, beta"),
        (dynamics, {"by": "channel"}, "λ, layer"),
        (dynamics, {"seeds": "<script>" * 99}, "band, lines"),
        (dynamics, {"steps": "sqrt"}, "linear, log"),
        (dynamics, {"runs": "~".join("abcdefghi")}, "up to 8 runs fit, not 9"),
        (inside, {"mu": "2"}, "number from 0 to 1"),
        (inside, {"mu": "x"}, "number from 0 to 1"),
        (inside, {"batch": "3"}, "batch is one of 1, 2, 4"),
        (inside, {"first": "600"}, "0 to 511, not '600'"),
        (inside, {"channel": "a"}, "whole number"),
        (inside, {"drawn": "zzz"}, "28×28 pixels"),
        (inside, {"where": "there"}, "everywhere, here"),
        (paper, {"column": "both"}, "trains, tests"),
        (paper, {"network": "<b>" * 99}, "any, cifar10, mnist-grey"),
        (rescaling, {"step": "last"}, "a whole number, not 'last'"),
        (rescaling, {"step": "-1"}, "a whole number"),
        (rescaling, {"under": "stress"}, "corruption, domains"),
        (rescaling, {"corruption": "<script>" * 99}, "gaussian_noise"),
        (rescaling, {"n": "7"}, "100, 200, 500, 1000"),
        (rescaling, {"stats": "none"}, "trained, running, batch"),
        (rescaling, {"batch": "3"}, "128"),
        (robustness, {"n": "7"}, "200, 500, 1000"),
        (robustness, {"n": "1e9"}, "200, 500, 1000"),
        (robustness, {"stats": "none"}, "trained, running, batch"),
        (robustness, {"batch": "3"}, "1, 2, 4"),
        (robustness, {"batch": "٣٢"}, "1, 2, 4"),
        (robustness, {"order": "random"}, "mixed, by label"),
        (robustness, {"show": "<script>" * 99}, "accuracy, difference"),
        (robustness, {"corruption": "rain"}, "not 'rain'"),
        (robustness, {"severity": "6"}, "from 0 to 5"),
        (robustness, {"severity": "-1"}, "from 0 to 5"),
        (robustness, {"pictures": "all"}, "first, flipped, disagree"),
        (robustness, {"models": "a~b~c~d~e"}, "up to 4 models"),
    ],
)
def test_what_a_link_cannot_ask_for_is_one_short_line(page, url, clue):
    view, [problem] = page.from_url(parameters(url))
    assert (view, []) == page.from_url({})
    assert clue in problem
    assert "\n" not in problem
    assert len(problem) < 500  # the longest names all corruptions


def test_the_rest_of_a_damaged_link_holds():
    view, problems = inside.from_url(parameters({"mu": "2", "corruption": "fog"}))
    assert view == InsideView(corruption="fog")
    assert len(problems) == 1
