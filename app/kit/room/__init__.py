"""Rooms: a class predicts, sees and argues together, on phones and before a projector.

A `Script` is what a page gives to be gone through, a `Room` one class that goes through it, and
`ROOMS` the routes by which phones and the projector reach theirs. No page is known here.
"""
