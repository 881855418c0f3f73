"""The AggLayer as the post of February 2024 describes it: the chains and the AggLayer, put together.

Atomic bundles are a model of their own, `bundles.py`.  `README.md` says what is completed and left out.
"""

from model.agglayer.aggregation import (
    confirm as confirm,
)
from model.agglayer.aggregation import (
    confirm_aside as confirm_aside,
)
from model.agglayer.aggregation import (
    confirm_jointly as confirm_jointly,
)
from model.agglayer.aggregation import (
    eject as eject,
)
from model.agglayer.aggregation import (
    finalize as finalize,
)
from model.agglayer.aggregation import (
    preconfirm as preconfirm,
)
from model.agglayer.aggregation import (
    preconfirm_aside as preconfirm_aside,
)
from model.agglayer.aggregation import (
    resume as resume,
)
from model.agglayer.aggregation import (
    stop as stop,
)
from model.agglayer.chains import (
    add_dependency as add_dependency,
)
from model.agglayer.chains import (
    build as build,
)
from model.agglayer.chains import (
    build_invalid as build_invalid,
)
from model.agglayer.chains import (
    build_pair as build_pair,
)
from model.agglayer.chains import (
    change_list as change_list,
)
from model.agglayer.chains import (
    choose_modes as choose_modes,
)
from model.agglayer.chains import (
    discard as discard,
)
from model.agglayer.chains import (
    equivocate as equivocate,
)
from model.agglayer.chains import (
    prove as prove,
)
from model.agglayer.chains import (
    prove_falsely as prove_falsely,
)
from model.agglayer.chains import (
    settle_directly as settle_directly,
)
from model.agglayer.chains import (
    stop_proving as stop_proving,
)
from model.agglayer.chains import (
    withhold_data as withhold_data,
)
from model.agglayer.headers import (
    State as State,
)
