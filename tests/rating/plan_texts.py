"""Plans as people write them, for tests of what is made of them."""

from textwrap import dedent

from reseller_reporting.model.plan import Plan
from reseller_reporting.sources.plan_files import plan_of


def plan(text: str) -> Plan:
    document = plan_of(dedent(text), "p.yaml")
    assert document.content is not None, [finding.text for finding in document.findings]
    return document.content
