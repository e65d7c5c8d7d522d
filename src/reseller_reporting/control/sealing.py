"""Sealing: what may not be read from the database alone, encrypted with the installation's key.

Owns: the key, sealed texts, keys derived for other uses. Does not own: what is sealed.

Invariants
- The key is that of the settings, else one made once under HOME, which only its owner may read.
- No message holds a key or what was sealed.
"""

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from reseller_reporting.model.errors import InvalidSettings

KEY_FILE = "secret-key"


class Seal:
    """Encrypts and decrypts; `derived` gives a key of its own for each other use."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._fernet = Fernet(base64.urlsafe_b64encode(self._digest("sealed texts")))

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def unseal(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise InvalidSettings(
                "What was stored in secret cannot be read with the present RESELLER_REPORTING_SECRET_KEY. Set the one "
                "that it was stored with, or enter the credentials anew."
            ) from None

    def derived(self, use: str) -> str:
        return self._digest(use).hex()

    def _digest(self, use: str) -> bytes:
        return hmac.digest(self._key, f"reseller-reporting: {use}".encode(), hashlib.sha256)


def seal_of(home: Path, secret_key: str | None) -> Seal:
    return Seal(secret_key or _kept_key(home))


def _kept_key(home: Path) -> str:
    """The first process makes it; one that starts beside it reads the same."""
    file = home / KEY_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            # Written whole under another name first: a link appears at once, and only if there is none yet.
            made = home / f".{KEY_FILE}-{os.getpid()}-{secrets.token_hex(4)}"
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                new.write(secrets.token_hex(32))
            with suppress(FileExistsError):
                os.link(made, file)
            made.unlink()
        return file.read_text(encoding="ascii")
    except OSError as error:
        raise InvalidSettings(
            f"The secret key in {file} cannot be kept: {error.strerror}. Set RESELLER_REPORTING_SECRET_KEY, or "
            "RESELLER_REPORTING_HOME to a folder of yours."
        ) from error
