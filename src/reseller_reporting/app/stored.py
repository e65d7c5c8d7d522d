"""What the store holds already: reports and trees without asking KAZOO."""

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled, Wanted, zone_of
from reseller_reporting.app.selection import customers_of, select
from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import AmbiguousAccount, InvalidSettings, UnknownAccount
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import parse_period
from reseller_reporting.store import snapshots

# Imported calls may belong to no reseller that was ever asked; then this stands for whoever imports them.
_NOBODY = Account(id=AccountId(""), name="", is_reseller=True)


def stored(house: House, wanted: Wanted) -> Pulled:
    """The wanted customers as the store knows them, and the period; nothing is pulled."""
    now = house.clock()
    rough = parse_period(wanted.period, timezone=wanted.timezone or "UTC", now=now)
    taken, own_id = snapshots.read(house.lake, rough)
    if not taken:
        raise InvalidSettings("The store is empty. Pull with `reseller-reporting sync`, or import files first.")
    own = taken[own_id].account if own_id else _NOBODY
    period = parse_period(wanted.period, timezone=zone_of(wanted, own), now=now)
    tree = [snapshot.account for snapshot in taken.values() if snapshot.account.id != own.id]
    allowed = customers_of(own, tree, include_sub_resellers=wanted.include_sub_resellers or own is _NOBODY)
    # Nobody's customers but the importer's: KAZOO's reseller does not know accounts that only files speak of.
    known = {account.id for account in allowed}
    allowed += [one.account for one in taken.values() if one.source == "import" and one.account.id not in known]
    try:
        selected = select(allowed, wanted.accounts)
    except (UnknownAccount, AmbiguousAccount) as error:
        raise InvalidSettings(error.sentence) from error  # No KAZOO was asked: the words alone are wrong.
    return Pulled(period=period, own=own, tree=tree, selected=selected)


def stored_tree(house: House) -> tuple[Account, list[Account]]:
    """The reseller's account and every account below it, as last taken."""
    pulled = stored(house, Wanted(include_sub_resellers=True))
    return pulled.own, pulled.tree
