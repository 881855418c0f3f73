"""What do native code and Python tell each other?  Words of memory, by name.

Rule of the module: all that a native thread knows is in its own context and in the memory it points to, so a
thread can stop after any state, be looked at, be given more memory and go on.
"""

from __future__ import annotations

import enum
from typing import Final

from interlock.checker.native.code.text import Address

CTX: Final = Address("%c")  # of a function whose first parameter is a context
NONE: Final = (1 << 64) - 1  # in the place of a block, an item, an instance or a number: there is none
ABSENT: Final = -1  # the same word, as LLVM writes it

# A core has some ten to twenty cache lines on their way from memory at once: AHEAD is several times as many, so that what
# is inserted has come; BATCH is half of it, so that little is done between two batches.
BATCH = 32  # successors that are inserted at a time
AHEAD = 64  # successors that wait meanwhile, and whose memory is fetched
BUFFER = 512  # successors after which all are inserted, and their buffer is used from its start: keys and hashes are
# 8 KiB then, and stay in the first cache
LINE = 8  # cells of the table that are looked at together: the 64 bytes of a cache line
BLOCK = 1024  # states of the frontier that a thread takes or hands over at a time, by one atomic addition
BLOCK_WORDS = BLOCK + BLOCK // 4  # of a block: keys, and then in 16 bits for each the instance that led to it
KEEPS_STATES, KEEPS_STEPS = 1, 2  # what is known of an instance: what is claimed of states, and of steps, stays true
GRANT = 1024  # states that a thread asks room for at a time, by one atomic addition
PARENTS = 4  # wide states that are at work at once: a power of two, more than the three whose successors have no keys
FAR = 1 << 17  # places of a tree from which on they are asked for ahead of time: of 4 bytes each, they fill half a
# megabyte, and with the parts no longer lie in a core's second cache


class Ctx(enum.IntEnum):
    """The words of a thread's context."""

    # what all threads share; each context has a copy of the addresses
    TABLE = 0
    SLOTS = enum.auto()
    LINES = enum.auto()  # SLOTS / LINE
    TAG = enum.auto()  # what a cell has above the key: the depth + 1, or 1 where SIDE has the depth
    SIDE = enum.auto()  # depths beside the table, or 0
    SIDE_WIDE = enum.auto()  # whether those have 32 bits, not 16
    DEPTH = enum.auto()  # steps from an initial state to those that are being found
    SHARED = enum.auto()
    ATOMIC = enum.auto()  # whether other threads run
    ITEMS = enum.auto()  # of the tree: the parts of wide states
    PLACES = enum.auto()  # of the tree: where each part is among the items
    PLACE_COUNT = enum.auto()
    POOL = enum.auto()  # the blocks of the frontier
    BLOCKS = enum.auto()
    COUNTS = enum.auto()  # by block: its states
    LEVEL = enum.auto()  # the blocks to expand
    LENGTH = enum.auto()  # how many blocks LEVEL has
    LIMIT = enum.auto()  # how many of them are taken before a pause
    NEXT_LEVEL = enum.auto()  # the blocks that were filled; 0 where the table alone says what was found
    MOVERS = enum.auto()  # per instance a row of bits: bit j is set if instance j is a left mover over it (ADR 8); or 0
    MOVER_WORDS = enum.auto()  # words of a row
    KEPT = enum.auto()  # per instance a byte of KEEPS_STATES and KEEPS_STEPS: what need not be checked after it (ADR 8)
    # its own
    FREE = enum.auto()  # blocks that it may fill
    FREE_COUNT = enum.auto()
    TAKEN_BLOCK = enum.auto()  # the block it expands, or NONE
    POSITION = enum.auto()
    FILLED_BLOCK = enum.auto()  # the block it fills, or NONE
    FILLED = enum.auto()
    ALLOWANCE = enum.auto()  # states it may insert before it asks for room
    ITEM_ALLOWANCE = enum.auto()
    MEMO = enum.auto()  # parts of wide states that it met lately, each with its number + 1
    MEMO_SHIFT = enum.auto()  # which of the high bits of a part's hash say where it is remembered
    SPARE_ITEM = enum.auto()  # an item it took and did not need, or NONE
    PENDING = enum.auto()  # successors, as the model's code writes them
    KEYS = enum.auto()  # their keys
    HASHES = enum.auto()
    LATER = enum.auto()  # which of those wait for a second line of the table
    IDS = enum.auto()
    WAITING = enum.auto()
    INSERTED = enum.auto()  # how many of those were inserted
    STAGED = enum.auto()  # how many of those have keys and hashes
    COUNT = enum.auto()  # states it found
    EXPANDED = enum.auto()
    TRANSITIONS = enum.auto()
    TERMINAL = enum.auto()
    FIRED = enum.auto()
    ERR = enum.auto()  # where an action's error is reported: its instance number, or NONE
    NOTES = enum.auto()
    STATE = enum.auto()  # the state at work; of wide states, several
    STATE_NODES = enum.auto()  # their trees
    ASKED = enum.auto()  # places of the tree that were asked for: of the successors of a state, and of the one before
    ASKED_ROOM = enum.auto()  # how many of each there is room for
    LEVELS_LEFT = enum.auto()  # levels that it may begin by itself
    MANY = enum.auto()  # blocks of a level that are worth several threads
    PLENTY = enum.auto()  # states found by it after which it begins no level by itself
    PROBE = enum.auto()  # look for errors and deadlocks only
    LEAST = enum.auto()  # of `@lost`: the least depth so far
    # of a search that keeps one state of each orbit
    REAL = enum.auto()  # states in the orbits it found
    # before the first level
    INITIAL = enum.auto()  # the initial instance that comes next


class Way(enum.IntEnum):
    """The words of the context of a thread that walks."""

    # what all walks share
    SEED = 0
    LONGEST = enum.auto()  # steps of a walk
    LOOKAHEAD = enum.auto()  # whether the last state of a walk can be a deadlock or an error
    STARTS = enum.auto()  # the numbers of the enabled initial instances; 0: they are drawn from all of them
    START_COUNT = enum.auto()
    # its own
    STATE = enum.auto()  # the state that steps are replayed from
    IDS = enum.auto()  # the enabled instances of a state
    AFTER = enum.auto()  # the states that they lead to
    CODES = enum.auto()  # by instance: what is wrong with its step or with that state
    COUNT = enum.auto()  # how many are enabled
    ERR = enum.auto()  # where an action's error is reported: its instance number, or NONE
    NOTES = enum.auto()
    COUNTS = enum.auto()  # steps, terminal states, and then, by instance, how often it was taken
    TRACE = enum.auto()  # instances of the walk
    LENGTH = enum.auto()  # how many
    WALK = enum.auto()  # its number
    HEAD = enum.auto()  # the initial instance it begins with
    CODE = enum.auto()  # what was found, or what is wrong with a deadlock


class Shared(enum.IntEnum):
    """Words that all threads count in, each in a cache line of its own."""

    NEXT = 0  # the next place in LEVEL to take
    FRESH = 8  # blocks of the pool that were ever used
    LISTED = 16  # blocks in NEXT_LEVEL
    ROOM = 24  # states that may be inserted, beyond what was granted
    ITEM_COUNT = 32
    ITEM_ROOM = 40


SHARED_WORDS = 48


class Status(enum.IntEnum):
    """Why a native function returned."""

    DONE = 0  # walks, a replay; of a search: nothing of the level is left to take
    PAUSED = 1
    GROW = 2
    FOUND = 3
    ERROR = 4
    DEADLOCK = 5
    UNBEGUN = 6  # of a walk: an initial action is an error, or no enabled one was drawn
