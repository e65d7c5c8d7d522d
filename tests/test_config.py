"""Settings: variables, the file, files that hold secrets, and the sentence for each mistake."""

from pathlib import Path

import pytest

from reseller_reporting.config import Settings, default_home, kazoo_credentials_problem, load_settings
from reseller_reporting.model.errors import InvalidSettings

URL = "https://kazoo.example.com:8443/v2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "home").mkdir()
    return tmp_path


def load(folder: Path, **variables: str) -> Settings:
    """Settings of a house of its own: `kazoo_url="…"` stands for the variable."""
    environ = {f"RESELLER_REPORTING_{name.upper()}": value for name, value in variables.items()}
    environ.setdefault("RESELLER_REPORTING_HOME", str(folder / "home"))
    return load_settings({"PATH": "/bin", **environ}, working_folder=folder / "work")


def sentence(folder: Path, **variables: str) -> str:
    with pytest.raises(InvalidSettings) as caught:
        load(folder, **variables)
    return caught.value.sentence


def test_without_any_setting_everything_lies_under_home(folder: Path) -> None:
    settings = load(folder)
    assert settings.home == folder / "home"
    assert settings.store_folder == folder / "home" / "store"
    assert settings.database_url == f"sqlite:///{folder}/home/reseller-reporting.sqlite3"
    assert (settings.currency, settings.mail_limit_megabytes) == ("USD", 20)
    assert (settings.kazoo_page_size, settings.kazoo_concurrency) == (1000, 8)
    assert settings.workbook_compression == "fast"
    assert settings.kazoo_url is None


def test_home_is_the_platforms_data_folder_by_default(folder: Path) -> None:
    settings = load_settings({"RESELLER_REPORTING_HOME": ""}, working_folder=folder)
    assert settings.home == default_home()
    assert settings.home.name == "reseller-reporting"


def test_a_variable_wins_over_the_file(folder: Path) -> None:
    (folder / "work" / "reseller-reporting.toml").write_text('currency = "eur"\nkazoo_page_size = 7\n')
    settings = load(folder, currency="gbp")
    assert (settings.currency, settings.kazoo_page_size) == ("GBP", 7)


def test_the_file_in_the_working_folder_hides_the_one_in_home(folder: Path) -> None:
    (folder / "home" / "reseller-reporting.toml").write_text('currency = "EUR"')
    assert load(folder).currency == "EUR"
    (folder / "work" / "reseller-reporting.toml").write_text('mail_from = "bills@acme.example"')
    assert load(folder).currency == "USD"


def test_paths_in_the_file_are_relative_to_the_file(folder: Path) -> None:
    (folder / "work" / "reseller-reporting.toml").write_text('home = "here"\nkazoo_api_key_file = "key"')
    (folder / "work" / "key").write_text("k" * 64 + "\n")
    settings = load_settings({}, working_folder=folder / "work")
    assert settings.home == folder / "work" / "here"
    assert settings.kazoo_api_key == "k" * 64


def test_a_variable_far_from_any_setting_is_another_programs(folder: Path) -> None:
    assert load(folder, vectors="/somewhere", zebra="x").currency == "USD"


def test_a_file_variable_gives_the_value_without_its_line_end(folder: Path) -> None:
    (folder / "work" / "password").write_text(" opensesame \r\n")
    assert load(folder, kazoo_password_file="password").kazoo_password == " opensesame "


