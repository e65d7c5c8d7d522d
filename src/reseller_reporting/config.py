"""Settings: the one place that reads the environment and `reseller-reporting.toml`; rooms are handed values.

Owns: names, defaults and shapes of settings. Does not own: what a command line asks for, what a room does with a value.

A variable `RESELLER_REPORTING_X` wins over the key `x` of the file; `…_FILE` and `…_file` name a file that holds
the value. The file is looked for in the working folder, then in HOME; the first one found is the only one read.
"""

import difflib
import ipaddress
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from reseller_reporting.model.brand import CONTRAST_LEAST, contrast_to_white, is_colour
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.words.message import LANGUAGES

PREFIX = "RESELLER_REPORTING_"
SETTINGS_FILE = "reseller-reporting.toml"
_CURRENCY = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What this installation was told. Secrets stay out of repr, and so out of logs and tracebacks."""

    home: Path
    kazoo_url: str | None = None  # Up to and including /v2, without a trailing slash.
    kazoo_api_key: str | None = field(default=None, repr=False)
    kazoo_username: str | None = None
    kazoo_password: str | None = field(default=None, repr=False)
    kazoo_account_name: str | None = None
    kazoo_private_networks: str = "refused"  # Or `allowed`: what users type may name hosts of one's own network.
    kazoo_page_size: int = 1000
    kazoo_concurrency: int = 8
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    mail_limit_megabytes: int = 20
    database_url: str = field(repr=False)
    store_url: str  # An absolute folder.
    currency: str = "USD"
    workbook_compression: str = "fast"  # Or `small`.
    language: str | None = None  # Of documents and mails; English without, or what the page is read in.
    company_name: str = ""  # Default: the reseller's name in KAZOO.
    company_address: str = ""
    footer_text: str = ""
    logo: Path | None = None  # Looked into when documents are made.
    accent_colour: str = ""
    second_colour: str = ""
    mail_subject: str | None = None
    mail_greeting: str | None = None
    mail_text: str | None = None
    secret_key: str | None = field(default=None, repr=False)  # None: made once and kept in HOME.
    admin_email: str | None = None
    admin_password: str | None = field(default=None, repr=False)
    web_url: str | None = None  # Where people reach the application, when that is not this machine.
    trusted_proxies: str = ""  # Networks with commas between, whose word about who asks is believed.
    retention_months: int = 24
    log_level: str = "info"  # Or `warning`: of the processes that stay.

    @property
    def documents_language(self) -> str:
        return self.language or LANGUAGES[0]

    @property
    def store_folder(self) -> Path:
        return Path(self.store_url)


NAMES = tuple(each.name for each in fields(Settings))
_KNOWN = (*NAMES, *(f"{name}_file" for name in NAMES))
_SLIP = 0.8
_SECRET_KEY_CHARACTERS_MIN = 32


Refuse = Callable[[str, InvalidSettings], None]  # Takes the setting's name, as far as there is one, and what is wrong.


@dataclass(frozen=True, slots=True)
class Refused:
    """A setting that will not do, and why."""

    name: str
    sentence: str


def load_settings(environ: Mapping[str, str], *, working_folder: Path) -> Settings:
    """Every setting, checked for its shape; nothing is asked of any server."""

    def refuse(_: str, error: InvalidSettings) -> None:
        raise error

    return _loaded(environ, working_folder, refuse)


def load_what_will_do(environ: Mapping[str, str], *, working_folder: Path) -> tuple[Settings, list[Refused]]:
    """The settings without those that will not do, which are told: for who looks at all of them."""
    refused: list[Refused] = []

    def refuse(name: str, error: InvalidSettings) -> None:
        refused.append(Refused(name, error.sentence))

    return _loaded(environ, working_folder, refuse), refused


def _loaded(environ: Mapping[str, str], working_folder: Path, refuse: Refuse) -> Settings:
    stated = _from_environment(environ, working_folder, refuse)
    try:
        file = _settings_file(stated.get("home"), working_folder)
        in_file = _from_file(file, refuse) if file is not None else {}
    except InvalidSettings as error:
        refuse("", error)
        file, in_file = None, {}
    found = in_file | stated
    # Each by itself, since none is checked by another one but for HOME, where they lie.
    home = {key: found[key] for key in ("home",) if key in found}
    for name in list(found):
        try:
            _checked(home | {name: found[name]}, working_folder)
        except InvalidSettings as error:
            wrong = error if name in stated or file is None else _standing_in(file, name, error)
            refuse(name, wrong)
            del found[name]
    return _checked(found, working_folder)


def _standing_in(file: Path, name: str, error: InvalidSettings) -> InvalidSettings:
    """The same sentence, with the key that a person finds in the file."""
    sentence, count = re.subn(rf"{_variable(name)}\b", lambda _: f"{name} in {file}", error.sentence)
    return InvalidSettings(sentence if count else f"{name} in {file}: {sentence}")


def default_home() -> Path:
    return platformdirs.user_data_path("reseller-reporting", appauthor=False)


def kazoo_credentials_problem(settings: Settings) -> str | None:
    """What is missing before KAZOO can be asked, as a sentence; None when nothing is."""
    if settings.kazoo_url is None:
        return f"No KAZOO is configured: set {PREFIX}KAZOO_URL to its base URL, such as https://kazoo.example.com/v2."
    if settings.kazoo_api_key is not None:
        return None
    names = ("kazoo_username", "kazoo_password", "kazoo_account_name")
    missing = [_variable(name) for name in names if getattr(settings, name) is None]
    if not missing:
        return None
    if len(missing) == len(names):
        return f"No log-in for KAZOO is configured: set {PREFIX}KAZOO_API_KEY, or {_listed(missing)}."
    return f"The log-in for KAZOO is incomplete: set {_listed(missing)}, or {PREFIX}KAZOO_API_KEY instead."


def _from_environment(environ: Mapping[str, str], working_folder: Path, refuse: Refuse) -> dict[str, str]:
    """The settings that stand in the environment; an empty variable counts as not set."""
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and value != ""
    }
    # The environment is shared: a name far from any of ours is another program's, a near one is a slip.
    for key in [key for key in given if key not in _KNOWN]:
        if difflib.get_close_matches(key, _KNOWN, n=1, cutoff=_SLIP):
            refuse("", _unknown(key, shown=_variable, where="the environment"))
        del given[key]
    return _with_files_read(given, working_folder, refuse, shown=_variable)


def _settings_file(home: str | None, working_folder: Path) -> Path | None:
    folders = [working_folder, default_home() if home is None else _absolute(home, working_folder)]
    try:
        return next((folder / SETTINGS_FILE for folder in folders if (folder / SETTINGS_FILE).is_file()), None)
    except OSError as error:
        raise InvalidSettings(f"{error.filename} cannot be looked at: {error.strerror}.") from error


def _from_file(file: Path, refuse: Refuse) -> dict[str, str]:
    """The settings that stand in the file, as texts. Paths in it are relative to where it lies."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidSettings(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        # Only the place is told: the parser's own words may quote the line, and so a secret.
        place = re.search(r"\(at .*\)$", str(error))
        raise InvalidSettings(
            f'{file} is no valid TOML{" " + place[0] if place else ""}. Texts need quotes: currency = "EUR".'
        ) from None
    given = {}
    for key, value in document.items():
        if key not in _KNOWN:
            refuse("", _unknown(key, shown=str, where=str(file)))
        elif isinstance(value, bool) or not isinstance(value, str | int):
            refuse(key, InvalidSettings(f"{key} in {file} must be a text or a whole number."))
        elif value != "":
            given[key] = str(value)
    found = _with_files_read(given, file.parent, refuse, shown=str)
    for key in ("home", "store_url", "logo"):
        if key in found and "://" not in found[key]:
            found[key] = str(_absolute(found[key], file.parent))
    return found


