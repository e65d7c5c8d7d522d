"""What a workbook's parts have that the schemas of ECMA-376 and the rules behind them do not allow."""

from pathlib import Path

from openxml_audit import OpenXmlValidator, ValidationSeverity


def schema_errors(path: Path) -> list[str]:
    """Places with their sentences. That Excel would store a text elsewhere when it saves the file is no error."""
    found = OpenXmlValidator().validate(path).errors
    return [f"{each.part_uri}: {each.description}" for each in found if each.severity is ValidationSeverity.ERROR]
