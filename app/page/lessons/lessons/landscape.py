"""Lesson: where could λ have gone?"""

import numpy as np

from afn.ask.lambda_maps import UNITS, LambdaMap
from afn.wording import percent

from ....kit.draw.axes import Figure, axis, drawn
from ....kit.draw.estimates import gain_over, gain_words
from ....kit.draw.palette import GREY, NORM_COLORS
from ..experiments.maps import MapMeasured
from ..figure import Draggable, FigureRow, grey
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_MODEL = "mnist5k-afn"
_PALE = ("contrast", 5)
_IMAGES = 500
_SIGMAS = tuple(step / 16 for step in range(17))
_MUS = {"0": 0.0, "0.05": 0.05, "0.5": 0.5, "1": 1.0}
_FAR = 0.5
"""From this mean of λ_μ and λ_σ on the small networks are said to have the say."""


def _map_figure(data: LambdaMap) -> Figure:
    steps = [step / UNITS for step in range(UNITS + 1)]
    best = data.best
    color = NORM_COLORS["afn"]
    traces = [
        {
            "type": "contour", "x": steps, "y": steps, "z": (100 * data.accuracies.T).round(2),
            "colorscale": [[0, "rgba(107,92,196,0.05)"], [1, "rgba(107,92,196,0.45)"]],
            "contours": {"showlabels": True, "labelfont": {"size": 13, "color": GREY}},
            "showscale": False, "line": {"width": 1, "color": GREY},
            "hovertemplate": "λ_μ %{x:.2f}, λ_σ %{y:.2f}: %{z:.1f} %"
            "<extra></extra>",
        },
        {
            "type": "scatter", "mode": "markers+text", "x": [best.mu], "y": [best.sigma],
            "text": ["best"], "textposition": "top right", "cliponaxis": False,
            "marker": {"symbol": "star", "size": 13, "color": color}, "hoverinfo": "skip",
        },
    ]  # fmt: skip
    return drawn(traces, 380, axis("λ_μ", range=[0, 1]), axis("λ_σ", range=[0, 1]))


def _map_reading(data: LambdaMap) -> str:
    low, high = data.accuracies.min(), data.accuracies.max()
    return (
        f"Pale digits read right: {percent(float(low))} to {percent(float(high))}, most at "
        f"λ_μ {data.best.mu:.2f}, λ_σ {data.best.sigma:.2f}. As trained: "
        f"{percent(data.trained.accuracy)}."
    )


def answer(data: LambdaMap) -> Answer:
    """Whether any λ is better than that of training, and where."""
    best = data.best
    gain = gain_over([best.cell], [data.trained])
    is_far = (best.mu + best.sigma) / 2 >= _FAR
    came_true = (2 if is_far else 1) if gain.is_clear and gain.value > 0 else 0
    corner = next(point for point in data.points if (point.mu, point.sigma) == (1, 1))
    told = (
        f"As trained {percent(data.trained.accuracy)} of pale digits are read right; the best of "
        f"{len(data.points)} points is λ_μ {best.mu:.2f}, λ_σ {best.sigma:.2f} with "
        f"{percent(best.cell.accuracy)}, {gain_words(gain)}. With both at 1 it is "
        f"{percent(corner.cell.accuracy)}. "
    )
    return Answer(
        came_true,
        f"{told}(95 % interval, paired; one training. The best of many points is flattered by "
        "chance.)",
    )


def to_drag() -> Draggable:
    """λ_σ under the handle, λ_μ as a choice: clean digits beforehand, pale ones as the answer."""
    from afn.ask.measure import ShownImages
    from afn.data import load_dataset
    from afn.norms import override_lambdas
    from afn.pretrained.load import load_pretrained

    from ..making import PICTURED, accuracies, asked

    data, model = load_dataset("mnist5k"), load_pretrained(_MODEL)
    shares: dict[str, list[np.ndarray]] = {}
    shown = {
        name: ShownImages.of(data, _IMAGES, place=place)
        for name, place in {"clean digits": (None, 0), "pale digits": _PALE}.items()
    }
    labels = shown["clean digits"].labels.numpy()
    for name, images in shown.items():
        for mu in _MUS.values():
            for sigma in _SIGMAS:
                with override_lambdas(model, mu=mu, sigma=sigma):
                    shares.setdefault(name, []).append(asked(model, images.images)[0])
    stops = [f"{sigma:g}" for sigma in _SIGMAS]
    pictures = np.stack([images.images[:PICTURED, 0].numpy() for images in shown.values()])
    pale = NORM_COLORS["afn"]
    return Draggable(
        handle="λ_σ in every layer", stops=stops, start=1, switch="λ_μ in every layer",
        options=[f"λ_μ {name}" for name in _MUS],
        ticks=[(stops.index(each), each) for each in ("0", "0.25", "0.5", "0.75", "1")],
        quantity=f"accuracy on {_IMAGES} test digits, %", range=(0, 100), digits=1, unit=" %",
        curves=[
            accuracies("clean digits", "#2B7FC4", shares["clean digits"], labels),
            accuracies("pale digits", pale, shares["pale digits"], labels, is_answer=True),
        ],
        rows=[
            FigureRow(label="pale digits", pictures=grey(pictures[1:])),
            FigureRow(
                label="answers to them", color=pale, is_answer=True,
                answers=np.stack([each[:PICTURED] for each in shares["pale digits"]]),
            ),
        ],
        small=stops.index("0.75"), labels=labels[:PICTURED].tolist(),
        told=f"{_MODEL}, one training, seed 0, with λ_μ and λ_σ of both layers forced; λ_γ, λ_β "
        f"and all weights as trained. The first {_IMAGES} test digits of mnist5k, clean and under "
        "contrast at severity 5, the first eight shown; statistics of test batches of 128. Bands: "
        "95 % intervals over the images.",
    )  # fmt: skip


