"""Proof of Efficiency: the design of the post, February 2022, and the contracts that were built from it."""
