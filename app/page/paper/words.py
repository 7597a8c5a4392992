"""What the page says of its controls and figures."""

HELP = {
    "reading": "The source does not say whether a column of this table is the domain that "
    "trains, the other three testing, or the one that tests, the other three training in turn.",
    "network": "Whose training is looked at. The starts of λ are compared on CIFAR-10 and on "
    "MNIST in grey.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "verdicts": """
A row is one published claim, an average over its table, and rests on networks of its own: the
severities of CIFAR-10-C are answered by the same networks, and count once.

**Intervals** (95 %) join two noises: of the seeds (others would have trained other networks) and of
the images (all seeds are tested on the same ones; others would have given another figure). The two
half-widths join as the sides of a right angle.

**Verdicts** go by the sign of the published difference. *holds here*: same sign, the interval
excludes 0. *does not hold here*: it excludes 0 on the other side. *not found here*: it includes 0,
and not the published difference. *cannot tell*: it includes both. *too few seeds*: below three,
there is the figure alone. *no verdict*: the networks here can say nothing of the claim. Of twenty
claims without any true difference one would still exclude 0.

**Two yardsticks.** As published, BN has running averages, but AFN uses the statistics of the **test
batch**, which help BN too, with the same weights. *Both on the test batch* takes that part out.
*Networks frozen* shows them the averages of training whatever the batch: what is lost by it is what
their adapting is worth.
""",
    "asked": """
The paper's claim, the experiments that its summary proposes, and what decides each: written down in
`docs/experiments.md` before the trainings, with seeds and rules. *holds*: the interval (95 %, over
seeds and images) lies on the side of the first of the two; *worth less than 0.5 points*: it lies
within ±0.5; *open*: neither, with the smallest effect that would have been seen with a chance of
80 %. Below three seeds there is no verdict; before the last planned one it is *interim*. Rows are
many: of twenty comparisons of equals one would still seem to differ, and rows on the same networks
are no evidence of their own. What is not trained yet names its command. In a terminal:
`python -m afn pretrained tables asked`.
""",
    "table": """
In each cell above, pale: the published figure; below, bold: measured here, the mean over seeds and,
from three seeds on, its 95 % interval over seeds and images.

A seed fixes start weights and the order of the images for all norms, so differences are taken seed
by seed. Where pairing does not reduce the variance, **†** marks an interval that is built on the
spreads of both norms instead.

**sees ±1.4; +0.9 takes 7 seeds**: with these seeds and images an effect of 1.4 points would have
been seen with a chance of 80 % (two-sided, 5 %), and the published one with seven seeds. "More
images too": with no number of seeds. Both take the measured spread for the true one, which with
three seeds may be half or six times as large.

**Test-batch statistics have a price** where training crops its images: the crops are padded with
zeros, a test batch holds whole images, and the two have different statistics. On clean images of
CIFAR-10 both BN and AFN are right more often with *running averages*. Asked with test images that
are cropped as in training, they are about as good either way: `python -m benchmarks.crops`.
""",
    "learn": """
The paper: the encoder-decoder learns refinements of the statistics that help under shift. The
evidence: how far its matrices are from the start that the seed draws, beside what weight decay
alone makes of it; how much its answers change with what is shown, beside the statistics that are
measured (both pictures are explained on the page λ dynamics); how far a trained network moves mean
and deviation of a batch, and what that is worth: the same weights and images, the networks adapting
and frozen. Frozen, they are shown the averages of training whatever the batch, and answer
constants; their mean output in their place is within 0.1 points of that in the networks asked both
ways (`python -m benchmarks.mean_networks`). Setting every λ to 0 instead (*off*) also takes away
what the rest has got used to: a loss then does not show that they adapt.
""",
    "lambdas": """
The paper: λ start small and are learned upwards, so that training passes smoothly from batch norm
to the adaptive layer. *paper*: the start of its text, 0.047 and 0.0067. *reference*: that of the
published code, λ_μ and λ_σ at 0.51, λ_γ and λ_β ungated. *open*: 0.5 each. A dot is a layer; right
of the line it has grown.
""",
    "gradients": """
The paper: with a small λ the gradients stay tame, and training does not diverge. Held against each
other are trainings that differ in the norm, or in the start of λ, alone: same seed, images, order
and learning rate (ResNet-20: 0.1 without warm-up). A training may also go astray without diverging:
after a few large steps all answers are alike, and the gradients small. Cards keep the first 100
steps of each training and some 400 others, evenly, so a spike between those is not seen.
""",
    "theory": """
Left, one layer: how much louder than BN's its output is in the first batch,
$\\sigma / \\hat\\sigma$, a dot per layer, below the limit $1 / (1 - \\lambda_\\sigma)$. Right, the
whole network: the first gradient in units of BN's (dot), one layer's limit (tick), and the product
of all layers' limits (end of the bar). All of it is before anything is learned: same weights, same
images.
""",
    "ladder": """
From BN as it is normally used to AFN, one change at a time: BN takes its statistics from the test
batch instead of running averages (the same weights); then AFN's weights, their networks frozen
(shown the averages of training, they answer constants); then adapting. Bars are mean gains over
the step before, diamonds the seeds, whiskers 95 % intervals over seeds and images, from three seeds
on. Pale bars may be chance. Corruptions: the fifteen standard ones at all five severities; domains:
all that a network was not trained on. PACS is left out: from scratch it is near chance.
""",
}
"""Of figures and sections, beside their headings."""
