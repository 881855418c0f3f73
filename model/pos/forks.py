"""Forks, milestones and checkpoints of Polygon PoS, put together: can what is final on Bor and on Ethereum differ?

The imports are the model: the actions that a file names are those that run.
"""

from interlock.model.pos.anchors import land, sign, vote
from interlock.model.pos.coins import choose_burns, pay_exit
from interlock.model.pos.heads import settle, switch
from interlock.model.pos.milestones import finalize, hear, inject
from interlock.model.pos.nodes import State
