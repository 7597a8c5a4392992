"""What is computed aside: a queue, the processes that execute it, and what they say meanwhile."""
