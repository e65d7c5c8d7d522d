"""Sentences: what rooms below say to the person in front of a page: refusals, how a job ended, what `doctor` found.

Owns: their shapes, in the order in which they are tried. Does not own: when one is due, which is where it is made;
how a shape is found and filled (`phrases`).

A sentence that a page can show, and that has no shape here, is shown in English: `tests/words/test_sentences.py` reads
the code for such ones.
"""

from reseller_reporting.words.message import mark

# What the work of a job ends with, or says on its way (`app/jobs.py`, `app/ingest.py`, `app/report.py`, `store`).
JOBS = (
    mark("The report is ready."),
    mark("1 customer could not be read; the others are ready."),
    mark("{count} customers could not be read; the others are ready."),
    mark("Asking for {count} call documents that explain a charge"),
    mark("Cancelled."),
    mark("The worker stopped in the middle of it."),
    mark("The worker stopped while it was being sent."),
    mark("The process of the job ended unexpectedly ({code})."),
    mark("The disk is full. Make room where RESELLER_REPORTING_HOME lies: it is tried again each minute."),
    mark("This version makes no {name} beside a report. Order it without."),
    mark("The connection works."),
    mark("The connection does not work yet: its findings say why."),
    mark("KAZOO gives {name} the time zone '{zone}', which is none. Say the right one with --timezone."),
    mark(
        "No customer has the id or the name '{name}'. `reseller-reporting accounts` lists them. Customers of "
        "sub-resellers need --include-sub-resellers, imported ones --source store, and a name that holds a "
        "comma a file: --accounts @FILE."
    ),
    mark("{count} customers are named '{name}': choose by id, one of {ids}."),
    mark(
        "--also {name} needs price plans: name them with --price-plans, or store some with "
        "`reseller-reporting plans import` and `plans assign`."
    ),
    mark(
        "The customer edition shows the reseller's own prices: name plans with --price-plans, or store some "
        "with `reseller-reporting plans import` and `plans assign`."
    ),
    mark("There is a mistake in the price plans: {told}"),
    mark("There are {count} mistakes in the price plans: {told}"),
    mark(
        "The store {path} is being written by process {process}. Wait for it to end, or use another "
        "RESELLER_REPORTING_HOME."
    ),
    mark("The store {path} cannot be written: {reason}. Set RESELLER_REPORTING_HOME to a folder of yours."),
    mark("The store {path} cannot be written: {reason}."),
    mark("The folder {path} cannot be written: {reason}. Choose another one with --out."),
    mark(
        "The reports could not be put into {path}: {reason} ({file}). Mend that and run again; a folder "
        "without manifest.json holds no finished set."
    ),
    mark(
        "What was stored in secret cannot be read with the present RESELLER_REPORTING_SECRET_KEY. Set the "
        "one that it was stored with, or enter the credentials anew."
    ),
    mark("{count} files"),
)

# What can come to be wrong with plans that were right when they were stored (`rating/plan_check.py`), where it stands
# (`app/plan_papers.py`), and what was probably meant (`model/plan_findings.py`): parts of a sentence about plans alone.
PLAN_PLACES = (
    mark("stored plan of '{name}' from {day}"),
    mark("stored plan of '{name}'"),
    mark("stored {name}"),
)
PLAN_FINDINGS = (
    mark(
        "the plan is in {currency}, the reseller in {stated}; there is no exchange of money here, so state prices in "
        "{again}"
    ),
    mark("there is no deck `{name}`; {hint}"),
    mark("the deck `{name}` is in {currency}, the plan in {stated}; use one in {again}"),
    mark("there is no plan `{name}`; {hint}"),
)
PLAN_HINTS = (
    mark("did you mean `{name}`?"),
    mark("none is stored, `decks import` brings one"),
    mark("there is none"),
    mark("there is {name}"),
    mark("there are {names} and {count} more"),
    mark("there are {names}"),
)

