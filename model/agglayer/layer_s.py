"""The AggLayer as the post of February 2024 describes it: the chains and the AggLayer, put together.

Atomic bundles are a model of their own, `bundles.py`.  `README.md` says what is completed and left out.
"""

