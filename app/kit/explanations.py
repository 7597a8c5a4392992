"""Plain words for every control and figure; formulas where they say it shorter."""

CONTROLS = {
    "preset": "A ready comparison with one thing to watch for. It sets the controls below; "
    "nothing starts until you press Start.",
    "logit": "The parameter behind λ: λ = sigmoid(logit). −3 is 0.047, −5 is 0.0067, 0 is 0.5. "
    "As a start, −50 is exactly 0, frozen.",
    "rescale_gate": "sigmoid keeps λ_γ and λ_β between 0 and 1, as the paper says; linear uses the "
    "number itself as λ, as the published code does.",
    "target": "Whom the buttons speak to: all contenders, or one.",
    "change": "Takes effect at the next step of every run that the buttons speak to, and leaves a "
    "labelled mark on the time axis.",
    "change.resume": "These runs have ended. What you set here they obey once you press Resume, "
    "from their last checkpoint on.",
    "scale": "λ itself, or its logit: the parameter that is learned. Near 0 the logit shows "
    "movement that λ hides.",
    "by": "One panel per λ with a line for every layer; or one panel per layer with how far each "
    "of its λ has moved since the start.",
    "layer": "Which layer's γ̂ and β̂ to show.",
    "robustness.models": "Runs that have ended, newest first. BN and AFN together show where a "
    "gain comes from. A name and a colour stay with a model in every figure.",
    "robustness.stats": "Whose mean and variance BN and AFN use in the test: running averages "
    "from training, those of the test batch, or as each was configured (BN: running, AFN: test "
    "batch). ASRNorm measures each image by itself and has no choice.",
    "robustness.batch": "Images in a test batch. It matters where statistics come from the test "
    "batch: small ones make them noisy.",
    "robustness.order": "Sorted by class, a batch holds one or two classes, as when a camera films "
    "one thing at a time; test-batch statistics then take what is common to the class for the "
    "corruption's doing.",
    "robustness.images": "The first so many test images. More give narrower intervals and take "
    "longer; 500 tell differences of about 4 points.",
    "robustness.baseline": "Differences and the mean corruption error are against this model.",
    "domains.setting": "Some domains are grey, others coloured; a network takes one kind. The "
    "paper's two ways: channels reduced (all in grey) or increased (grey repeated as RGB).",
    "domains.how": "One domain trains and the others test, or all but one train and that one "
    "tests. A framed cell is a domain that the network has seen in training.",
    "domains.contenders": "BN and AFN can take running averages or the statistics of the test "
    "batch. BN with the test batch is the fair rival of AFN: what it gains needs no networks. "
    "Networks frozen: AFN's weights, its networks shown the averages of training, so that they "
    "answer constants. Off: every λ forced to 0.",
    "domains.images": "The first so many test images of each domain, or all where it has fewer; "
    "the same for every network. More of them make the intervals narrower.",
    "domains.batch": "Test images of one domain that are normalized together. It matters to norms "
    "that take statistics from the test batch: small ones make them noisy.",
    "domains.recipe": "How the networks were trained. Each needs one for every norm and training "
    "domain.",
    "dynamics.runs": "Runs, newest first, also those that still train, and behind them pretrained "
    "models. Runs that differ by their seed alone are drawn together.",
    "dynamics.quantity": "λ as it acts; the logit, which is the parameter that is learned; how far "
    "λ is from its start; the size of the loss's gradient on that parameter; or what λ does to the "
    "statistics in the end.",
    "dynamics.by": "One panel per λ with the layers as shades, light at the input and dark at the "
    "output; or one panel per layer for one λ.",
    "dynamics.which": "λ_μ and λ_σ mix into the statistics that standardize, λ_γ and λ_β weigh "
    "what the networks add to scale and shift.",
    "dynamics.axis": "Logarithmic steps give the first few as much room as the many behind them.",
    "dynamics.seeds": "Runs of one configuration: a band from the lowest to the highest with their "
    "mean as a line, or a thin line for each.",
    "fork.step": "There is one checkpoint at the end of each epoch, and one where the run was "
    "stopped. From the last one on, raise the epochs.",
    "fork.norm": "Another norm takes over what it has by the same name and shape, γ, β and running "
    "averages for instance; its other tensors start fresh.",
    "fork.lr": "With a schedule, where the schedule begins.",
    "fork.epochs": "Counted from the beginning of the run that is forked.",
    "fork.lambda": "Put into all layers at the checkpoint; an empty field leaves λ as it is. The "
    "logit 0 is λ = 0.5; with a linear gate the value is λ itself.",
    "paper.reading": "The source does not say whether a column of this table is the domain that "
    "trains, the other three testing, or the one that tests, the other three training in turn.",
    "paper.network": "Whose training is looked at. The starts of λ are compared on CIFAR-10 and on "
    "MNIST in grey.",
    "rescaling.run": "Runs, newest first, also those that still train, and behind them pretrained "
    "models.",
    "rescaling.layer": "One norm layer over all steps, or all layers at one step.",
    "rescaling.step": "The same step in all figures of this part. The newest follows a run that "
    "still trains.",
    "rescaling.conditions": "The network's own clean test images are held against the five "
    "severities of one corruption, or against the clean images of other domains.",
    "rescaling.domains": "Their test images are brought to the channels and the size that the "
    "network takes. None chosen: all.",
    "rescaling.stats": "Whose mean and variance BN and AFN use in the test. With running averages "
    "nothing depends on the images any more, not even AFN's γ̂ and β̂.",
    "rescaling.batch": "Images that are normalized together. AFN computes γ̂ and β̂ anew for each "
    "batch, so in small batches they vary more.",
    "rescaling.images": "The first so many test images of each condition, or all where there are "
    "fewer.",
    "inside.model": "A run, as its last checkpoint has it (also while it trains), a pretrained "
    "model, or a network that nobody has trained.",
    "inside.dataset": "Whose test images; any with the same classes.",
    "inside.batch": "Images that go through the network together. With 1, AFN has nothing but that "
    "image to measure.",
    "inside.first": "Where among the first 512 test images the batch begins.",
    "inside.order": "Sorted by class, a batch holds few classes: statistics then say more about "
    "the class than about the data.",
    "inside.stats": "Whose mean and deviation BN and AFN use: of this batch, or the running "
    "averages of training.",
    "inside.source": "Draw a digit, or upload a picture: it takes the first place of "
    "the batch and is corrupted like the others.",
    "cost.subject": "One norm layer by itself, forward and backward; or a whole network for "
    "colour images of 32×32, where convolutions take most of the time and the norm's share is "
    "what you would notice. ConvNet has two blocks of 16 and 32 channels.",
    "cost.over": "What the figures go through from left to right; the other sizes are fixed below. "
    "Networks have their own channels and image size, so only the batch size varies.",
    "cost.channels": "Channels C of the layer's input. The small networks of AFN and ASRNorm grow "
    "with C, the rest of the work with C × height × width.",
    "cost.size": "Height and width of the layer's input. Statistics are taken over them.",
    "cost.batch_size": "Images per step. What a layer does once per step, however many the images "
    "(AFN's small networks, calling each operation), weighs most in small batches.",
    "cost.norms": "Norms beside BN. AFN, ASRNorm and BN are tuned for speed here; IN, GN, LN and "
    "BIN are this library's readable layers, there for context: torch's own are faster.",
    "cost.scale": "Ratio: how many times what BN costs, BN being the line at 1. Each is the median "
    "of the ratios in rounds in which every norm takes its turn, so that a busy machine disturbs "
    "all alike. Absolute: milliseconds and megabytes, both axes logarithmic.",
    "cost.measure": "Runs the same benchmark in a process of its own, on one thread: 30 timed "
    "steps of each norm at every point. What else the machine does meanwhile, training above all, "
    "makes it less exact.",
    "ablations.source": "Precomputed: what came along with the program. Live: what was trained on "
    "this machine, as far as it is.",
    "ablations.forget": "Its runs and their results stay: build the same sweep again, and they are "
    "found.",
    "ablations.seeds": "How often every setting is trained, from other start weights and in "
    "another order of the images. Below three no difference is called better or worse.",
    "ablations.domains": "The finished networks are asked the clean images of these data sets "
    "too, brought to their size and channels.",
    "ablations.values": "paper, reference, open or off, or a number: the logit at which all four λ "
    "start. −3 is λ = 0.047, 0 is one half.",
    "ablations.shown": "The figure itself, or its difference to the baseline, paired by seed: the "
    "same seed has the same start weights and order of images, so that what both share cancels.",
    "ablations.baseline": "What differences and the badges in the table are held against.",
}

