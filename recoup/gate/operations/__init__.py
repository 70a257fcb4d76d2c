"""What changes at the gate: permits, restrictions, texts and senders."""

from recoup.gate.operations.approvals import (
    PERMISSION,
    ask_approval,
    decide_approval,
    revoke_approval,
)
from recoup.gate.operations.computing import compute_marks
from recoup.gate.operations.declaring import declare, withdraw_declared
from recoup.gate.operations.ending import (
    expire,
    release,
    release_many,
    settle_counters,
    settle_many,
)
from recoup.gate.operations.permits import (
    Wish,
    request,
    request_contact,
    request_contacts,
    request_many,
)
from recoup.gate.operations.restrictions import (
    consent,
    lift,
    lift_opt_out,
    opt_out,
    stop,
    take_restrictions,
    withdraw,
)
from recoup.gate.operations.telling import is_held
from recoup.gate.operations.templates import (
    add_template,
    approve_template,
    check_text,
    end_sender,
    install_templates,
    read_template,
    register_sender,
    withdraw_template,
)
from recoup.gate.operations.uses import Use
from recoup.gate.operations.using import use, use_many

__all__ = [
    "PERMISSION",
    "Use",
    "Wish",
    "add_template",
    "approve_template",
    "ask_approval",
    "check_text",
    "compute_marks",
    "consent",
    "decide_approval",
    "declare",
    "end_sender",
    "expire",
    "install_templates",
    "is_held",
    "lift",
    "lift_opt_out",
    "opt_out",
    "read_template",
    "register_sender",
    "release",
    "release_many",
    "request",
    "request_contact",
    "request_contacts",
    "request_many",
    "revoke_approval",
    "settle_counters",
    "settle_many",
    "stop",
    "take_restrictions",
    "use",
    "use_many",
    "withdraw",
    "withdraw_declared",
    "withdraw_template",
]  # fmt: skip
