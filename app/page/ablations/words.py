"""What the page says of its controls and figures."""

HELP = {
    "source": "Precomputed: what came along with the program. Live: what was trained on "
    "this machine, as far as it is.",
    "forget": "Its runs and their results stay: build the same sweep again, and they are found.",
    "seeds": "How often every setting is trained, from other start weights and in "
    "another order of the images. Below three no difference is called better or worse.",
    "domains": "The finished networks are asked the clean images of these data sets "
    "too, brought to their size and channels.",
    "values": "paper, reference, open or off, or a number: the logit at which all four λ "
    "start. −3 is λ = 0.047, 0 is one half.",
    "shown": "The figure itself, or its difference to the baseline, paired by seed: the "
    "same seed has the same start weights and order of images, so that what both share cancels.",
    "baseline": "What differences and the badges in the table are held against.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "pareto": """
Each dot is one setting: to the right what its training takes, upwards the figure chosen above.
The dotted line joins the settings that **nothing cheaper beats**. Time is the processor's, as it
was while the sweep ran, one network on each core; the Cost page measures it with more care.
""",
}
"""Of figures and sections, beside their headings."""
