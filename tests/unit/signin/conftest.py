from tests.unit.api.conftest import published, world

__all__ = ["published", "world"]