def test_a_file_variable_wins_over_the_value_in_the_settings_file(folder: Path) -> None:
    (folder / "work" / "reseller-reporting.toml").write_text('kazoo_password = "old"')
    (folder / "work" / "password").write_text("new")
    assert load(folder, kazoo_password_file="password").kazoo_password == "new"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"kazo_url": URL}, ["RESELLER_REPORTING_KAZO_URL", "did you mean RESELLER_REPORTING_KAZOO_URL?"]),
        ({"kazoo_pasword_file": "x"}, ["did you mean RESELLER_REPORTING_KAZOO_PASSWORD_FILE?"]),
        ({"kazoo_password": "a", "kazoo_password_file": "b"}, ["Both", "keep one"]),
        ({"kazoo_password_file": "missing"}, ["KAZOO_PASSWORD_FILE", "missing", "No such file"]),
        ({"kazoo_url": "https://kazoo.example.com:8443"}, ["does not end in /v2", "https://kazoo.example.com:8443/v2"]),
        ({"kazoo_url": "kazoo.example.com/v2"}, ["http:// or https://"]),
        ({"kazoo_url": "ftp://kazoo.example.com/v2"}, ["http:// or https://"]),
        ({"kazoo_url": "https:///v2"}, ["with a host"]),
        ({"kazoo_url": "https://kazoo.example.com:port/v2"}, ["is no URL"]),
        ({"kazoo_url": "https://kazoo.example.com/v2?a=b"}, ["without a query"]),
        ({"currency": "dollars"}, ["ISO 4217"]),
        ({"workbook_compression": "tiny"}, ["'tiny'", "fast or small"]),
        ({"kazoo_page_size": "0"}, ["from 1 to"]),
        ({"kazoo_concurrency": "many"}, ["from 1 to"]),
        ({"mail_limit_megabytes": "-1"}, ["from 1 to"]),
        ({"store_url": "s3://bucket/prefix"}, ["not supported yet"]),
        ({"store_url": "gs://bucket"}, ["must be a folder"]),
        ({"smtp_url": "mail.example.com:25"}, ["must be smtp://"]),
        ({"mail_from": "Acme Billing"}, ["is no mail address"]),
        ({"database_url": "mysql://host/x"}, ["postgresql://"]),
        ({"database_url": "postgresql://u:opensesame@host:port/x"}, ["DATABASE_URL", "no URL"]),
        ({"language": "da"}, ["RESELLER_REPORTING_LANGUAGE", "'da'", "en, de, fr, es, nl, it or pt"]),
        ({"company_name": "a\nb"}, ["COMPANY_NAME", "single line"]),
        ({"company_name": "x" * 101}, ["101 characters", "100"]),
        ({"footer_text": "a\u2028b"}, ["FOOTER_TEXT", "single line"]),
        ({"accent_colour": "teal"}, ["ACCENT_COLOUR", "#RRGGBB"]),
        ({"accent_colour": "#FFCC00"}, ["#FFCC00", "too light", "1.5:1", "4.5:1"]),
        ({"second_colour": "#777777"}, ["SECOND_COLOUR", "4.4:1", "4.5:1"]),
        ({"mail_subject": "{firm}: bills"}, ["MAIL_SUBJECT", "{firm}", "{company}, {period}"]),
        ({"mail_subject": "a\nBcc: eve@example.com"}, ["MAIL_SUBJECT", "single line"]),
        ({"mail_greeting": "Dear {Company},"}, ["MAIL_GREETING", "{Company}"]),
        ({"mail_text": "100 % { of it"}, ["MAIL_TEXT", "brace"]),
        ({"mail_text": "{company.__class__}"}, ["MAIL_TEXT", "brace"]),
        ({"mail_text": "x" * 5001}, ["MAIL_TEXT", "5001"]),
    ],
)
def test_a_mistake_gets_one_sentence_that_names_the_setting(
    folder: Path, variables: dict[str, str], words: list[str]
) -> None:
    said = sentence(folder, **variables)
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('kazoo_usernme = "x"', ["'kazoo_usernme'", "did you mean kazoo_username?"]),
        ("[kazoo]\nurl = 'x'", ["'kazoo'", "is no setting"]),
        ("kazoo_page_size = true", ["text or a whole number"]),
        ("kazoo_password = opensesame", ["is no valid TOML", "line 1"]),
    ],
)
def test_a_mistake_in_the_file_gets_one_sentence(folder: Path, text: str, words: list[str]) -> None:
    (folder / "work" / "reseller-reporting.toml").write_text(text)
    said = sentence(folder)
    assert all(word in said for word in words), said
    assert "opensesame" not in said


def test_no_secret_is_shown(folder: Path) -> None:
    secrets = {
        "kazoo_api_key": "key-opensesame",
        "kazoo_password": "word-opensesame",
        "smtp_url": "smtps://bills:opensesame@mail.example.com",
        "database_url": "postgresql://u:opensesame@db/x",
    }
    assert "opensesame" not in repr(load(folder, **secrets))
    assert "opensesame" not in sentence(folder, kazoo_url="https://acme:opensesame@kazoo.example.com/v2")


def test_the_trailing_slash_of_the_url_is_dropped(folder: Path) -> None:
    assert load(folder, kazoo_url=URL + "/").kazoo_url == URL


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "RESELLER_REPORTING_KAZOO_URL"),
        ({"kazoo_url": URL}, "RESELLER_REPORTING_KAZOO_API_KEY, or RESELLER_REPORTING_KAZOO_USERNAME"),
        ({"kazoo_url": URL, "kazoo_username": "u"}, "set RESELLER_REPORTING_KAZOO_PASSWORD and"),
    ],
)
def test_missing_credentials_are_named(folder: Path, variables: dict[str, str], words: str) -> None:
    assert words in (kazoo_credentials_problem(load(folder, **variables)) or "")


def test_either_log_in_is_enough(folder: Path) -> None:
    by_name = {"kazoo_username": "u", "kazoo_password": "p", "kazoo_account_name": "Acme"}
    assert kazoo_credentials_problem(load(folder, kazoo_url=URL, kazoo_api_key="k")) is None
    assert kazoo_credentials_problem(load(folder, kazoo_url=URL, **by_name)) is None


def test_the_brand_in_the_environment(folder: Path) -> None:
    settings = load(
        folder, company_name=" Müller & Söhne ", accent_colour="#8a1c4a", logo="logo.png", mail_text="{days}\n{period}"
    )
    assert (settings.company_name, settings.accent_colour) == ("Müller & Söhne", "#8A1C4A")
    assert settings.logo == folder / "work" / "logo.png"
    assert settings.mail_text == "{days}\n{period}"
    assert (settings.language, settings.documents_language) == (None, "en")


def test_a_logo_in_the_file_lies_beside_it(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "reseller-reporting.toml").write_text('language = "de"\nlogo = "logo.png"\nmail_text = """\na\nb\n"""\n')
    settings = load(folder, home=str(home))
    assert (settings.language, settings.logo, settings.mail_text) == ("de", home / "logo.png", "a\nb")
