"""Price plans as the control database keeps them: the texts of versions, and who gets which. Plain data in and out.

Called within `database.opened`; what changes several rows, within `database.writing` as well.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

OWN = ""  # The reseller of this installation.


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    plan: str
    effective: date | None
    text: str
    digest: str
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAssignment:
    plan: str
    customer: str
    effective: date | None
    overrides: Mapping[str, str] = field(default_factory=dict)


def are_given(reseller_id: str = OWN) -> bool:
    """Whether any customer has a plan to be priced by."""
    from reseller_reporting.control.models import PlanAssignment

    return PlanAssignment.objects.filter(reseller_id=reseller_id).exists()


def versions(reseller_id: str = OWN) -> list[StoredVersion]:
    """All versions, by plan, the oldest first."""
    from reseller_reporting.control.models import PricePlanVersion

    return sorted(
        (
            StoredVersion(
                plan=row.plan, effective=row.effective, text=row.text, digest=row.digest, imported_at=row.imported_at
            )
            for row in PricePlanVersion.objects.filter(reseller_id=reseller_id)
        ),
        key=lambda each: (each.plan, each.effective or date.min),
    )


def assignments(reseller_id: str = OWN) -> list[StoredAssignment]:
    """All assignments, by customer, the oldest first."""
    from reseller_reporting.control.models import PlanAssignment

    return sorted(
        (
            StoredAssignment(
                plan=row.plan, customer=row.customer, effective=row.effective, overrides=dict(row.overrides)
            )
            for row in PlanAssignment.objects.filter(reseller_id=reseller_id)
        ),
        key=lambda each: (each.customer, each.effective or date.min),
    )


def keep_version(
    plan: str, effective: date | None, text: str, *, imported_at: datetime, reseller_id: str = OWN
) -> StoredVersion:
    """The text is the version's from now on."""
    from reseller_reporting.control.models import PricePlanVersion

    digest = hashlib.sha256(text.encode()).hexdigest()
    PricePlanVersion.objects.update_or_create(
        reseller_id=reseller_id,
        plan=plan,
        effective=effective,
        defaults={"text": text, "digest": digest, "imported_at": imported_at},
    )
    return StoredVersion(plan=plan, effective=effective, text=text, digest=digest, imported_at=imported_at)


def keep_assignment(assignment: StoredAssignment, *, reseller_id: str = OWN) -> None:
    """It takes the place of the customer's plan from the same day."""
    from reseller_reporting.control.models import PlanAssignment

    PlanAssignment.objects.update_or_create(
        reseller_id=reseller_id,
        customer=assignment.customer,
        effective=assignment.effective,
        defaults={"plan": assignment.plan, "overrides": dict(assignment.overrides)},
    )


def drop_version(version: StoredVersion, *, reseller_id: str = OWN) -> None:
    from reseller_reporting.control.models import PricePlanVersion

    PricePlanVersion.objects.filter(reseller_id=reseller_id, plan=version.plan, effective=version.effective).delete()


def drop_assignment(assignment: StoredAssignment, *, reseller_id: str = OWN) -> None:
    from reseller_reporting.control.models import PlanAssignment

    PlanAssignment.objects.filter(
        reseller_id=reseller_id, customer=assignment.customer, effective=assignment.effective
    ).delete()
