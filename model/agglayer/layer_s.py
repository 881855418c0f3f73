"""The AggLayer as the post of February 2024 describes it: the chains and the AggLayer, put together.

The imports are the model: the actions that a file names are those that run.  Atomic bundles are a model
of their own, `bundles.py`.  `README.md` says what is completed and what is left out.
"""

from interlock.model.agglayer.aggregation import (
    confirm,
    confirm_aside,
    confirm_jointly,
    eject,
    finalize,
    preconfirm,
    preconfirm_aside,
    resume,
    stop,
)
from interlock.model.agglayer.chains import (
    add_dependency,
    build,
    build_invalid,
    build_pair,
    change_list,
    choose_modes,
    discard,
    equivocate,
    prove,
    prove_falsely,
    settle_directly,
    stop_proving,
    withhold_data,
)
from interlock.model.agglayer.headers import State