# Why a customer has no prices, or doubtful ones (`app/pricing.py`, `rating`).
PRICING = (
    mark(
        "The customer may share included minutes with accounts above it that the store does not know. A run "
        "over all accounts brings them."
    ),
    mark(
        "{count} customers share included minutes, and of {lacking} of them the store lacks calls of this "
        "period. A run over all accounts brings them."
    ),
    mark("The plan names the deck '{name}', which is not stored."),
    mark("The rule '{name}' prices by the deck '{deck}', which is not there."),
    mark("{name} and the pools above have more than {count} bundles; a call can draw on no more."),
    mark("The rule '{name}' is for calls over the trunks, and how many there are is not known."),
    mark("The bundle '{name}' gives minutes per {item}, and how many of them there are is not known."),
    mark("The plan prices '{name}', and how many of it the customer has is not known."),
    mark("Recurring services are priced at {amount}, below what the reseller pays for them, {other}."),
    mark(
        "Bundles with carry-over begin as if {month} had left nothing: the store lacks calls of that month. "
        "`reseller-reporting sync --period {again}` brings them as far as KAZOO has them."
    ),
    mark("This KAZOO shows no invoices (4.2 has none): what services cost by the month is not known."),
)

# Why a report, a group or a period cannot be as it was asked for (`app/orders.py`, `app/run_changes.py`).
ORDERS = (
    mark("There is nothing to cancel: no work on this report is going on."),
    mark("This report is deleted. Bring it back first."),
    mark("Work on this report is still going on. Cancel it first, or wait for its end."),
    mark("This report was deleted too long ago to be brought back. Order it anew."),
    mark("Only a report that is ready can be sent."),
    mark("Name at least one recipient."),
    mark(
        "No price plans are given to customers yet: order the internal edition without prices, or ask whoever runs "
        "this installation to store plans (`reseller-reporting plans import`, then `plans assign`)."
    ),
    mark("Reports begin with {count} at the earliest: KAZOO has no calls from before."),
    mark("A report is about {count} months at most. Make several, one after the other."),
    mark(
        "This installation makes no statements as PDF. Order the report without them, or ask whoever runs it to "
        "install the extra 'pdf'."
    ),
    mark("A name holds no invisible characters, such as marks of direction. Type it anew."),
    mark(
        "There is no account '{name}'. Name one by its id, or by its exact name; have the accounts read "
        "again first if it is newer (POST /api/v1/accounts/read)."
    ),
    mark(
        "There is no account '{name}' among those read at {time} UTC. Name one by its id, or by its exact "
        "name; have the accounts read again first if it is newer (POST /api/v1/accounts/read)."
    ),
    mark("There is a reseller of that name already; choose another name."),
    mark("There is no account '{name}'. Name accounts by their ids."),
    mark("There is no account '{name}'. Name one by its id."),
    mark("This group holds accounts that are not yours: its keeper changes it."),
    mark("There is a group '{name}' already. Change that one."),
    mark(
        "'{text}' is no period. Write 2026-10, 2026-10-01..2026-10-16 (end exclusive), last-month, "
        "this-month, last-week or this-week."
    ),
    mark("'{text}' is no period: {reason}."),
    mark("The period '{text}' has not begun. Name one that has, or use this-month."),
    mark("The period '{text}' ends before it begins. The end is exclusive: one day is 2026-10-01..2026-10-02."),
    mark("'{name}' is no time zone. Use an IANA name such as Europe/Berlin or America/New_York."),
)

# Why a user cannot be as someone would have them (`app/people.py`, `app/second_factor.py`).
PEOPLE = (
    mark("Nobody changes what they themselves may: ask another admin."),
    mark("You change your own password as you are logged in, with the old one."),
    mark("They log in by KAZOO, which keeps their password. It is changed there."),
    mark("A customer admin belongs to a customer: name the account."),
    mark("Someone logs in as {address} already. Each address is one person's."),
    mark("KAZOO says what they are and whose. Change it there, or shut them out here."),
    mark("Only operators make operators."),
    mark("Name an account of your own branch for them."),
    mark("This is not the code that the app shows now. Check the clock of the phone."),
    mark("You switch your own second step off as you are logged in, with the password."),
)