def _with_files_read(
    given: Mapping[str, str], folder: Path, refuse: Refuse, *, shown: Callable[[str], str]
) -> dict[str, str]:
    """The same settings, with each `…_file` replaced by what the file holds."""
    found = {key: value for key, value in given.items() if key in NAMES}
    for key, path in given.items():
        name = key.removesuffix("_file")
        if key in NAMES:
            continue
        if name in found:
            refuse(name, InvalidSettings(f"Both {shown(name)} and {shown(key)} are set; keep one of them."))
            continue
        try:
            found[name] = _text_of(path, folder, shown(key))
        except InvalidSettings as error:
            refuse(name, error)
    return found


def _text_of(path: str, folder: Path, shown: str) -> str:
    try:
        text = _absolute(path, folder).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InvalidSettings(f"{shown} names {path}, which cannot be read: {cause}.") from None
    # Editors and secret stores end a file with a line break, which is no part of a password.
    text = text.rstrip("\r\n")
    if text == "":
        raise InvalidSettings(f"{shown} names {path}, which is empty.")
    return text


def _unknown(key: str, *, shown: Callable[[str], str], where: str) -> InvalidSettings:
    near = difflib.get_close_matches(key, _KNOWN, n=1)
    advice = f"did you mean {shown(near[0])}?" if near else f"there are {_listed(list(map(shown, NAMES)))}."
    return InvalidSettings(f"'{shown(key)}' in {where} is no setting; {advice}")


