# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel with the standard library alone: pip's backend (PEP 517, PEP 660), and

    python3 build_wheel.py DIRECTORY
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import zipfile
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_LICENSE = _HERE.parents[1] / "LICENSE"
_METADATA = """Metadata-Version: 2.4
Name: itemized
Version: {version}
Summary: A bill for every step of your LLM agents
License-Expression: Apache-2.0
License-File: LICENSE
Requires-Python: >=3.9
Provides-Extra: grpc
Requires-Dist: grpcio ; extra == 'grpc'
"""
_WHEEL = "Wheel-Version: 1.0\nGenerator: itemized\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def _version() -> str:
    found = re.search(r'^__version__ = "(.+)"$', (_HERE / "itemized/__init__.py").read_text(), re.M)
    assert found is not None
    return found.group(1)


def _write(directory: str, files: dict[str, bytes]) -> str:
    version = _version()
    info = f"itemized-{version}.dist-info"
    files[f"{info}/METADATA"] = _METADATA.format(version=version).encode()
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    files[f"{info}/licenses/LICENSE"] = _LICENSE.read_bytes()
    rows = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(content)}")
    rows.append(f"{info}/RECORD,,\n")
    files[f"{info}/RECORD"] = "\n".join(rows).encode()
    wheel = f"itemized-{version}-py3-none-any.whl"
    with zipfile.ZipFile(Path(directory) / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 517."""
    package = _HERE / "itemized"
    names = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return _write(wheel_directory, {str(path.relative_to(_HERE)): path.read_bytes() for path in names})


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 660: the package stays where it is."""
    return _write(wheel_directory, {"itemized.pth": f"{_HERE}\n".encode()})


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    print(Path(sys.argv[1]) / build_wheel(sys.argv[1]))
