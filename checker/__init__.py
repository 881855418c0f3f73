"""Interlock: check cross-chain protocols written as plain typed Python."""

__version__ = "0.1.0"