LESSON = Lesson(
    slug="landscape",
    title="Where could λ have gone?",
    question="Training left λ near **0.05**. Were the small networks held back: would a larger λ "
    "read **pale digits** better?",
    minutes=6,
    figure=to_drag,
    before=r"""
λ mixes what a small network proposes with what the batch says, in every layer:

$$
\hat\mu = \lambda_\mu\,\mu_{stan} + (1 - \lambda_\mu)\,\mu, \qquad
\hat\sigma = \lambda_\sigma\,\sigma_{stan} + (1 - \lambda_\sigma)\,\sigma
$$

In a trained network λ can be **forced** to any value while all weights stay. So its accuracy is a
landscape over $(\lambda_\mu, \lambda_\sigma)$, from plain batch statistics at (0, 0) to what the
networks propose alone at (1, 1). Training stopped at about (0.05, 0.05).
""",
    ask="Where on the map are pale digits read best?",
    predictions=(
        "Nowhere better than where training left λ, as far as can be told from chance",
        "Elsewhere, but where the batch still has the larger say",
        "Where the networks have the say: λ at one half or more",
    ),
    setup="The shipped AFN network reads the same 500 pale digits (contrast, severity 5) at 49 "
    "places of the map, more of them where its accuracy changes.",
    experiment=MapMeasured(model=_MODEL, place=_PALE, num_images=_IMAGES, points=49),
    charts=(LessonChart(title="Pale digits", draw=_map_figure, read=_map_reading),),
    answer=answer,
    after=r"""
Around the place where training stopped the landscape is flat: with both λ from 0 to one third
hardly an answer changes. The far corner is low, for there the layers follow proposals that nobody
taught: these small networks are still what was drawn at random (cosine to their start 0.9999; λ
dynamics says so of any run).

So the corner says nothing about what networks *could* do. One that began at λ = 0.5 has another
landscape, and another way over it; the link below shows it.

So beware of reading such a map as the one that training walked on. The weights moved along; the map
is cut through where they ended.
""",
    checks=(
        Check(
            "At (0, 0), which statistics does the layer use?",
            (
                Option("Those of the batch alone", "Right: μ̂ = μ and σ̂ = σ.", True),
                Option("Those that the networks propose", "That is (1, 1)."),
                Option("None", "It still subtracts a mean and divides by a spread."),
            ),
        ),
        Check(
            "Why is the best of 49 points not yet a better λ?",
            (
                Option(
                    "The best of many is partly luck",
                    "Right: choose it on some images, and count on others.",
                    True,
                ),
                Option("49 is too few", "More points would flatter the best of them more."),
                Option("λ cannot be set by hand", "It can; that is how the map was made."),
            ),
        ),
    ),
    onwards=(
        Onward(
            "This map, with a point to drag",
            "lambda",
            {"runs": "mnist5k-afn", "map": "mnist5k-afn"},
        ),
        Onward(
            "One that began at λ = 0.5",
            "lambda",
            {"runs": "mnist-grey-afn-open", "map": "mnist-grey-afn-open"},
        ),
    ),
    note=Note(
        aims=(
            "Read a landscape: where is it flat, where does it fall, and what was held fixed?",
            "Tell “a network was not needed here” from “a network cannot help”.",
        ),
        pitfalls=(
            "The map sets both layers alike; training gave each its own λ.",
            "Training walked over clean training images, not over this map.",
        ),
        ask="How would you find a λ for pale digits honestly, and how would you report it?",
    ),
)
