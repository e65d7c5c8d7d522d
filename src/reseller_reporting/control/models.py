"""The tables of the control database. Who wants plain data asks the functions beside this module.

Owns: what the reseller decided (plans), who may log in, what was asked for and made, what left, who did what.

Invariants
- What belongs to a reseller is reached within `scoping.within(reseller)` alone: `objects` raises outside of one.
- A state changes by compare-and-set (an UPDATE that names the state before), so that two processes never both win.
- Price plans name their reseller by its key; "" is the one whose credentials this installation has.
"""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q, UniqueConstraint

from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import Scoped

# The kind of file that answers the API's questions about rated legs where nobody ordered files of them.
KEPT_LEGS = "kept_legs"
OPTIONAL_TEXT: dict[str, Any] = {"default": "", "blank": True}


class PricePlanVersion(models.Model):
    """One version of a price plan, as it was imported, to the letter."""

    reseller_id = models.CharField(max_length=64, default="", blank=True)
    plan = models.CharField(max_length=60)
    effective = models.DateField(null=True, blank=True)  # None: since ever.
    text = models.TextField()
    digest = models.CharField(max_length=64)  # SHA-256 of the text.
    imported_at = models.DateTimeField()

    class Meta:
        # SQL takes two absent dates for different ones: the second rule is for them.
        constraints = (
            UniqueConstraint(fields=("reseller_id", "plan", "effective"), name="one_text_a_version"),
            UniqueConstraint(
                fields=("reseller_id", "plan"), condition=Q(effective=None), name="one_text_of_a_plan_since_ever"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plan}@{self.effective}" if self.effective else self.plan


class PlanAssignment(models.Model):
    """Which plan a customer gets from a day on; one for a customer and day."""

    reseller_id = models.CharField(max_length=64, default="", blank=True)
    plan = models.CharField(max_length=60)
    customer = models.CharField(max_length=200)  # An id, a name, a pattern, or * for everyone.
    effective = models.DateField(null=True, blank=True)  # None: since ever.
    overrides = models.JSONField(default=dict)  # Path to value, each a text: exact on every database.

    class Meta:
        constraints = (
            UniqueConstraint(fields=("reseller_id", "customer", "effective"), name="one_plan_a_customer_and_day"),
            UniqueConstraint(
                fields=("reseller_id", "customer"), condition=Q(effective=None), name="one_plan_a_customer_since_ever"
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer}: {self.plan}"


# Who may come in.


class Reseller(models.Model):
    """A tenant: whose customers are reported on. Key "" is the one whose credentials the settings may hold."""

    key = models.CharField(max_length=64, unique=True, blank=True)
    name = models.CharField(max_length=200)
    account_id = models.CharField(max_length=64, **OPTIONAL_TEXT)  # Unknown until KAZOO was asked once.
    kazoo_url = models.CharField(max_length=500, **OPTIONAL_TEXT)  # "": that of the settings, for key "".
    sealed_credentials = models.TextField(**OPTIONAL_TEXT)  # JSON, encrypted; never shown again. See `sealing.py`.
    timezone = models.CharField(max_length=64, **OPTIONAL_TEXT)  # "": the account's, as KAZOO has it.
    currency = models.CharField(max_length=3, **OPTIONAL_TEXT)  # "": that of the settings.
    tree_read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class KnownAccount(models.Model):
    """An account of the reseller's tree as KAZOO last had it: for choosing, searching, and for who may see what."""

    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="accounts")
    account_id = models.CharField(max_length=64)
    name = models.CharField(max_length=500)
    realm = models.CharField(max_length=500, **OPTIONAL_TEXT)
    parent_id = models.CharField(max_length=64, **OPTIONAL_TEXT)
    reseller_account_id = models.CharField(max_length=64, **OPTIONAL_TEXT)
    is_reseller = models.BooleanField(default=False)
    # Every account above, root first, and this one: /a/b/c/. What is below b holds /b/.
    lineage = models.TextField()
    sought = models.TextField()  # Name, realm and id in small letters: what a search looks through.

    objects = Scoped()

    class Meta:
        constraints = (UniqueConstraint(fields=("reseller", "account_id"), name="one_row_an_account"),)
        indexes = (models.Index(fields=("reseller", "name", "account_id"), name="accounts_by_name"),)

    def __str__(self) -> str:
        return self.name


class LogIns(BaseUserManager["User"]):
    """Every user of the installation, for logging in alone. Pages use `User.objects`, which keeps to its reseller."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=(username or "").strip().lower())

    def create_user(self, username: str, password: str | None = None, **stated: Any) -> "User":
        user = self.model(username=username.strip().lower(), **stated)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """Someone who logs in. Sees the account they belong to and the accounts below it; "" is the reseller's own."""

    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="users")
    username = models.CharField(max_length=254, unique=True)  # In small letters: a mail address, or user@account.
    email = models.EmailField(**OPTIONAL_TEXT)
    name = models.CharField(max_length=200, **OPTIONAL_TEXT)
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    account_id = models.CharField(max_length=64, **OPTIONAL_TEXT)
    source = models.CharField(max_length=10, default="local")  # Or `kazoo`: KAZOO checks the password.
    kazoo_user_id = models.CharField(max_length=64, **OPTIONAL_TEXT)  # "": nobody of KAZOO.
    language = models.CharField(max_length=10, **OPTIONAL_TEXT)
    must_change_password = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    log_ins = LogIns()  # The first one: it is what Django's own log-in asks.
    objects = Scoped()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (
            # A customer's admin without an account would see the whole reseller.
            models.CheckConstraint(
                condition=~Q(role=Role.CUSTOMER_ADMIN.value) | ~Q(account_id=""), name="customer_admins_have_an_account"
            ),
            UniqueConstraint(
                fields=("reseller", "kazoo_user_id"), condition=~Q(kazoo_user_id=""), name="one_user_a_kazoo_user"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.log_in_name

    @property
    def log_in_name(self) -> str:
        """As they type it: behind it, names of KAZOO's users have whose they are, which is ours to know."""
        return self.username if self.source == "local" else self.username.rpartition("@")[0] or self.username


class SecondFactor(models.Model):
    """What someone's log-in asks for beside the password: the code of an app. It is asked before it is known whose
    rows count, so it has no reseller of its own."""

    user = models.OneToOneField(User, models.CASCADE, related_name="second_factor")
    sealed_secret = models.TextField()  # Encrypted; see `sealing.py`.
    last_step = models.BigIntegerField()  # The half minute of the last code: a code is taken once.
    failures = models.PositiveSmallIntegerField(default=0)  # In a row, from anywhere.
    failed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """In the place of a code, once; shown once, kept as a digest."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)  # SHA-256: 80 bits of chance, no password.
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (UniqueConstraint(fields=("user", "digest"), name="one_row_a_recovery_code"),)

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"


class ApiKey(models.Model):
    """A program's way in, as its user; shown once, kept as a digest."""

    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="api_keys")
    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)  # The first characters, to tell keys apart.
    digest = models.CharField(max_length=64, unique=True)  # SHA-256: a key is 32 bytes of chance, no password.
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = Scoped()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """What a POST with this key was answered: asked again, it is answered so again and nothing is done twice."""

    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.CharField(
        max_length=64
    )  # Of method, path and body: the same key for another one is refused.
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # None: still being answered.
    answer = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = Scoped()

    class Meta:
        constraints = (UniqueConstraint(fields=("user", "key"), name="one_answer_a_key"),)

    def __str__(self) -> str:
        return self.key


