"""Price plans as YAML that people read: what `plan_files` reads back to the same figures."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum

# What YAML takes for a text or a number as it stands, whatever reads it.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@-]*( [A-Za-z0-9][A-Za-z0-9._/@-]*)*")
_NUMBER_LIKE = re.compile(r"[0-9.]+([eE_:-].*)?|0[xob].*", re.DOTALL)
_WORD_OF_YAML = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|nan|inf")
_WIDTH = 100


def yaml_text(content: Mapping[str, object]) -> str:
    """Block style, with short lists and mappings of values on one line."""
    return "".join(f"{line}\n" for line in _block(content))


def _block(content: Mapping[str, object]) -> list[str]:
    lines: list[str] = []
    for key, value in content.items():
        name, flow = _scalar(str(key)), _flow(value)
        if flow is not None and len(flow) < _WIDTH:
            lines.append(f"{name}: {flow}")
        elif isinstance(value, Mapping):
            lines += [f"{name}:", *(f"  {line}" for line in _block(value))]
        else:
            assert isinstance(value, Sequence)
            lines += [f"{name}:", *(line for each in value for line in _item(each))]
    return lines


def _item(value: object) -> list[str]:
    flow = _flow(value)
    if (flow is not None and len(flow) < _WIDTH) or not isinstance(value, Mapping):
        return [f"  - {flow}"]
    first, *rest = _block(value)
    return [f"  - {first}", *(f"    {line}" for line in rest)]


def _flow(value: object, *, depth: int = 0) -> str | None:
    """One line; None for what holds more than a list or mapping of values."""
    if isinstance(value, Mapping):
        parts = {str(key): _flow(each, depth=depth + 1) for key, each in value.items()}
        is_flat = all(not isinstance(each, Mapping) for each in value.values()) or depth > 0
        if not is_flat or None in parts.values():
            return None
        return "{" + ", ".join(f"{_scalar(key)}: {part}" for key, part in parts.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [_flow(each, depth=depth + 1) for each in value]
        return None if None in items else "[" + ", ".join(map(str, items)) + "]"
    return _scalar(value)


def _scalar(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | date):
        return str(value)
    text = str(value.value if isinstance(value, Enum) else value)
    is_plain = _PLAIN.fullmatch(text) and not _NUMBER_LIKE.fullmatch(text) and not _WORD_OF_YAML.fullmatch(text)
    return text if is_plain else json.dumps(text, ensure_ascii=False)
