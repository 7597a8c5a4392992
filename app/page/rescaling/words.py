"""What the page says of its controls and figures."""

HELP = {
    "run": "Runs, newest first, and pretrained models.",
    "beside": "Other networks at the same step and layer, each with its spread.",
    "layer": "One norm layer over all steps, or all layers at one step.",
    "step": "The same step in all figures of this part.",
    "conditions": "The own clean test images against five severities of a corruption, or against "
    "other domains.",
    "domains": "Brought to the channels and the size that the network takes. None chosen: all.",
    "stats": "With running averages nothing depends on the images any more, not even AFN's γ̂ and "
    "β̂.",
    "batch_size": "AFN computes γ̂ and β̂ anew for each batch, so in small batches they vary more.",
    "images": "The first so many test images of each condition, or all where there are fewer.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "ridges": r"""
Each ridge is a distribution over the channels of a layer (a kernel density, each scaled to the same
height); the strokes below the chosen step's are its channels.

All start at $\gamma = 1$, $\beta = 0$. A channel whose $\hat\gamma$ goes to 0 is off; where
$\hat\beta$ is far below 0, the ReLU behind it lets little through.
""",
    "channels": r"""
A line leads to where the channel was at the first snapshot. Diamonds with a number **stand apart**:
further from the median than 3.5 robust standard deviations (1.4826 times the median absolute
deviation) and than 0.05.
""",
    "differences": r"""
Each layer's $\hat\gamma$ and $\hat\beta$ on the network's own clean test images and on others.

- **BN**: both are parameters, so the difference is 0, by construction.
- **AFN**: $\hat\gamma = \lambda_\gamma\,\mathrm{sigmoid}(\cdot) + \gamma$ of the batch's
  statistics: no batch can differ from another by more than $\lambda_\gamma$, and in $\hat\beta$ by
  more than $2\lambda_\beta$. From a start at 0.0067 that is little.
- **ASRNorm**: the same of each image's own statistics, so images of one condition differ as well:
  the grey band. Where dots lie within it, the corruption matters less than which image it is.
""",
}
"""Of figures and sections, beside their headings."""