# Why mail did not leave, or what became of it (`delivery/smtp.py`, `app/mailing.py`).
MAIL = (
    mark("{words} Nobody knows whether it arrived: ask the recipients, then send it again."),
    mark("{words} The reports are safe in {path}."),
    mark("Sent to {recipients}."),
    mark("The report was deleted before it was sent."),
    mark("Files of the report are missing. Make it again; then its mail is tried again, too."),
    mark("{file} could not be read to be mailed: {reason}."),
    mark(
        "Mail needs a mail server: whoever runs this installation sets RESELLER_REPORTING_SMTP_URL, such as "
        "smtp://host:25."
    ),
    mark(
        "'{text}' has letters before the @ that mail servers do not take. Write an address whose first part has plain "
        "letters, such as buero@example.com."
    ),
    mark("'{text}' is no mail address; write one like billing@example.com."),
    mark(
        "The mail server {place} takes messages up to {amount} MB, this one has {size} MB. Set "
        "RESELLER_REPORTING_MAIL_LIMIT_MEGABYTES below that."
    ),
    mark("{place} refused {refusals}; the other recipients got the message. Check these addresses."),
    mark("The mail server {place} {words}"),
    mark("refused the log-in ({code}). Check user and password in the SMTP URL."),
    mark("refused the sender {sender} {answer}. Check RESELLER_REPORTING_MAIL_FROM."),
    mark("refused the message {answer}."),
    mark("refused {refusals}. Check these addresses."),
    mark("offers no STARTTLS. Use smtps://, or the port that offers it, often 587."),
    mark("offers no log-in on this connection. Add ?starttls=true to the SMTP URL, or use smtps://."),
    mark("has no certificate to trust: {reason}."),
    mark("does not speak TLS here. Use smtp:// with ?starttls=true for port 587, smtps:// for port 465."),
    mark("did not answer in time. Check host and port in the SMTP URL."),
    mark("hung up. Check host and port in the SMTP URL; port 465 wants smtps://."),
    mark("cannot be reached: {reason}. Check host and port in the SMTP URL."),
    mark("could not be used: {reason}."),
)

# Why KAZOO gave no answer, or none that can be used (`sources/kazoo`).
KAZOO = (
    mark("KAZOO at {url} cannot be used: {cause} (asked for {path}). Try again later."),
    mark("it answers {code}"),
    mark("it answers {code} {said}"),
    mark("the host name {host} is not known"),
    mark("no secure connection ({reason})"),
    mark("no connection to {host} ({reason})"),
    mark("no answer in time"),
    mark("the answer was cut short"),
    mark("the answer is cut short or no JSON ({reason})"),
    mark("the connection was closed without an answer"),
    mark("the connection broke ({reason})"),
    mark(
        "KAZOO at {url} does not accept these credentials ({said}). Check the account name, or the API key, "
        "which has 64 characters."
    ),
    mark("KAZOO at {url} refuses the credentials. Check the API key, or user name and password."),
    mark("KAZOO at {url} refuses a token that it has just given. Check the account of the credentials."),
    mark("KAZOO at {url} says that the account is locked or disabled. Ask the provider."),
    mark("KAZOO at {url} does not permit {path} with these credentials ({said})."),
    mark("KAZOO at {url} knows no {path} ({said})."),
    mark("KAZOO at {url} finds the request {path} invalid ({said})."),
    mark("KAZOO at {url} answers {code} to {path} ({said})."),
    mark("The answer to {path} is larger than KAZOO at {url} may send ({said})."),
    mark(
        "{url} does not answer as KAZOO's Crossbar does. Check the URL: it goes up to and including /v2, "
        "like https://kazoo.example.com:8443/v2."
    ),
    mark("{url} redirects to {target}. Set the KAZOO URL to that."),
    mark("The certificate of {url} is not trusted: {reason}."),
    mark("KAZOO at {url} gives no document for account {name}."),
    mark("KAZOO at {url} shows no quantities for account {name}."),
    mark("KAZOO at {url} gives the same page of {path} again and again. Ask its provider to check the listing."),
    mark("KAZOO lists an account without an id. Ask its provider to check the account tree."),
    mark("KAZOO allows no longer window than {window}"),
    mark("KAZOO's memory limit does not allow so many records in one answer"),
)

