"""Pretrained models: what is trained, how, and what came of it.

`plan` says which models there are, `cards` reads what was shipped, `results` is the table of all
seeds; none of these needs torch. `load` gives a model, `train` makes one.
"""
