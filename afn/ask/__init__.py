"""Accuracy over corruptions, severities and domains.

`measure` and `domains` make the cells, `records` keeps them.
"""
