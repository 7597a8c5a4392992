"""Adapting at test time: a stream of images, and networks that live on it."""
