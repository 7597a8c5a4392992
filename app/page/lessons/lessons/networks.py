"""Lesson: what do AFN's small networks add?"""

import numpy as np

from afn.ask.records import Place
from afn.data import load_dataset
from afn.wording import difference_words

from ....kit.draw.axes import Figure
from ....kit.draw.corruptions import group_title
from ....kit.draw.estimates import Estimate, accuracy_over, gain_over, gain_words, interval_words
from ....kit.draw.palette import GREY, NORM_COLORS
from ..charts import Dot, dots_figure
from ..experiments.evaluations import Answers, Evaluations, LessonQuestion
from ..figure import Draggable, FigureRow, grey
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_ADAPTING, _FROZEN = "networks adapting", "networks frozen"
_DAMAGES = (
    "gaussian_noise", "impulse_noise", "defocus_blur", "motion_blur", "fog", "contrast",
    "elastic_transform", "pixelate",
)  # fmt: skip
_SEVERITY = 5
_PLACES: tuple[Place, ...] = ((None, 0), *((name, _SEVERITY) for name in _DAMAGES))
_MUCH = 0.05
_IMAGES = 500
_DRAGGED = ("gaussian_noise", "motion_blur", "fog", "contrast", "elastic_transform")
"""Damages whose severity can be dragged."""
_ICE = "#2B7FC4"


def _gains(data: Answers) -> dict[Place, Estimate]:
    return {place: gain_over([data[_ADAPTING][place]], [data[_FROZEN][place]]) for place in _PLACES}


def _figure(data: Answers) -> Figure:
    dots = [
        Dot(
            label=group_title(place[0]),
            color=NORM_COLORS["afn"] if gain.is_clear else GREY,
            value=100 * gain.value,
            low=100 * gain.low,
            high=100 * gain.high,
        )
        for place, gain in _gains(data).items()
    ]
    return dots_figure(dots, "accuracy, adapting minus frozen, points", mark=0)


def _reading(data: Answers) -> str:
    gains = _gains(data)
    clear = [place for place, gain in gains.items() if gain.is_clear]
    if not clear:
        return (
            f"All {len(gains)} intervals include 0: in no test does their adapting make a "
            "difference that could not be chance."
        )
    names = ", ".join(f"{group_title(p[0])} {gain_words(gains[p])}" for p in clear)
    return f"Of {len(gains)} intervals {len(clear)} exclude 0 (orange): {names}."


def answer(data: Answers) -> Answer:
    """Adapting against frozen, over all damages and on clean images."""
    adapting, frozen = ([data[label][p] for p in _PLACES if p[0]] for label in (_ADAPTING, _FROZEN))
    gain = gain_over(adapting, frozen)
    with_them, without, difference = difference_words(
        accuracy_over(adapting).value, accuracy_over(frozen).value
    )
    clean = _gains(data)[(None, 0)]
    came_true = 2 if not gain.is_clear else 3 if gain.value < 0 else 0 if gain.value > _MUCH else 1
    verdict = (
        "in this one network they add nothing that could not be chance"
        if came_true == 2
        else "in this one network they do harm"
        if came_true == 3
        else "in this one network they help"
    )
    return Answer(
        came_true,
        f"On damaged images: {with_them} with adapting networks, {without} with frozen ones, a "
        f"difference of {difference} points ({interval_words(gain)}); on "
        f"clean ones {gain_words(clean)}. In brackets: the 95 % interval, paired, since both saw "
        f"the same images. So {verdict}; one seed, trained on few digits, is no verdict on the "
        "method.",
    )


def to_drag() -> Draggable:
    """Severity under the handle, of several damages: the same network, adapting and frozen."""
    from afn.ask.measure import ShownImages
    from afn.pretrained.load import load_pretrained

    from ..making import PICTURED, accuracies, asked

    data, model = load_dataset("mnist5k"), load_pretrained("mnist5k-afn")
    shown = [
        ShownImages.of(data, _IMAGES, place=(name, severity) if severity else (None, 0))
        for name in _DRAGGED
        for severity in range(6)
    ]
    labels = shown[0].labels.numpy()
    pictures = np.stack([each.images[:PICTURED, 0].numpy() for each in shown])
    rows, curves = [FigureRow(label="test digits", pictures=grey(pictures))], []
    for label, way, color in ((_ADAPTING, "on", NORM_COLORS["afn"]), (_FROZEN, "frozen", _ICE)):
        found = [asked(model, each.images, networks=way)[0] for each in shown]
        answers = np.stack([each[:PICTURED] for each in found])
        is_answer = way == "frozen"
        rows.append(FigureRow(label=label, color=color, answers=answers, is_answer=is_answer))
        dash = "dash" if is_answer else ""
        curves.append(accuracies(label, color, found, labels, dash=dash, is_answer=is_answer))
    stops = ["clean", "1", "2", "3", "4", "5"]
    return Draggable(
        handle="severity", stops=stops, start=0, ticks=list(enumerate(stops)), switch="damage",
        options=[group_title(name) for name in _DRAGGED],
        quantity=f"accuracy on {_IMAGES} test digits, %", range=(80, 100),
        curves=curves, rows=rows, labels=labels[:PICTURED].tolist(), digits=1, unit=" %", small=5,
        told=f"mnist5k-afn, one training, seed 0; the first {_IMAGES} test digits of mnist5k in "
        "test batches of 128, the first eight shown. Bands: 95 % intervals over the images.",
    )  # fmt: skip


