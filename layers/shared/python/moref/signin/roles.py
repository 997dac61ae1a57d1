"""Who may make whom what: pure rules. Which role an operation needs stands in the API's table."""

from moref.kernel.errors import BadInput, Forbidden
from moref.tenants.model import Role

RANK: dict[Role, int] = {"member": 0, "admin": 1, "owner": 2}


def may_make(by: Role, wanted: Role) -> None:
    """Raises Forbidden: nobody makes anybody more than they are themselves."""
    if RANK[by] < RANK["admin"]:
        raise Forbidden("this needs the role admin")
    if RANK[wanted] > RANK[by]:
        raise Forbidden(f"{_a(by)} cannot make {_a(wanted)}", field="role")


def may_touch(by: Role, present: Role) -> None:
    """Raises Forbidden: owners are changed and removed by owners."""
    if RANK[present] > RANK[by]:
        raise Forbidden(f"{_a(by)} cannot change {_a(present)}")


def fitting(role: Role, location_ids: list[str] | None) -> None:
    """Raises BadInput."""
    if role == "owner" and location_ids is not None:
        raise BadInput("an owner sees every location", field="location_ids")
    if location_ids is not None and not location_ids:
        raise BadInput("name a location, or null for all of them", field="location_ids")


def _a(role: Role) -> str:
    return f"a{'' if role == 'member' else 'n'} {role}"
