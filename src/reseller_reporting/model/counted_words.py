"""A number with its noun, as the command line says it: `1 call`, `2 calls`. English alone; documents have catalogs."""


def counted(count: int, noun: str) -> str:
    """Nouns that take an s, such as all of ours."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