# What is wrong with an address or a log-in that was typed, and what `doctor` finds (`sources/kazoo/probe.py`).
CONNECTION = (
    mark("The address is no URL; write one such as https://kazoo.example.com:8443/v2."),
    mark("The address must be an http:// or https:// URL with a host, such as https://kazoo.example.com:8443/v2."),
    mark("The address must not hold a user or password; set RESELLER_REPORTING_KAZOO_API_KEY instead."),
    mark("The address must end in /v2, without a query, such as https://kazoo.example.com:8443/v2."),
    mark("The address is '{url}', which does not end in /v2; KAZOO's API lies there, so try '{target}'."),
    mark("Enter the API key: a stored one is used for the address it was stored for alone."),
    mark("Enter user name, password and account name; all three are needed."),
    mark("The host name {host} is not known. Check its spelling."),
    mark("The host name {host} could not be looked up in time. Try again later."),
    mark("The host name {host} is not known. Check its spelling in the KAZOO URL, and this machine's DNS."),
    mark(
        "{host} lies in a private network, which this installation does not ask. The operator allows it with "
        "RESELLER_REPORTING_KAZOO_PRIVATE_NETWORKS=allowed."
    ),
    mark(
        "No KAZOO is configured: set RESELLER_REPORTING_KAZOO_URL to its base URL, such as "
        "https://kazoo.example.com/v2."
    ),
    mark("No log-in for KAZOO is configured: set RESELLER_REPORTING_KAZOO_API_KEY, or {variables}."),
    mark("The log-in for KAZOO is incomplete: set {variables}, or RESELLER_REPORTING_KAZOO_API_KEY instead."),
    mark("Credentials for KAZOO are incomplete: give an API key, or user name, password and account name."),
    mark("The KAZOO URL cannot be read. Write it like https://kazoo.example.com:8443/v2."),
    mark("The KAZOO URL must begin with http:// or https:// and name a host, like https://kazoo.example.com:8443/v2."),
    mark("{url} is a URL."),
    mark("{url} is a URL, though it does not end in /v2 as KAZOO's usually does."),
    mark("{host} needs no name."),
    mark("{host} is {ip}."),
    mark("{place} accepts connections."),
    mark("{place} does not accept connections ({cause}). Check the port in the URL, and the firewalls between."),
    mark("The certificate is valid."),
    mark("The certificate is not trusted: {reason}. Mend the certificate, or trust its issuer."),
    mark("No secure connection ({reason}). Perhaps this port speaks http: KAZOO's own is 8000, for https 8443."),
    mark("It speaks Crossbar."),
    mark("The credentials are accepted."),
    mark("{name} is a reseller."),
    mark(
        "{name} is no reseller, so reports lack what calls cost you. Use credentials of the reseller's "
        "account, or ask the provider to make it one."
    ),
    mark("KAZOO does not tell its time."),
    mark("Its clock agrees with ours."),
    mark("This machine's clock is {seconds} s ahead of KAZOO's. Set it by NTP, or calls may seem missing."),
    mark("This machine's clock is {seconds} s behind KAZOO's. Set it by NTP, or calls may seem missing."),
)

