"""Looking inside a norm layer while it works: what it was asked, every step, and what comes out."""
