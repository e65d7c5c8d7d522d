"""A workbook as LibreOffice calculates it, from a copy that holds no computed value."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

_ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode"><value>0</value></prop></item>
</oor:items>"""


def recalculated(path: Path, scratch: Path) -> Path:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed: formulas are not recalculated here")
    bare, profile = scratch / "bare" / path.name, scratch / "profile"
    bare.parent.mkdir()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(bare, "w") as target:
        for name in source.namelist():
            target.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", source.read(name)))
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_RECALCULATE)
    command = [
        *(office, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"),
        *("--outdir", str(scratch / "made"), str(bare)),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return scratch / "made" / path.name
