"""What is kept: strategies, each night's run, and its decisions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Absence, Book, User
from recoup.portfolio.models import Case, ContactPoint


class StrategyVersion(models.Model):
    """A strategy as it was written: the YAML text, its hash, and whether it is in force."""

    class State(models.TextChoices):
        DRAFT = "draft"
        ACTIVE = "active"
        RETIRED = "retired"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="strategies")
    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    source = models.TextField()
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)
    activated_at = models.DateTimeField(null=True)
    activated_by = models.CharField(max_length=80, blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "name", "version"], name="strategy_once"),
            models.UniqueConstraint(
                fields=["book"], condition=models.Q(state="active"), name="strategy_one_active"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Plan(models.Model):
    """
    The decisions of one night: what was admissible, what the budgets bought, what they were worth.

    `file` holds one row for every case, the decisions to do nothing too, with propensities.
    `budgets` has what was `used` of the `most` of each, `prices` what one more unit would have won,
    in minor units. `refused` counts why nothing was done, `rules` the rules that fired, once for
    each case and channel. `effects` says whose effects it was made with: `version` of the model or
    null, `measured` treatments, and `assumed` ones with why.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="plans")
    strategy = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT)
    on = models.DateField()
    at = models.DateTimeField()
    file = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    chosen = models.BigIntegerField()
    budgets = models.JSONField(default=dict)
    prices = models.JSONField(default=dict)
    certificate = models.JSONField(default=dict)
    refused = models.JSONField(default=dict)
    rules = models.JSONField(default=dict)
    effects = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "on"], name="plan_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.book_id} {self.on}"


class Decision(models.Model):
    """
    One action chosen for one case and day.

    `arm` is the arm of the champion-challenger experiment, `propensity` the chance that this
    action was chosen (0 < p <= 1), `offer` the envelope no later stage may leave, `reason` data
    for one sentence, `not_before` and `not_after` the window in UTC. Contacts need a
    `contact_point`; a task for a collector (`channel="task"`) has none. `takes` is what it holds of
    the plan's budgets, in hundred-thousandths of their units. One chosen anew after an event
    belongs to the night whose prices chose it.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        DONE = "done"
        REFUSED = "refused"
        LAPSED = "lapsed"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="decisions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="decisions")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    on = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    segment = models.CharField(max_length=40)
    treatment = models.CharField(max_length=60)
    step = models.PositiveIntegerField(default=0)
    channel = models.CharField(max_length=10)
    template = models.CharField(max_length=60, blank=True)
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, null=True)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    arm = models.CharField(max_length=40)
    propensity = models.FloatField()
    value = models.BigIntegerField(default=0)
    priority = models.IntegerField(default=0)
    offer = models.JSONField(default=dict)
    assignee = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    reason = models.JSONField(default=dict)
    takes = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "case", "channel"],
                condition=~models.Q(state="lapsed"),
                name="decision_once_a_channel",
            ),
            models.UniqueConstraint(
                fields=["plan", "case"],
                condition=models.Q(state="waiting"),
                name="decision_one_waiting",
            ),
            models.CheckConstraint(
                condition=models.Q(propensity__gt=0, propensity__lte=1), name="decision_propensity"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["book", "on", "state", "not_before"], name="decision_due"),
            models.Index(fields=["case", "on"], name="decision_case"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.on} {self.treatment}"


class ArmLook(models.Model):
    """
    One night's look at an arm beside the champion, valid at all looks together.

    `difference`, `low` and `high` are of the recovery rate (null where nothing can be said yet);
    `harm` has for each guarded measure the `excess` over the champion, the `least` that is proven
    and the `margin` allowed; `doubt` says why nothing is decided.
    """

    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="looks")
    arm = models.CharField(max_length=40)
    on = models.DateField()
    cases = models.PositiveIntegerField()
    difference = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    p_value = models.FloatField()
    decided = models.CharField(max_length=12)
    doubt = models.CharField(max_length=300, blank=True)
    harm = models.JSONField(default=dict)

    objects = ScopedManager(creditor="version__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "arm", "on"], name="arm_look_once_a_night")
        ]

    def __str__(self) -> str:
        return f"{self.arm} {self.on}"


class ArmStop(models.Model):
    """
    An arm that was stopped for harm. While `restarted_at` is empty its cases go the champion's way.

    It holds for the experiment (`salt`), whatever version is in force: a changed text does not
    restart it, a person does. `figures` are what was seen of the measure.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="arm_stops")
    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT)
    salt = models.CharField(max_length=60)
    arm = models.CharField(max_length=40)
    on = models.DateField()
    at = models.DateTimeField()
    measure = models.CharField(max_length=20)
    figures = models.JSONField(default=dict)
    restarted_on = models.DateField(null=True)
    restarted_at = models.DateTimeField(null=True)
    restarted_by = models.CharField(max_length=80, blank=True)
    restart_reason = models.CharField(max_length=300, blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "salt", "arm"], condition=models.Q(restarted_at=None),
                name="arm_stopped_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.arm} {self.on}"


