"""Engines: siblings behind `contract`, none of which knows another."""
