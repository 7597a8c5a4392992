"""What the page says of its controls and figures."""

HELP = {
    "reading": "The source does not say whether a column is the domain that trains, the others "
    "testing, or the one that tests, the others training in turn.",
    "network": "Starts of λ are compared on CIFAR-10 and on MNIST in grey.",
}
"""Of controls, told when pointed at."""

ABOUT = {
    "verdicts": """
A row is one published claim, an average over its table. The severities of CIFAR-10-C are answered
by the same networks, and count once.

**Intervals** (95 %) join the noise of the seeds and that of the test images.

**Verdicts** go by the sign of the published difference. *holds here*: same sign, the interval
excludes 0. *does not hold here*: it excludes 0 on the other side. *not found here*: it includes 0,
and not the published difference. *cannot tell*: it includes both. *no verdict*: the networks here
can say nothing of it. Of twenty claims without a true difference one would still exclude 0.

**Two yardsticks.** As published, BN has running averages, but AFN the statistics of the **test
batch**, which help BN too, with the same weights. *Both on the test batch* takes that part out.
*Networks frozen* shows them the averages of training: what is lost by it is what adapting is worth.
""",
    "asked": """
What decides each claim was written down in `docs/experiments.md` before the trainings. *holds*: the
interval (95 %, over seeds and images) lies on the side of the first of the two; *worth less than
0.5 points*: within ±0.5; *open*: neither, with the smallest effect that would have been seen with a
chance of 80 %; *interim*: before the last planned seed. Of twenty comparisons of equals one would
still seem to differ, and rows on the same networks are no evidence of their own. In a terminal:
`python -m afn pretrained tables asked`.
""",
    "table": """
Pale: the published figure; bold: measured here, the mean over seeds and, from three seeds on, its
95 % interval over seeds and images. Differences are taken seed by seed; **†** marks those where
pairing does not reduce the variance.

**sees ±1.4; +0.9 takes 7 seeds**: an effect of 1.4 points would have been seen with a chance of
80 % (two-sided, 5 %), and the published one with seven seeds. Both take the measured spread for the
true one, which with three seeds may be half or six times as large.

**Test-batch statistics have a price** where training crops its images: crops are padded with zeros,
a test batch holds whole images. On clean CIFAR-10 both BN and AFN are right more often with
*running averages*; on test images cropped as in training the two are about as good:
`python -m benchmarks.crops`.
""",
    "learn": """
The paper: the encoder-decoder learns refinements of the statistics that help under shift. The
evidence: how far its matrices are from the start that the seed draws; how much its answers change
with what is shown; and what that is worth, the same weights and images with networks that adapt and
frozen ones. Frozen, they are shown the averages of training; their mean output in their place is
within 0.1 points of that (`python -m benchmarks.mean_networks`). Every λ at 0 (*off*) also takes
away what the rest has got used to: a loss then does not show that they adapt.

**What would speak against it:** matrices that stay on the way of weight decay, answers that do not
change, gains that include 0, or frozen networks that do as well under shift.
""",
    "lambdas": """
The paper: λ start small and are learned upwards, from batch norm to the adaptive layer. *paper*:
0.047 and 0.0067. *reference*: the published code's, λ_μ and λ_σ at 0.51, λ_γ and λ_β ungated.
*open*: 0.5 each. A dot is a layer; right of the line it has grown. **Against it** would speak λ
that end where they started, or below.
""",
    "gradients": """
The paper: with a small λ gradients stay tame, and training does not diverge. These trainings differ
in the norm, or in the start of λ, alone: same seed, images, order and learning rate. A training may
also go astray without diverging, when after a few large steps all answers are alike. Cards keep the
first 100 steps and some 400 others, evenly: a spike between those is not seen. **Against it** would
speak gradients no larger with λ wide open, and trainings that learn as well there.
""",
    "theory": """
Left: how much louder than BN's a layer's output is in the first batch, $\\sigma / \\hat\\sigma$,
below the limit $1 / (1 - \\lambda_\\sigma)$. Right: the first gradient in units of BN's (dot), one
layer's limit (tick), the product of all layers' limits (end of the bar). Same weights, same images,
before anything is learned.
""",
    "ladder": """
From BN as it is normally used to AFN, one change at a time: BN takes its statistics from the test
batch (the same weights); then AFN's weights, their networks frozen; then adapting. Bars are mean
gains over the step before, diamonds the seeds, whiskers 95 % intervals over seeds and images, from
three seeds on. Pale bars may be chance. PACS is left out: from scratch it is near chance.
""",
}
"""Of figures and sections, beside their headings."""
