"""What the page says of its controls and figures."""

HELP = {
    "search": "Each word is looked for in names, tags, norms, data sets, backbones and statuses.",
    "brush": "A line a run: drag along an axis, or move a brush's ends by the arrow keys; the "
    "table keeps what lies within.",
    "tags": "Yours to choose; they stay with the runs, and the search finds them.",
    "recorded": "Recorded here, in a loop of somebody's own: it is shown below, and on λ dynamics "
    "and γ/β.",
    "recorded lr": "Of the optimizer's first group; the others go with it.",
    "control": "The loop takes it over where it next calls `run.control()`.",
    "step": "There is one checkpoint at the end of each epoch, and one where the run was "
    "stopped. From the last one on, raise the epochs.",
    "norm": "Another norm takes over what it has by the same name and shape, γ, β and running "
    "averages for instance; its other tensors start fresh.",
    "lr": "With a schedule, where the schedule begins.",
    "epochs": "Counted from the beginning of the run that is forked.",
    "lambda": "Put into all layers at the checkpoint; an empty field leaves λ as it is. The "
    "logit 0 is λ = 0.5; with a linear gate the value is λ itself.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "recorded": "What the loop said at each step: thin as it came, strong on average over the last "
    "20. Tests are those of `run.evaluate`; each number that it logged has a panel of its own.",
    "recorded gradient": "The norm of the whole gradient, read every few steps, and the learning "
    "rate of the optimizer's first group.",
    "drift": "What a layer remembers (its running mean and deviation, by which it is tested) "
    "against what it was given in the step at hand, on average over its channels. Near 0 and 1 a "
    "test sees what training saw.",
}
"""Of figures."""
