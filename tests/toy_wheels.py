"""Wheels made by hand, and pip told to look nowhere else."""

import hashlib
import zipfile
from pathlib import Path


def write_wheel(folder: Path, name: str, version: str, *, tag="py3-none-any", requires=(), extras=()) -> str:
    """Write NAME-VERSION-TAG.whl, a package of one line; return its sha256."""
    file, info = folder / f"{name}-{version}-{tag}.whl", f"{name}-{version}.dist-info"
    told = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    told += [f"Requires-Dist: {each}" for each in requires] + [f"Provides-Extra: {each}" for each in extras]
    contents = {
        f"{name}/__init__.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": "\n".join(told) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = f"{info}/RECORD"
    contents[record] = "".join(f"{each},,\n" for each in (*contents, record))
    with zipfile.ZipFile(file, "w") as wheel:
        for path, text in contents.items():
            wheel.writestr(path, text)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def only(folder: Path) -> dict[str, str]:
    """Return the environment by which pip finds the wheels in `folder` and no others."""
    return {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
