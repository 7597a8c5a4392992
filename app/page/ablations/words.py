"""What the page says of its controls and figures."""

HELP = {
    "source": "What came along with the program, or what was trained on this machine, as far as "
    "it is.",
    "forget": "Its runs and results stay: build the same sweep again, and they are found.",
    "seeds": "How often every setting is trained. Below three no difference is called better or "
    "worse.",
    "domains": "The finished networks are asked the clean images of these too, brought to their "
    "size and channels.",
    "values": "paper, reference, open or off, or the logit at which all four λ start: −3 is λ = "
    "0.047, 0 one half.",
    "shown": "The figure itself, or its difference to the baseline, paired by seed, so that what "
    "both share cancels.",
    "baseline": "What differences and the badges in the table are held against.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "pareto": """
To the right what a setting's training takes, upwards the figure chosen above. The dotted line joins
what **nothing cheaper beats**. Time is the processor's while the sweep ran; the Cost page measures
it with more care.
"""
}
"""Of figures and sections, beside their headings."""
