"""The catalogs: whole, never guessed, compiled from what stands beside them."""

from functools import cache

import pytest

import make_catalogs
from make_catalogs import TRANSLATED, as_po, findings, po_path, renewed
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import LANGUAGES, holes

messages = cache(make_catalogs.messages)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_of_the_code_is_in_every_catalog_and_compiled(language: str) -> None:
    assert list(findings(language, messages())) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_is_what_the_tool_writes(language: str) -> None:
    assert po_path(language).read_bytes() == as_po(renewed(language, messages()))


def test_the_code_says_messages_of_each_kind() -> None:
    """The tool sees a plain one, one inside an f-string, a marked one, a column's title, and one with a count."""
    ids = {message.id for message in messages()}
    assert {"Total due", "Please note", "Net", "Billing Minutes"} <= ids
    assert any(isinstance(id_, tuple) for id_ in ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_message_can_be_said_with_its_holes_filled(language: str) -> None:
    words = Words(language)
    for message in messages():
        if isinstance(message.id, str):
            said = words.say(message.id, **dict.fromkeys(holes(message.id), "VALUE"))
            assert said
            assert not holes(said)


def test_a_language_of_its_own_is_not_english() -> None:
    """A catalog that is read but never found would pass everything else."""
    assert {Words(language).say("Customer") for language in LANGUAGES} == {
        *("Customer", "Kunde", "Client", "Cliente", "Klant"),
    }
