"""What the page says of its controls and figures."""

HELP = {
    "search": "Each word is looked for in names, tags, norms, data sets, backbones and statuses.",
    "brush": "A line a run: drag along an axis, or move a brush's ends by the arrow keys; the "
    "table keeps what lies within.",
    "tags": "Yours to choose; they stay with the runs, and the search finds them.",
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
