"""Vendors are plugins: one file in a folder, found by name and imported when called."""

import os
from importlib import import_module

from moref.kernel.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


def load(package: str, name: str) -> "ModuleType":
    """The plugin module, e.g. load("moref.intake.crm", "generic"). Raises NotFound on a name no file has."""
    if not name or not _NAME.issuperset(name) or name.startswith(("_", "base")):
        raise NotFound(f"no plugin {name!r}")
    try:
        return import_module(f"{package}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{package}.{name}":
            raise
        raise NotFound(f"no plugin {name!r}") from None


def names(package: str) -> list[str]:
    """Every plugin of a folder; helpers start with `_` or `base`."""
    folder = os.path.dirname(import_module(package).__file__ or "")
    found = {entry.split(".")[0] for entry in os.listdir(folder) if entry.endswith((".py", ".pyc"))}
    return sorted(name for name in found if not name.startswith(("_", "base")))