def _checked(found: Mapping[str, str], working_folder: Path) -> Settings:
    home = _absolute(found["home"], working_folder) if "home" in found else default_home()
    return Settings(
        home=home,
        kazoo_url=check_kazoo_url(found["kazoo_url"]) if "kazoo_url" in found else None,
        kazoo_api_key=found.get("kazoo_api_key"),
        kazoo_username=found.get("kazoo_username"),
        kazoo_password=found.get("kazoo_password"),
        kazoo_account_name=found.get("kazoo_account_name"),
        kazoo_private_networks=_one_of(found, "kazoo_private_networks", ("refused", "allowed")),
        kazoo_page_size=_whole_number(found, "kazoo_page_size", default=1000, most=10_000),
        kazoo_concurrency=_whole_number(found, "kazoo_concurrency", default=8, most=100),
        smtp_url=_smtp_url(found.get("smtp_url")),
        mail_from=_mail_from(found.get("mail_from")),
        mail_limit_megabytes=_whole_number(found, "mail_limit_megabytes", default=20, most=1000),
        database_url=_database_url(found.get("database_url"), home),
        store_url=_store_url(found.get("store_url"), home, working_folder),
        currency=_currency(found.get("currency", "USD")),
        workbook_compression=_one_of(found, "workbook_compression", ("fast", "small")),
        language=_one_of(found, "language", LANGUAGES) if "language" in found else None,
        company_name=_line(found, "company_name", most=100),
        company_address=_line(found, "company_address", most=200),
        footer_text=_line(found, "footer_text", most=300),
        logo=_absolute(found["logo"], working_folder) if "logo" in found else None,
        accent_colour=_colour(found, "accent_colour"),
        second_colour=_colour(found, "second_colour"),
        mail_subject=_mail_text(found, "mail_subject", is_line=True),
        mail_greeting=_mail_text(found, "mail_greeting", is_line=True),
        mail_text=_mail_text(found, "mail_text"),
        secret_key=_secret_key(found.get("secret_key")),
        admin_email=_admin_email(found.get("admin_email")),
        admin_password=found.get("admin_password"),
        web_url=_web_url(found.get("web_url")),
        trusted_proxies=_networks(found.get("trusted_proxies", "")),
        retention_months=_whole_number(found, "retention_months", default=24, most=1200),
        log_level=_one_of(found, "log_level", ("info", "warning")),
    )


def as_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """An environment in which another process of ours reads these very settings, whatever this one was told."""
    stated = {_variable(name): getattr(settings, name) for name in NAMES}
    others = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    return others | {name: str(value) for name, value in stated.items() if value is not None}


def check_kazoo_url(text: str, *, name: str = f"{PREFIX}KAZOO_URL") -> str:
    """The base URL as asked for; what would leak a password into messages or miss the API is refused."""
    example = "such as https://kazoo.example.com:8443/v2"
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port  # A port that is no number shows here.
    except ValueError:
        raise InvalidSettings(f"{name} is no URL; write one {example}.") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidSettings(f"{name} must be an http:// or https:// URL with a host, {example}.")
    if "@" in parts.netloc:
        raise InvalidSettings(f"{name} must not hold a user or password; set {PREFIX}KAZOO_API_KEY instead.")
    if parts.query or parts.fragment:
        raise InvalidSettings(f"{name} must end in /v2, without a query, {example}.")
    url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    if not url.endswith("/v2"):
        raise InvalidSettings(
            f"{name} is '{url}', which does not end in /v2; KAZOO's API lies there, so try '{url}/v2'."
        )
    return url


def _smtp_url(text: str | None) -> str | None:
    """The room that uses it knows its shape; asked here, a mistake is seen before any work is done."""
    if text is not None:
        from reseller_reporting.delivery.smtp import parse_smtp_url

        parse_smtp_url(text)
    return text


def _mail_from(text: str | None) -> str | None:
    if text is None:
        return None
    from reseller_reporting.delivery.mail import check_sender

    return check_sender(text)