class EffectModel(models.Model):
    """
    Effects of a book's treatments, measured on its own log, with how they were judged.

    `card` is what `effects.queries.curves` shows; `file` the model itself under the data folder,
    checked by `digest`; `data_digest` of the rows and seed it was learnt from.
    """

    class State(models.TextChoices):
        CHAMPION = "champion"
        RETIRED = "retired"
        NOT_TRAINABLE = "not_trainable"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="effect_models")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=14, choices=State.choices)
    trained_at = models.DateTimeField()
    trained_from = models.DateField(null=True)
    trained_to = models.DateField(null=True)
    data_digest = models.CharField(max_length=64, blank=True)
    file = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    card = models.JSONField(default=dict)
    why_not = models.TextField(blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "version"], name="effects_version_once"),
            models.UniqueConstraint(
                fields=["book"], condition=models.Q(state="champion"), name="effects_one_champion"
            ),
        ]

    def retire(self) -> None:
        """Take the model out of use."""
        self.state = self.State.RETIRED
        self.save(update_fields=["state"])

    def __str__(self) -> str:
        return f"effects v{self.version}"


class RiskModel(models.Model):
    """
    A risk of contact measured on the book's own log: how likely it ends in a complaint.

    `card` holds the model and how it was judged; `data_digest` is of the rows it was learnt from.
    """

    class Kind(models.TextChoices):
        COMPLAINT = "complaint"

    class State(models.TextChoices):
        CHAMPION = "champion"
        RETIRED = "retired"
        NOT_TRAINABLE = "not_trainable"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="risk_models")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=14, choices=State.choices)
    trained_at = models.DateTimeField()
    trained_from = models.DateField(null=True)
    trained_to = models.DateField(null=True)
    data_digest = models.CharField(max_length=64)
    card = models.JSONField(default=dict)
    why_not = models.TextField(blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "kind", "version"], name="risk_version_once"),
            models.UniqueConstraint(
                fields=["book", "kind"], condition=models.Q(state="champion"),
                name="risk_one_champion",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"


class Assignment(models.Model):
    """
    One hand-out of cases (分案): a night's, or a morning's when somebody is away.

    `file` holds a row for every case that was looked at, with why; `left` counts why cases have
    nobody, `people` sums the hands, `fairness` is what bands of value cost. `away` is whose cases
    were taken over, and `undone_at` when they were given back.
    """

    class Cause(models.TextChoices):
        NIGHT = "night"
        ANEW = "anew"
        COVER = "cover"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="assignments")
    cause = models.CharField(max_length=5, choices=Cause.choices)
    on = models.DateField()
    at = models.DateTimeField()
    file = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    given = models.BigIntegerField()
    moved = models.BigIntegerField()
    left = models.JSONField(default=dict)
    people = models.JSONField(default=list)
    certificate = models.JSONField(default=dict)
    fairness = models.JSONField(default=dict)
    away = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    absence = models.ForeignKey(Absence, on_delete=models.PROTECT, null=True)
    undone_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "on"], condition=models.Q(cause="night"),
                name="assignment_once_a_night",
            ),
            models.CheckConstraint(
                condition=models.Q(cause="cover", away__isnull=False)
                | (~models.Q(cause="cover") & models.Q(away=None)),
                name="assignment_covers_somebody",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["book", "-at"], name="assignment_newest")]

    def __str__(self) -> str:
        return f"{self.book_id} {self.on} {self.cause}"
