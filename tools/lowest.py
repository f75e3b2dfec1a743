"""Print the lowest version of each direct dependency that pyproject.toml allows, as pins.

    python tools/lowest.py > constraints-lowest.txt
"""
import re
import tomllib
from pathlib import Path


def lowest(pyproject: str) -> str:
    """The pins, in order. What those packages need in turn is left to pip."""
    project = tomllib.loads(pyproject)["project"]
    needed = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    bounds = [re.fullmatch(r"([\w.-]+)>=([\w.]+)", requirement) for requirement in needed]
    return "".join(f"{name}=={version}\n" for name, version in sorted(bound.groups() for bound in bounds))


if __name__ == "__main__":
    print(lowest((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")), end="")
