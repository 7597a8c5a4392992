"""A screen as one HTML file, to hand out: it opens anywhere, without a network.

`screen` is what a page says while it is drawn; `offer_file` the button at its end, which makes a
`Document` of that when it is pressed. A page that is to say more, or less, than it draws gives
`Screen.whole`. Whoever makes such a file without a page, makes a `Document` of parts (`parts.py`).
"""
