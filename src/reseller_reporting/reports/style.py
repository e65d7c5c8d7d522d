"""Style: in which language documents speak, and in whose colours."""

from dataclasses import dataclass

from reseller_reporting.model.brand import PLAIN, Brand
from reseller_reporting.words.language import ENGLISH, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Handed to whatever makes a document; the same one for all of a run."""

    words: Words = ENGLISH
    brand: Brand = PLAIN


PRODUCT_STYLE = Style()