class AccountGroup(models.Model):
    """A saved selection of accounts."""

    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="groups")
    name = models.CharField(max_length=100)
    account_ids = models.JSONField(default=list)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField()

    objects = Scoped()

    class Meta:
        constraints = (UniqueConstraint(fields=("reseller", "name"), name="one_group_a_name"),)

    def __str__(self) -> str:
        return self.name


class Recipient(models.Model):
    """An address that reports were sent to, offered again."""

    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=320)
    last_used_at = models.DateTimeField()

    objects = Scoped()

    class Meta:
        constraints = (UniqueConstraint(fields=("reseller", "address"), name="one_row_an_address"),)

    def __str__(self) -> str:
        return self.address


# What was asked for, and what came of it.


class Run(models.Model):
    """A report: what was ordered, and the folder of what was made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="runs")
    order = models.JSONField()  # What was asked for; `app/orders.py` reads it.
    title = models.CharField(max_length=200, **OPTIONAL_TEXT)
    period_name = models.CharField(max_length=60, **OPTIONAL_TEXT)
    timezone = models.CharField(max_length=64, **OPTIONAL_TEXT)
    reseller_name = models.CharField(max_length=500, **OPTIONAL_TEXT)  # As KAZOO had it, for documents and mail.
    state = models.CharField(max_length=10, default="waiting")  # waiting, made, failed
    is_complete = models.BooleanField(null=True)
    accounts_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict)  # The manifest's, for lists.
    manifest_sha256 = models.CharField(max_length=64, **OPTIONAL_TEXT)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)  # Can be undone until the files are purged.

    objects = Scoped()

    class Meta:
        indexes = (models.Index(F("reseller"), F("created_at").desc(), name="runs_newest_first"),)

    def __str__(self) -> str:
        return self.title or str(self.id)


class RunFile(models.Model):
    """A file of a run. `account_id` says whose it is; "" is of all of them, for the reseller alone."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="files")
    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)  # Relative to the run's folder.
    kind = models.CharField(max_length=20)  # workbook, summary, countries, manifest, …
    edition = models.CharField(max_length=10, default="internal")  # Or `customer`: without what the reseller pays.
    account_id = models.CharField(max_length=64, **OPTIONAL_TEXT)
    account_name = models.CharField(max_length=500, **OPTIONAL_TEXT)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    objects = Scoped()

    class Meta:
        constraints = (UniqueConstraint(fields=("run", "name"), name="one_row_a_file"),)

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """Work that takes time. This row is the truth; a worker holds it by a lease that it renews."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=20)  # report, mail, accounts, connection, purge
    unique_key = models.CharField(max_length=200, null=True, blank=True, unique=True)  # None: as often as asked.
    payload = models.JSONField(default=dict)
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="jobs")
    state = models.CharField(max_length=10, default="queued")  # queued, running, done, failed, cancelled
    cancel_asked = models.BooleanField(default=False)
    due_at = models.DateTimeField()  # Not before.
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.CharField(
        max_length=32, **OPTIONAL_TEXT
    )  # Chance, anew each time: whoever lost it can write no more.
    owner = models.CharField(max_length=100, **OPTIONAL_TEXT)  # Which worker, for people.
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    checkpoint = models.JSONField(default=dict)
    stage = models.CharField(max_length=60, **OPTIONAL_TEXT)
    stage_done = models.PositiveIntegerField(default=0)
    stage_total = models.PositiveIntegerField(null=True, blank=True)
    stage_began_at = models.DateTimeField(null=True, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    message = models.TextField(**OPTIONAL_TEXT)  # The last sentence worth reading; why it failed, when it did.
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = Scoped()

    class Meta:
        indexes = (models.Index(fields=("state", "due_at"), name="jobs_that_wait"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class JobItem(models.Model):
    """How far one customer of a job is. Rows are made in the order in which people look for names."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="items")
    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="+")
    account_id = models.CharField(max_length=64)
    name = models.CharField(max_length=500)
    state = models.CharField(max_length=10, default="waiting")  # waiting, read, made, failed
    message = models.TextField(**OPTIONAL_TEXT)

    objects = Scoped()

    class Meta:
        constraints = (UniqueConstraint(fields=("job", "account_id"), name="one_item_a_customer"),)

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class Delivery(models.Model):
    """The outbox: one message that leaves once, or says that nobody knows whether it left."""

    reseller = models.ForeignKey(Reseller, models.CASCADE, related_name="deliveries")
    run = models.ForeignKey(Run, models.CASCADE, related_name="deliveries")
    unique_key = models.CharField(max_length=200, unique=True)  # The same wish twice is one message.
    recipients = models.JSONField()
    state = models.CharField(max_length=10, default="waiting")  # waiting, sending, sent, failed, unknown
    message = models.TextField(**OPTIONAL_TEXT)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = Scoped()

    def __str__(self) -> str:
        return f"{self.unique_key}: {self.state}"


class AuditEvent(models.Model):
    """Who did what, from where. Written once, never changed."""

    at = models.DateTimeField()
    reseller = models.ForeignKey(Reseller, models.CASCADE, null=True, related_name="+")  # None: nobody's we know.
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    who = models.CharField(max_length=254)  # As they were called then.
    address = models.CharField(max_length=45, **OPTIONAL_TEXT)
    action = models.CharField(max_length=60)  # logged_in, report_ordered, …
    subject = models.CharField(max_length=500, **OPTIONAL_TEXT)
    details = models.JSONField(default=dict)

    objects = Scoped()

    class Meta:
        indexes = (models.Index(F("reseller"), F("at").desc(), name="audit_newest_first"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who} {self.action} {self.subject}"