def _database_url(text: str | None, home: Path) -> str:
    if text is None:
        return f"sqlite:///{home / 'reseller-reporting.sqlite3'}"
    if not text.startswith(("sqlite:///", "postgresql://")):
        raise InvalidSettings(f"{_variable('database_url')} must begin with sqlite:/// or postgresql://.")
    try:
        _ = urlsplit(text).port  # A port that is no number shows here.
    except ValueError:
        raise InvalidSettings(
            f"{_variable('database_url')} is no URL; write one such as postgresql://user:password@host:5432/name."
        ) from None
    return text


def _store_url(text: str | None, home: Path, working_folder: Path) -> str:
    if text is None:
        return str(home / "store")
    if text.startswith("s3://"):
        raise InvalidSettings(f"{_variable('store_url')}: s3:// is not supported yet; name a folder.")
    if "://" in text:
        raise InvalidSettings(f"{_variable('store_url')} must be a folder.")
    return str(_absolute(text, working_folder))


def _one_of(found: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    """The first word is the default."""
    word = found.get(name, words[0])
    if word not in words:
        offered = f"{', '.join(words[:-1])} or {words[-1]}"
        raise InvalidSettings(f"{_variable(name)} is '{word}'; it takes {offered}.")
    return word


def _line(found: Mapping[str, str], name: str, *, most: int) -> str:
    text = found.get(name, "").strip()
    if len(text) > most:
        raise InvalidSettings(f"{_variable(name)} has {len(text)} characters; {most} are the most.")
    return _one_line(text, name)


def _one_line(text: str, name: str) -> str:
    if any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in text):
        raise InvalidSettings(f"{_variable(name)} must be a single line of text.")
    return text


def _colour(found: Mapping[str, str], name: str) -> str:
    """What is written in it, in small type on white paper, must be read by everyone."""
    text = found.get(name, "").strip()
    if not text:
        return ""
    if not is_colour(text):
        raise InvalidSettings(f"{_variable(name)} is '{text}'; it takes a colour as #RRGGBB, such as #0B6E6E.")
    contrast = contrast_to_white(text)
    if contrast < CONTRAST_LEAST:
        # Cut off, never up: what is refused must not look as if it were enough.
        shown = contrast.quantize(Decimal("0.1"), rounding=ROUND_DOWN)
        raise InvalidSettings(
            f"{_variable(name)} is {text}, which is too light to read on white: its contrast is {shown}:1 and must be "
            f"at least {CONTRAST_LEAST}:1. Take a darker one."
        )
    return text.upper()


def _mail_text(found: Mapping[str, str], name: str, *, is_line: bool = False) -> str | None:
    if name not in found:
        return None
    from reseller_reporting.delivery.mail_texts import check_mail_text

    text = check_mail_text(found[name].strip(), called=_variable(name))
    return _one_line(text, name) if is_line else text


def _secret_key(text: str | None) -> str | None:
    if text is not None and len(text) < _SECRET_KEY_CHARACTERS_MIN:
        raise InvalidSettings(
            f"{_variable('secret_key')} is too short: it needs {_SECRET_KEY_CHARACTERS_MIN} characters by chance, such "
            "as `openssl rand -hex 32` prints."
        )
    return text


def _admin_email(text: str | None) -> str | None:
    if text is None:
        return None
    from reseller_reporting.delivery.mail import check_address

    return check_address(text)


def _web_url(text: str | None) -> str | None:
    """Scheme, host and port alone: the application is at the root of its host."""
    if text is None:
        return None
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or "@" in parts.netloc or parts.path or parts.query:
        raise InvalidSettings(
            f"{_variable('web_url')} must be http:// or https:// with a host and no path, "
            "such as https://reports.example.com."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _networks(text: str) -> str:
    """Each as a network; a bare address is one of its own."""
    try:
        return ",".join(str(ipaddress.ip_network(part.strip())) for part in text.split(",") if part.strip())
    except ValueError:
        raise InvalidSettings(
            f"{_variable('trusted_proxies')} takes addresses or networks with commas between, "
            "such as 127.0.0.1,10.0.0.0/8."
        ) from None


def _currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise InvalidSettings(
            f"'{text}' is no currency; {_variable('currency')} takes an ISO 4217 code such as USD or EUR."
        )
    return text.upper()


def _whole_number(found: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = found.get(name, str(default)).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise InvalidSettings(f"{_variable(name)} is '{text}'; it takes a whole number from 1 to {most}.")
    return int(text)


def _absolute(path: str, folder: Path) -> Path:
    try:
        return folder.absolute() / Path(path).expanduser()
    except RuntimeError:  # `~nobody`
        return folder.absolute() / path


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
