"""Behind each prediction of a lesson: the idea that makes somebody choose it.

A teacher reads them beside the class's votes. Which one came true the data say, so none is called
wrong here.
"""

BEHIND: dict[str, tuple[str, ...]] = {
    "axes": (
        "Normalizing is thought of as harmless scaling: what is faint stays faint.",
        "A deviation is taken to be the same everywhere, in corners as in the middle.",
        "Where nothing ever varies, the deviation is nearly nothing, and dividing by it is not.",
    ),
    "sharing": (
        "Only batch norm has the batch in its name.",
        "Groups are thought of as groups of images.",
        "A mean is thought of as taken over all that is there.",
    ),
    "measuring": (
        "Batch norm is named for the batch: without it, it should not be batch norm any more.",
        "To normalize is thought of as centring; a mean left in should spoil every layer.",
        "Whoever measures nothing cannot know how large a signal is.",
        "Training is expected to make up for whatever a layer leaves out.",
    ),
    "small-lambda": (
        "Training is expected to repair any start, given the same images.",
        "A bad start is expected to cost something, as a detour does.",
        "A statistic that an untrained network proposes is expected to ruin every layer behind it.",
        "More freedom is expected to be better: why hold the networks back?",
    ),
    "landscape": (
        "What training arrived at is expected to be a good place, or a flat one.",
        "Damaged images are expected to need a little more correction than clean ones.",
        "The networks are what the method is named for: more of them should repair more.",
    ),
    "gain": (
        "The next norm layer takes out any scale, so that nothing is left of it.",
        "One layer's gain reaches the output; the others are normalized away.",
        "Some of the gain is expected to be passed on from layer to layer.",
        "Factors in a chain multiply: two to the power of nineteen.",
    ),
    "networks": (
        "What the method is named for is expected to do the work.",
        "Small networks with a small λ are expected to do a little.",
        "With λ near 0.05 they move statistics hardly at all, so nothing is left to lose.",
        "Corrections that were learned on clean images may point the wrong way on damaged ones.",
    ),
    "bounded": (
        "λ moves slowly: it is expected to stay where it began.",
        "A share is thought of as something between 0 and 1, gate or not.",
        "Nothing holds it: without a gate a share may be negative, or more than all.",
    ),
    "batch-size": (
        "Means of four images are noisy, and noise is expected to harm.",
        "Whoever needs the batch is expected to lose against whoever does not.",
        "More steps may make up for noisier ones; three seeds are few.",
        "Smaller batches mean more steps, and noise may regularize.",
    ),
    "hidden-hero": (
        "The same weights are expected to give the same answers.",
        "Statistics that fit are expected to help somewhat.",
        "Pale images shift the very mean and deviation that the test batch corrects.",
        "Statistics of a test batch are thought of as noise, or as cheating that backfires.",
    ),
    "one-image": (
        "A single image's mean and deviation are not a batch's, for either of them.",
        "Networks are thought of as fragile: what they never saw confuses them.",
        "Networks are thought of as robust: they are there to correct statistics.",
        "An image is expected to be normalized by its own statistics anyhow.",
    ),
    "adapting": (
        "Who learns from one's own answers learns one's own mistakes.",
        "Learning is expected to help, and more of it to help more.",
        "Without labels there is nothing to learn from, so nothing can change much.",
    ),
    "price": (
        "Time is thought to follow the number of multiplications.",
        "Some overhead is expected, not much.",
        "Many small operations take longer than one large one.",
    ),
}