LESSON = Lesson(
    slug="networks",
    title="What do the networks add?",
    question="In each layer of AFN small networks correct the batch's statistics. **Freeze** them, "
    "so that they no longer look at the batch: what is lost?",
    minutes=6,
    figure=to_drag,
    asked_at=6,
    before=r"""
In each layer, one encoder with a ReLU and one decoder each turn the batch's means $\mu$ and
deviations $\sigma$ (a number per channel) into proposals:

$$
\mu_{stan} = \mathrm{dec}_\mu(\mathrm{enc}(\mu)), \qquad
\sigma_{stan} = \mathrm{ReLU}(\mathrm{dec}_\sigma(\mathrm{enc}(\sigma)))
$$

They are mixed in with weight λ. Two further networks propose how to scale and shift the result.
**Frozen** means that the networks are shown the averages of training, whatever the batch is. They
answer constants; all else, the very same trained weights and the statistics of the **test batch**,
stays as it is.
""",
    ask="Over eight kinds of strong damage, what does their adapting add to accuracy?",
    predictions=(
        "Much: more than 5 points",
        "Something, up to 5 points",
        "Nothing that can be told from chance",
        "They cost accuracy",
    ),
    setup="The shipped AFN, trained on 4,000 digits, reads the same 500 test digits eighteen "
    "times: clean and under eight kinds of damage, its networks adapting and frozen.",
    experiment=Evaluations(
        asks=(
            LessonQuestion(label=_ADAPTING, model="mnist5k-afn", places=_PLACES),
            LessonQuestion(label=_FROZEN, model="mnist5k-afn", places=_PLACES, networks="frozen"),
        )
    ),
    charts=(LessonChart(title="What adapting is worth", draw=_figure, read=_reading),),
    answer=answer,
    after=r"""
Why a gain is easily claimed and hard to see: AFN is usually compared with batch norm **as it is
normally used**, with averages kept from training. Freezing keeps the other difference, the
statistics of the test batch, the same on both sides. What remains is what the networks do because
they see the batch.

Why not set λ to 0 instead? That also takes away the constants to which the rest of the weights has
grown used: a loss then shows that the weights miss them, not that they adapt. In this network λ_μ
is about 0.05: the networks' proposals have 5 % of the say.

Nor have these networks learned much: their matrices still point where they were drawn at random
(cosine 0.9999), and from clean to damaged digits their answers change by at most 0.28 % of what
they act on, the measured statistics by up to 22 %. Training both ways, with several seeds, and a
look at how far networks moved are one click away below.
""",
    checks=(
        Check(
            "An interval of −0.4 to +0.9 points: what does it say?",
            (
                Option(
                    "The networks are useless",
                    "It says that this experiment cannot tell. A gain of half a point would fit, "
                    "too.",
                ),
                Option(
                    "The networks help by 0.25 points",
                    "That is the middle, but 0 lies inside: chance alone could give it.",
                ),
                Option(
                    "A small gain, none, or a small loss would all fit these images",
                    "Right. More images or more seeds would narrow it.",
                    True,
                ),
            ),
        ),
        Check(
            "AFN beats ordinary batch norm by 30 points under pale contrast. What follows for its "
            "networks?",
            (
                Option(
                    "They are worth 30 points",
                    "AFN differs in two things: networks, and statistics of the test batch.",
                ),
                Option(
                    "Nothing, before batch norm was given the test batch's statistics too",
                    "Right: see the lesson on the hidden hero.",
                    True,
                ),
                Option(
                    "They are worthless",
                    "That does not follow either. The comparison mixes two causes.",
                ),
            ),
        ),
    ),
    onwards=(
        Onward("Trained with and without networks, five seeds", "ablations", {"sweep": "parts"}),
        Onward("Did the networks learn?", "lambda", {"runs": "mnist5k-afn"}),
        Onward(
            "The way from BN to AFN in steps, any corruption",
            "robustness",
            {"models": "mnist5k-bn~mnist5k-afn", "corruption": "contrast", "severity": "5"},
        ),
    ),
    note=Note(
        aims=(
            "Tell a cause from what comes along with it: change one thing, keep all else.",
            "Read a paired 95 % interval, and say what one that includes 0 does and does not mean.",
        ),
        pitfalls=(
            "“No difference that can be told” is not “no difference”.",
            "The finding is about a short training on digits with the paper's small λ. It is no "
            "verdict on the method.",
        ),
        ask="Design the experiment that would convince you that the networks help. What would you "
        "hold fixed, and how many seeds would you want?",
    ),
)
