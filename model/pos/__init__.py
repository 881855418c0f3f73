"""Polygon PoS: the Ethereum contracts, Heimdall, and Bor."""