FIGURES = {
    "inside.layer": r"""
The batch runs through the network; at the chosen layer every intermediate is shown as it was
computed, in the order of the equations. Click a dot, or move the slider, to follow another
**channel**; click a picture below to follow another **image**. Hover a dot for its numbers.

**Move λ by hand.** The sliders override what was learned (the small mark says what that is), in
every layer or in this one. All at 0 switches the networks off, which leaves BN's arithmetic (for
ASRNorm, instance norm's): the difference to it is printed, exactly 0 or the rounding of 32-bit
numbers.

**Beside it**, on the same input and with this layer's own parameters: what BN makes of it with
running averages and with the batch, and ASRNorm, whose networks see each image's own statistics.

Accuracy is counted on the first 512 test images (128 for a deep network, and fewer where batches
are small), under the same corruption, in batches of the chosen size.
""",
    "inside.neighbours": """
With **test-batch statistics** an image's answer depends on what else is in the batch. Here the
followed image is put, again and again, among other test images: 24 batches drawn at random, the
same ones clean where the image is corrupted, then a batch of each single class. A square is the
answer in one of them; a framed one is another answer than the image gets alone. Networks with
running averages, or with statistics of each image alone, cannot change their mind.

So test-batch statistics undo a corruption where the **whole batch** has it. A single pale image
among clean ones is measured by their statistics, not by its own.
""",
    "paper.verdicts": """
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
    "paper.asked": """
The paper's claim, the experiments that its summary proposes, and what decides each: written down in
`docs/experiments.md` before the trainings, with seeds and rules. *holds*: the interval (95 %, over
seeds and images) lies on the side of the first of the two; *worth less than 0.5 points*: it lies
within ±0.5; *open*: neither, with the smallest effect that would have been seen with a chance of
80 %. Below three seeds there is no verdict; before the last planned one it is *interim*. Rows are
many: of twenty comparisons of equals one would still seem to differ, and rows on the same networks
are no evidence of their own. What is not trained yet names its command. In a terminal:
`python -m afn pretrained tables asked`.
""",
    "paper.table": """
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
    "paper.learn": """
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
    "paper.lambdas": """
The paper: λ start small and are learned upwards, so that training passes smoothly from batch norm
to the adaptive layer. *paper*: the start of its text, 0.047 and 0.0067. *reference*: that of the
published code, λ_μ and λ_σ at 0.51, λ_γ and λ_β ungated. *open*: 0.5 each. A dot is a layer; right
of the line it has grown.
""",
    "paper.gradients": """
The paper: with a small λ the gradients stay tame, and training does not diverge. Held against each
other are trainings that differ in the norm, or in the start of λ, alone: same seed, images, order
and learning rate (ResNet-20: 0.1 without warm-up). A training may also go astray without diverging:
after a few large steps all answers are alike, and the gradients small. Cards keep the first 100
steps of each training and some 400 others, evenly, so a spike between those is not seen.
""",
    "paper.theory": """
Left, one layer: how much louder than BN's its output is in the first batch,
$\\sigma / \\hat\\sigma$, a dot per layer, below the limit $1 / (1 - \\lambda_\\sigma)$. Right, the
whole network: the first gradient in units of BN's (dot), one layer's limit (tick), and the product
of all layers' limits (end of the bar). All of it is before anything is learned: same weights, same
images.
""",
    "paper.ladder": """
From BN as it is normally used to AFN, one change at a time: BN takes its statistics from the test
batch instead of running averages (the same weights); then AFN's weights, their networks frozen
(shown the averages of training, they answer constants); then adapting. Bars are mean gains over
the step before, diamonds the seeds, whiskers 95 % intervals over seeds and images, from three seeds
on. Pale bars may be chance. Corruptions: the fifteen standard ones at all five severities; domains:
all that a network was not trained on. PACS is left out: from scratch it is near chance.
""",
    "domains.matrix": """
Rows: what a network was trained on. Columns: what it is tested on, brought to the channels and the
size that it takes. Framed cells are domains that it was trained on; they do not count in the mean
at the right, which is over domains never seen. *Minus BN* shows differences in percentage points on
the same images, bold where the paired 95 % interval excludes 0, faded where it may be chance.

**What to look for.** AFN is tested with the statistics of the **test batch**, BN with **running
averages** of its training domain, which fit no other domain. BN can take the test batch's too, with
the same weights: *BN, test batch*. So the way from BN to AFN has two parts, what the test batch
gives and what AFN gives beyond it; *minus BN, test batch* shows the second. *AFN, networks frozen*
splits that again: AFN's weights with networks that answer constants, and with networks that adapt.
*Networks off*, every λ forced to 0, also takes away what the weights got used to.

One network of one seed stands behind each cell: intervals say what other test images could change,
not what another training could.
""",
    "domains.layers": """
The same images of every domain go through a network, in test batches of one domain. Of each image
a norm layer gets channels with a mean and a standard deviation over the picture. The **shift** is
how far the domains' average statistics lie from their common mean, in units of the pixels'
deviation: 0 means the domains look alike to the layers behind, 1 that they differ by as much as
the pixels of one image do.

BN with running averages scales and shifts all images alike and leaves the shift as it is.
Statistics of the test batch (one domain at a time) take most of it away, those of each image nearly
all.

Below, one layer: each dot is an image, in the plane in which images differ most, the same unit
before and after; then each channel's mean and deviation per domain.
""",
    "robustness.shift": """
The same test images for every model, with the same noise. A card shows the image as the networks
get it, its true class, and what each network says, with its confidence (the softmax probability of
its answer). *That flip* are images that some model has right when clean and wrong here; *models
disagree on* are those that some have right and others wrong.

The corruptions are those of CIFAR-10-C (Hendrycks & Dietterich 2019), made here at the images' own
size; where the published `CIFAR-10-C` archive lies in the data folder, it is used for CIFAR-10, and
the caption says so. Frost has ice of its own instead of the original's photos.
""",
    "robustness.steps": """
AFN is usually tested with the statistics of the **test batch**, BN with **running averages**. Most
shifts change those statistics, so that test-batch statistics alone undo much of the harm. To be
fair to both, the way from one to the other is walked in steps:

1. **BN, running**: as BN is normally used.
2. **BN, test batch**: the same weights, the statistics of the test batch.
3. **AFN, networks frozen**: the network that was trained with AFN, its encoder-decoders shown the
   averages of training whatever the batch, so that they answer constants.
4. **AFN**: its encoder-decoders see the batch and adapt.

Each gain is over the step before, on the same images, with its paired 95 % interval. An interval
that includes 0 may be chance. Another seed would move all of them a little: see several before
you conclude.
""",
    "robustness.batches": """
Accuracy under the corruption chosen above against the number of images in a test batch. Solid:
images as they come. Dashed: sorted by class, so that a batch holds few classes (**label shift**).
Thin level lines do not depend on the batch: running averages, or statistics of each image alone.
A last batch that is not full is tested as it is.
""",
    "robustness.classes": """
Clean images, in test batches that hold 1 to 10 classes in equal shares. Every image is asked
about once, and batches are as large for every number of classes: what differs is the mix alone.
Statistics of a test batch are those of its classes, so that a batch of cats alone is moved to where
a mixed batch lies, and what told them from dogs is subtracted. Running averages and statistics of
each image do not see the batch. Dashed: AFN with frozen networks; the distance to the solid line is
what their adapting adds or costs. Open diamonds: images sorted by class, as a plain list is.

So test-batch statistics trade one shift for another: they undo a corruption that the whole batch
has, and pay where classes come in runs, as from a camera that looks at one thing for a while.
""",
    "calibration": """
A network that is 80 % sure should be right on 80 % of such answers. Answers to the fifteen standard
corruptions are sorted into 15 bins by their confidence (the softmax probability of the answer). In
the diagram a line is how often the answers of a bin are right: below the diagonal a network is
**too sure**, above it too modest; large dots are bins of many answers.

The **expected calibration error** is the mean distance to the diagonal, each bin weighing as many
answers as it has (Guo et al. 2017), test by test; told is the mean over the tests. Intervals are a
bootstrap over images, the same for all tests; one seed each, so that they say nothing of another
training. Chance alone lifts the error by some thousandths.
""",
    "robustness.grid": """
Every corruption at every severity, on the same images for all models. Hover a cell for its 95 %
interval (Wilson's for an accuracy, paired for a difference), the number of images and their source.

**mCE**, the mean corruption error: for each of the fifteen standard corruptions the errors of a
model over all severities divided by the baseline's, and their mean; below 1 is better than the
baseline. The four marked *extra* do not count in it. Nor does anything count that changes none
of the images, as *saturate* does not change grey ones: a line says what is left out.

Means over many tests take the image as the unit: each image has one mean over all tests, and the
interval is over images.
""",
    "dynamics.equations": r"""
**The equations**

$$
\begin{aligned}
\hat\mu &= \lambda_\mu\,\mu_{\text{stan}} + (1-\lambda_\mu)\,\mu \\
\hat\sigma &= \lambda_\sigma\,\sigma_{\text{stan}} + (1-\lambda_\sigma)\,\sigma \\
\hat\gamma &= \lambda_\gamma\,\mathrm{sigmoid}(\cdot) + \gamma \\
\hat\beta &= \lambda_\beta\,\tanh(\cdot) + \beta
\end{aligned}
$$

Each $\lambda = \mathrm{sigmoid}(\text{logit})$, one of each a layer. All at 0: AFN is batch norm,
ASRNorm instance norm. The learned parameter is the logit, and what moves it is

$$
\frac{\partial L}{\partial\,\text{logit}} = \lambda(1-\lambda)\,\frac{\partial L}{\partial\lambda}.
$$

With the published code's *linear gate* λ_γ and λ_β have no sigmoid: the parameter is λ itself.
""",
    "dynamics.look": r"""
**What to look for**

1. **Do λ grow?** Then more of what the small networks say lowers the loss; it may be a constant,
   as *Did the networks learn?* shows. From a start near 0 the factor $\lambda(1-\lambda)$ is
   0.045 for λ_μ, λ_σ and 0.0067 for λ_γ, λ_β: gradients arrive shrunk by that much, so a λ that
   stays may be *held* rather than *content*. Compare a start at 0.5, or a larger learning rate for
   λ.
2. **Is the gradient tame?** The reason given for the small start is a calm beginning. See whether
   the gradient is largest in the first steps and falls; a start at 0.5 shows the difference.
3. **What comes of it?** A share is not an effect. $|\hat\mu-\mu|/\sigma$ says how far the mean
   is moved, in standard deviations, and $\hat\sigma/\sigma$ what becomes of the spread. With
   λ = 0.05 both can differ little from 0 and 1: then the layer is almost plain batch norm,
   whatever its name.
""",
    "dynamics.movement": r"""
**Left.** The start of every small network (an encoder with two decoders) is drawn from the seed, so
it can be drawn again and held against what training made of it. To the right: how much of a matrix
still lies along its start, whose length is 1. Upwards: how much lies across it, which is what was
learned. Weight decay alone moves along the axis towards 0; how far is computed from the learning
rates of all steps, momentum included, as if no gradient had come. The arrow is all networks
together; a dot is one layer's standardization network, a diamond its rescaling network, hollow and
grey where all its hidden units are dead.

**Right.** How much an answer, times its λ, changes from clean images to corrupted ones (standard
deviation between the conditions; root mean square over channels), in percent of what it acts on: σ
for mean and spread, γ̂ for scale and shift. Hollow: the same of what is measured, $(1-\lambda)$
times. Each step to the right is ten times as much. A network whose answers do not change is a
constant, however large its λ.

A hidden unit is **dead** if it is 0 for every batch shown. Rescaling networks have C/16 of them,
often one or two: where all are, $\gamma_{net}$ or $\beta_{net}$ is the same whatever is shown.
""",
    "dynamics.depth": """
The norm layers from the input to the output; hollow where a λ began, filled where it ended. In a
deep network one end may move and the other not.
""",
    "rescaling.ridges": r"""
Each ridge is a distribution over the channels of a layer: high where many channels have such a
value (a kernel density, each scaled to the same height). From top to bottom the network learns; the
chosen step stands out, its channels are the strokes below it.

All start at $\gamma = 1$, $\beta = 0$ and spread as channels find their roles. A channel whose
$\hat\gamma$ goes to 0 is switched off; where $\hat\beta$ is far below 0, the ReLU behind it lets
little through.
""",
    "rescaling.channels": r"""
A dot per channel; its line leads to where the channel was at the first snapshot. Diamonds with a
number **stand apart**: further from the median than 3.5 robust standard deviations (1.4826 times
the median absolute deviation) and than 0.05.
""",
    "rescaling.differences": r"""
The trained network is shown its own clean test images and others, and each layer's
$\hat\gamma$ and $\hat\beta$ are compared.

- **BN**: both are parameters. Whatever it is shown, they are the same: exactly 0, by construction.
- **AFN**: $\hat\gamma = \lambda_\gamma\,\mathrm{sigmoid}(\cdot) + \gamma$ of the batch's
  statistics. The sigmoid lies in (0, 1), so no batch can differ from another by more than
  $\lambda_\gamma$, and in $\hat\beta$ by more than $2\lambda_\beta$. From a start at 0.0067
  that is little.
- **ASRNorm**: the same of each image's own statistics, so images of one condition differ as well:
  the grey band. Where dots lie within it, the corruption matters less than which image it is.
""",
    "learning": r"""
**Loss** is the mean cross-entropy of a training batch: how surprised the network is by the right
answer, in nats (guessing among ten classes is $\ln 10 = 2.30$). The faint line is every step,
the strong one the mean of the last steps, as many as the panel says.

**Training accuracy** is counted on the batch before the step. **Test accuracy** is counted on
images that training never sees, in evaluation mode, with the statistics that the caption names.
""",
    "lambda": r"""
AFN and ASRNorm let a small network (encoder-decoder) propose statistics and mix them in with a
share that is learned:

$$
\begin{aligned}
\hat\mu &= \lambda_\mu\,\mu_{\text{stan}} + (1-\lambda_\mu)\,\mu \\
\hat\sigma &= \lambda_\sigma\,\sigma_{\text{stan}} + (1-\lambda_\sigma)\,\sigma \\
\hat\gamma &= \lambda_\gamma\,\mathrm{sigmoid}(\cdot) + \gamma \\
\hat\beta &= \lambda_\beta\,\tanh(\cdot) + \beta
\end{aligned}
$$

Each layer has one of each λ, kept between 0 and 1 as $\lambda = \mathrm{sigmoid}(\text{logit})$.
At 0 AFN is batch norm and ASRNorm instance norm. The paper starts them near 0 so that training
begins calmly. Since $\mathrm{d}\lambda/\mathrm{d}\,\text{logit} = \lambda(1-\lambda)$ is tiny
there, a short run moves λ by thousandths: each panel is scaled to what moves and says its range.
Raise the λ learning-rate factor to let it travel.
""",
    "distribution": r"""
After standardizing, a layer scales and shifts each channel: $y = \hat\gamma\,\hat x + \hat\beta$.
Each dot is one channel; the box holds the middle half of them. All start at $\gamma = 1$,
$\beta = 0$ (AFN and ASRNorm a little off, by what the networks add) and spread as channels find
their roles. Drag the slider, or press play, to see it happen. ASRNorm's values differ from image
to image; shown is their mean over the batch.
""",
    "gradients": r"""
**Gradient norm**: the length of the gradient of all parameters together,
$\lVert\nabla\rVert = \sqrt{\sum_i g_i^2}$. Spikes mean that a step could have thrown the network
far; the paper claims that small λ at the start keeps it tame. **Images per second** counts
training steps alone, over the last 20 of them, without tests and pauses.
""",
    "corruptions": r"""
The test images, damaged in the ways of CIFAR-10-C, at the chosen severity; the same pixels for
every contender. Whiskers are 95 % Wilson intervals: with $n$ images an accuracy $p$ is known to
about $\pm 2\sqrt{p(1-p)/n}$. Mind the statistics mode in the caption: batch norm with the *test
batch's* statistics is itself far more robust to contrast and brightness than with running
averages, so compare like with like before you credit a network.
""",
    "ablations.pareto": """
Each dot is one setting: to the right what its training takes, upwards the figure chosen above.
The dotted line joins the settings that **nothing cheaper beats**. Time is the processor's, as it
was while the sweep ran, one network on each core; the Cost page measures it with more care.
""",
    "cost": """
**Training step** and **inference** are times on one CPU thread, memory format channels_last,
medians of alternating steps, each taken right after another of its norm. A network's training step
is forward, loss, backward and SGD; a layer's is forward and backward. "Freed memory kept": the
process does not hand memory back to the system between steps, which would make some steps pay for
getting it anew, by chance.

**Peak memory** is the most that one training step allocates on top of weights and batch, from the
allocator's own log: above all what each layer keeps for its backward pass.

**Statistics at inference**: AFN and BN use running averages here, which makes them one fixed scale
and shift; ASRNorm, IN, GN and LN measure each image, BIN does both. Training always measures.

**MACs** (multiply-accumulates) count the arithmetic of one image at inference: convolutions,
linear layers, one per value for a norm's scale and shift, two for measuring mean and variance, and
ASRNorm's small networks. **Time is not MACs**: a norm does next to no arithmetic, but it reads and
writes every value, so it waits for memory. A convolution does hundreds of MACs with each value that
it reads; a norm does one to three.
""",
}