# What a page says in the place of a sentence that is for whoever types commands, or runs the installation: a clerk has
# neither options nor variables. Holes that it does not name are left out.
ON_PAGES = {
    "KAZOO gives {name} the time zone '{zone}', which is none. Say the right one with --timezone.": mark(
        "KAZOO gives {name} the time zone '{zone}', which is none. Choose one for the report."
    ),
    "No customer has the id or the name '{name}'. `reseller-reporting accounts` lists them. Customers of "
    "sub-resellers need --include-sub-resellers, imported ones --source store, and a name that holds a "
    "comma a file: --accounts @FILE.": mark(
        "No customer has the id or the name '{name}'. If it is a sub-reseller's, order with the customers of "
        "sub-resellers; if it is new, have the customers read again."
    ),
    **dict.fromkeys(
        (
            (
                "--also {name} needs price plans: name them with --price-plans, or store some with "
                "`reseller-reporting plans import` and `plans assign`."
            ),
            (
                "The customer edition shows the reseller's own prices: name plans with --price-plans, or store some "
                "with `reseller-reporting plans import` and `plans assign`."
            ),
        ),
        mark("This needs price plans, and none are given to customers. Ask whoever runs this installation."),
    ),
    "The store {path} is being written by process {process}. Wait for it to end, or use another "
    "RESELLER_REPORTING_HOME.": mark("It waits for another report that is being made, and begins by itself."),
    **dict.fromkeys(
        (
            "The store {path} cannot be written: {reason}. Set RESELLER_REPORTING_HOME to a folder of yours.",
            "The store {path} cannot be written: {reason}.",
            "The folder {path} cannot be written: {reason}. Choose another one with --out.",
            (
                "The reports could not be put into {path}: {reason} ({file}). Mend that and run again; a folder "
                "without manifest.json holds no finished set."
            ),
        ),
        mark("The report cannot be written ({reason}). Ask whoever runs this installation."),
    ),
    "The disk is full. Make room where RESELLER_REPORTING_HOME lies: it is tried again each minute.": mark(
        "The disk is full. Ask whoever runs this installation to make room: it is tried again each minute."
    ),
    "Bundles with carry-over begin as if {month} had left nothing: the store lacks calls of that month. "
    "`reseller-reporting sync --period {again}` brings them as far as KAZOO has them.": mark(
        "Bundles with carry-over begin as if {month} had left nothing: calls of that month were never read. A report "
        "of that month brings them as far as KAZOO has them."
    ),
    "The store lacks a part of this period; `reseller-reporting sync` brings it.": mark(
        "A part of this period was never read; a report that is made anew brings it."
    ),
    "Mail needs a mail server: whoever runs this installation sets RESELLER_REPORTING_SMTP_URL, such as "
    "smtp://host:25.": mark("No mail server is set up yet. Ask whoever runs this installation."),
    "The address must not hold a user or password; set RESELLER_REPORTING_KAZOO_API_KEY instead.": mark(
        "The address must not hold a user or password: type them into the fields below it."
    ),
    "The period '{text}' has not begun. Name one that has, or use this-month.": mark(
        "These days are yet to come. Choose days up to today."
    ),
    "'{text}' is no period. Write 2026-10, 2026-10-01..2026-10-16 (end exclusive), last-month, "
    "this-month, last-week or this-week.": mark("Choose a period of the list."),
    **dict.fromkeys(
        (
            (
                "There is no account '{name}'. Name one by its id, or by its exact name; have the accounts read "
                "again first if it is newer (POST /api/v1/accounts/read)."
            ),
            (
                "There is no account '{name}' among those read at {time} UTC. Name one by its id, or by its exact "
                "name; have the accounts read again first if it is newer (POST /api/v1/accounts/read)."
            ),
        ),
        mark("There is no customer '{name}'. Have the customers read again if it is new."),
    ),
}

SENTENCES = (*JOBS, *PRICING, *ORDERS, *PEOPLE, *MAIL, *KAZOO, *CONNECTION, *dict.fromkeys(ON_PAGES.values()))
