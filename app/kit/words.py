"""Explanations that several pages give."""

EQUATIONS = r"""
$$
\begin{aligned}
\hat\mu &= \lambda_\mu\,\mu_{\text{stan}} + (1-\lambda_\mu)\,\mu \\
\hat\sigma &= \lambda_\sigma\,\sigma_{\text{stan}} + (1-\lambda_\sigma)\,\sigma \\
\hat\gamma &= \lambda_\gamma\,\mathrm{sigmoid}(\cdot) + \gamma \\
\hat\beta &= \lambda_\beta\,\tanh(\cdot) + \beta
\end{aligned}
$$
"""
"""Of AFN and ASRNorm, in Markdown."""
ABOUT = {
    "calibration": """
A network that is 80 % sure should be right on 80 % of such answers. Answers to the fifteen standard
corruptions are sorted into 15 bins by confidence (the softmax probability of the answer). Below the
diagonal a network is **too sure**, above it too modest; large dots are bins of many answers.

The **expected calibration error** is the mean distance to the diagonal, each bin weighing as many
answers as it has (Guo et al. 2017); told is the mean over tests. Intervals are a bootstrap over
images; one seed each, so that they say nothing of another training. Chance alone lifts the error by
some thousandths.
""",
    "movement": r"""
**Left.** The start of every small network is drawn from the seed, so what training made of it can
be held against it. To the right: how much of a matrix lies along its start, whose length is 1.
Upwards: how much lies across it, which is what was learned. Weight decay alone moves along the axis
towards 0; how far is computed from the learning rates of all steps, as if no gradient had come. The
arrow is all networks together; a dot is a layer's standardization network, a diamond its rescaling
network, hollow and grey where all its hidden units are dead.

**Right.** How much an answer, times its λ, changes from clean images to corrupted ones (standard
deviation between the conditions; root mean square over channels), in percent of what it acts on: σ
for mean and spread, γ̂ for scale and shift. Hollow: the same of what is measured, $(1-\lambda)$
times. A network whose answers do not change is a constant, however large its λ.

A hidden unit is **dead** if it is 0 for every batch shown. Rescaling networks have C/16 of them,
often one or two: where all are, $\gamma_{net}$ or $\beta_{net}$ is the same whatever is shown.
""",
}
"""Of figures and sections, beside their headings."""
