"""What the page says of its controls and figures."""

from ...kit.words import EQUATIONS

HELP = {
    "preset": "Ready comparisons. The dial is where λ starts, the curves are losses as they fell.",
    "twist": "BN normalizes test images by running averages from training; AFN by the test batch "
    "itself. Give BN the same, and see what is left of the difference.",
    "logit": "The parameter behind λ: λ = sigmoid(logit). −3 is 0.047, −5 is 0.0067, 0 is 0.5. "
    "As a start, −50 is exactly 0, frozen.",
    "rescale_gate": "sigmoid keeps λ_γ and λ_β between 0 and 1, as the paper says; linear uses the "
    "number itself as λ, as the published code does.",
    "Pause": "Hold all at their step",
    "Step": "Train one step",
    "Stop": "End the training here",
    "Reset": "Put the runs away; they stay on the page Runs",
    "New seed": "Other random weights and another order of the images",
    "change": "Takes effect at the next step, and leaves a mark on the scrubber.",
    "change.lambda": "For the λ chosen above, in every layer: what the slider says from the next "
    "step on, still free to move from there.",
    "change.resume": "For when you press Resume.",
    "scale": "λ itself, or the logit that is learned: near 0 it shows movement that λ hides.",
    "by": "A line for every layer; or a panel for each, with how far its λ have moved since the "
    "start.",
    "span": "All panels as much, 0.1 at least, so that a drift of 0.00003 lies flat beside one of "
    "0.009; or 0 to 1; or each zoomed to its curves, which says how far.",
    "layer": "Which layer's γ̂ and β̂ to show.",
}
"""Of controls, told when pointed at."""
MOVES = (
    "λ was slow, not at rest. At 30 times the rate it goes where it went by thousandths: in norm 2 "
    "AFN's λ_μ to 0.34 (0.14 to 0.54, six seeds on digits, all upwards), λ_σ to 0.005; accuracy "
    "stays (−0.1 points, −0.3 to 0.1)."
)
"""What a λ that learns faster teaches; figures of `benchmarks.moving_lambda`."""
ABOUT = {
    "answers": """
The same test images for all, clean and damaged by the first corruption. Under each stand the
contenders' answers: **filled** is right, **outlined** is wrong, the line below is the probability
given to that answer. They turn at some 200 steps of a training; scrubbing shows how. Those that
contenders part on come first once all have ended, or when you ask. Point at an image, tap it,
or go by the arrow keys: all classes, and its answers from the first step on. Who normalizes by the
test batch has these images for a batch, clean and damaged ones apart.
""",
    "learning": r"""
**Loss** is the mean cross-entropy of a training batch, in nats (guessing among ten classes is
$\ln 10 = 2.30$). The faint line is every step, the strong one the mean of the last ones.
**Test accuracy** is counted on images that training never sees, with the statistics that the
caption names.
""",
    "lambda": r"""
AFN and ASRNorm let a small network (encoder-decoder) propose statistics and mix them in with a
share that is learned:
"""
    + EQUATIONS
    + r"""
Each layer has one of each λ, kept between 0 and 1 as $\lambda = \mathrm{sigmoid}(\text{logit})$.
At 0 AFN is batch norm and ASRNorm instance norm. The paper starts them near 0 so that training
begins calmly. Since $\mathrm{d}\lambda/\mathrm{d}\,\text{logit} = \lambda(1-\lambda)$ is tiny
there, a short run moves λ by thousandths: each panel is scaled to what moves and says its range.
Raise the λ learning-rate factor to let it travel.
""",
    "distribution": r"""
After standardizing, a layer scales and shifts each channel: $y = \hat\gamma\,\hat x + \hat\beta$.
Each dot is one channel; the box holds the middle half. All start at $\gamma = 1$, $\beta = 0$ and
spread as channels find their roles: drag the scrubber on top, or press play. ASRNorm's values
differ from image to image; shown is their mean over the batch.
""",
    "gradients": r"""
**Gradient norm**: the length of the gradient of all parameters together. Spikes mean that a step
could have thrown the network far; the paper claims that small λ at the start keeps it tame.
**Images per second** counts the last 20 training steps, without tests and pauses.
""",
    "corruptions": r"""
The test images, damaged in the ways of CIFAR-10-C; the same pixels for every contender. Whiskers
are 95 % Wilson intervals. Mind the statistics mode in the caption: batch norm with the *test
batch's* statistics is itself far more robust to contrast and brightness than with running averages.
""",
}
"""Of figures and sections, beside their headings."""
