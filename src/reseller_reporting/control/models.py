"""The tables of the control database. Who wants plain data asks the functions beside this module.

Every row says which reseller it is of; "" is the one whose credentials this installation has.
"""

from django.db import models
from django.db.models import Q, UniqueConstraint


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
