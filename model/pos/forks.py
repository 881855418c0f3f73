"""Forks, milestones and checkpoints of Polygon PoS, put together: can what is final on Bor and on Ethereum differ?

The imports are the model: the actions that a file names are those that run.
"""
# ruff: noqa: F401

from model.pos.anchors import land, sign, vote
from model.pos.coins import choose_burns, pay_exit
from model.pos.heads import settle, switch
from model.pos.milestones import finalize, hear, inject
from model.pos.nodes import State
