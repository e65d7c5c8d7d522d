"""Expected failures: a promise we cannot keep, with a kind for shells, a code for programs, a sentence for people."""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from reseller_reporting.model.plan_findings import PlanFinding


class Kind(StrEnum):
    """Every shell maps these: the command line to an exit code, the API to a status."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    DENIED = "denied"
    UNAVAILABLE = "unavailable"  # The only kind worth retrying.


class ResellerReportingError(Exception):
    """The sentence says what happened and what to do next; it never carries a secret."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "error"
    # Wrong usage or settings, and whatever can be seen without asking KAZOO.
    is_wrong_usage: ClassVar[bool] = False

    @property
    def sentence(self) -> str:
        return str(self.args[0]) if self.args else self.code


class InvalidSettings(ResellerReportingError):
    """Settings or arguments are wrong: seen without asking KAZOO."""

    code = "invalid_settings"
    is_wrong_usage = True


class UnknownAccount(ResellerReportingError):
    """No customer bears this id or name."""

    kind = Kind.NOT_FOUND
    code = "unknown_account"


class AmbiguousAccount(ResellerReportingError):
    """Two customers bear this name; the sentence names their ids."""

    kind = Kind.CONFLICT
    code = "ambiguous_account"


class KazooUnavailable(ResellerReportingError):
    """KAZOO could not be reached, or kept failing; names the URL and the cause."""

    kind = Kind.UNAVAILABLE
    code = "kazoo_unavailable"


class KazooDenied(ResellerReportingError):
    """KAZOO answered and said no: wrong credentials, locked account, forbidden account."""

    kind = Kind.DENIED
    code = "kazoo_denied"


class KazooNotFound(ResellerReportingError):
    """KAZOO knows no such account or record."""

    kind = Kind.NOT_FOUND
    code = "kazoo_not_found"


class KazooProtocolError(ResellerReportingError):
    """KAZOO answered something that is not the protocol: a wrong path, no JSON, a cursor that repeats."""

    kind = Kind.UNAVAILABLE
    code = "kazoo_protocol"


class FileRefused(ResellerReportingError):
    """A file of calls that cannot be read as what it claims to be."""

    code = "file_refused"
    is_wrong_usage = True


class CannotWrite(ResellerReportingError):
    """A folder or file cannot be written."""

    kind = Kind.UNAVAILABLE
    code = "cannot_write"


class TooManyAtOnce(ResellerReportingError):
    """So many do this already that one more would be in everyone's way."""

    kind = Kind.UNAVAILABLE
    code = "too_many_at_once"


class StoreBusy(ResellerReportingError):
    """Another process writes the store; the sentence says which."""

    kind = Kind.CONFLICT
    code = "store_busy"


class NotAllowed(ResellerReportingError):
    """Nobody gives, or takes, more than they may; the sentence says who can."""

    kind = Kind.DENIED
    code = "not_allowed"


class GroupExists(ResellerReportingError):
    """A group of the reseller bears this name."""

    kind = Kind.CONFLICT
    code = "group_exists"


class UserExists(ResellerReportingError):
    """The name to log in with is another one's, perhaps at another reseller."""

    kind = Kind.CONFLICT
    code = "user_exists"


class ResellerExists(ResellerReportingError):
    """A reseller of the installation bears this name, or one that comes to the same."""

    kind = Kind.CONFLICT
    code = "reseller_exists"


class FileGone(ResellerReportingError):
    """A run's file is no longer in its folder, or the run never made it."""

    kind = Kind.NOT_FOUND
    code = "file_gone"


class NotMade(ResellerReportingError):
    """The run did not make what is asked for; the sentence says how to order it."""

    kind = Kind.CONFLICT
    code = "not_made"


class RunBusy(ResellerReportingError):
    """The run stands where this cannot be done; the sentence says what can."""

    kind = Kind.CONFLICT
    code = "run_state"


class MailFailed(ResellerReportingError):
    """The mail did not leave; the files are safe where the sentence says."""

    kind = Kind.UNAVAILABLE
    code = "mail_failed"


class MailPartlyRefused(MailFailed):
    """The mail left, but not to everyone: sending it again would reach the others twice."""

    code = "mail_partly_refused"


class MailUncertain(MailFailed):
    """The connection broke after the message was on its way: nobody knows whether it arrived."""

    code = "mail_uncertain"


class KazooHasNoAnswer(ResellerReportingError):
    """KAZOO's own code stops on such a document: there is nothing to be bit for bit equal to."""

    code = "kazoo_has_no_answer"


class UnknownDeck(ResellerReportingError):
    """No stored deck bears this name; the sentence names those that are there."""

    kind = Kind.NOT_FOUND
    code = "unknown_deck"
    is_wrong_usage = True


class UnknownCall(ResellerReportingError):
    """The store holds no such call in the period."""

    kind = Kind.NOT_FOUND
    code = "unknown_call"


class InvalidPlan(ResellerReportingError):
    """Price plans that failed their check; the sentence holds every finding, `findings` has them for programs."""

    code = "invalid_plan"
    is_wrong_usage = True

    def __init__(self, findings: Sequence[PlanFinding]) -> None:
        told = " | ".join(finding.text for finding in findings)
        count = f"{len(findings)} mistakes" if len(findings) != 1 else "a mistake"
        super().__init__(f"There {'is' if len(findings) == 1 else 'are'} {count} in the price plans: {told}")
        self.findings = tuple(findings)


class UnknownPlan(ResellerReportingError):
    """No such price plan, version or assignment; the sentence names those that are there."""

    kind = Kind.NOT_FOUND
    code = "unknown_plan"
    is_wrong_usage = True


class PlanExists(ResellerReportingError):
    """The database holds another text for this version; a version that was billed by does not change unasked."""

    kind = Kind.CONFLICT
    code = "plan_exists"
    is_wrong_usage = True


class DatabaseUnavailable(ResellerReportingError):
    """The control database cannot be opened; names it without its password, and the cause."""

    kind = Kind.UNAVAILABLE
    code = "database_unavailable"


class ExtraMissing(ResellerReportingError):
    """A feature needs a package that is installed on request only; the sentence says how."""

    code = "extra_missing"
    is_wrong_usage = True


class CannotPrice(ResellerReportingError):
    """What a plan needs is not known: a deck, trunks, quantities. The sentence says what; nothing is guessed."""

    code = "cannot_price"
