"""`python -m reseller_reporting` is the same as `reseller-reporting`."""

from reseller_reporting.cli import main

main()
