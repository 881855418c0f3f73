"""The AggLayer: the seed design (layer S), and the systems that were built after it."""
