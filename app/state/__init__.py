"""The session and the URL: the only place that names session keys and query parameters.

One module per page. Every setting of a page is a widget and, unless it has its default, a query
parameter, so that the address is always a link to what is on screen.
"""
