"""Where a command works: the options that name it, and other places that are read with it."""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any

import typer

from semmem.cli import options
from semmem.cli.failures import reported
from semmem.cli.paths import path_of
from semmem.domain.scope import Branch, Scope
from semmem.errors import InvalidInput

BranchPath = Annotated[
    str | None,
    typer.Option("--branch", metavar="PATH", help="A branch below it, such as projects/apollo; %2F is a slash within."),
]
Owner = Annotated[str | None, typer.Option(help="The branch's private place of this owner.")]
Also = Annotated[
    list[str] | None,
    typer.Option(metavar="PLACE", help="Read this too: user:ID, workspace:ID or branch:PATH; may be repeated."),
]
_OPTIONS = {
    "tenant": (options.Tenant, inspect.Parameter.empty),
    "user": (options.User, None),
    "workspace": (options.Workspace, None),
    "branch": (BranchPath, None),
    "owner": (Owner, None),
}


def at_place(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that name a place; it takes their answer as `place`, after its arguments."""

    @wraps(command)
    def placed(
        *, tenant: str, user: str | None, workspace: str | None, branch: str | None, owner: str | None, **given: Any
    ) -> None:
        with reported():
            place = place_named(tenant, user, workspace, branch, owner)
        command(place=place, **given)

    made: list[inspect.Parameter] = []
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if parameter.name == "place":
            made += [
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
                for name, (annotation, default) in _OPTIONS.items()
            ]
        else:
            made.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    placed.__signature__ = inspect.Signature(made)  # type: ignore[attr-defined]
    placed.__annotations__ = {parameter.name: parameter.annotation for parameter in made}
    return placed


def place_named(tenant: str, user: str | None, workspace: str | None, branch: str | None, owner: str | None) -> Branch:
    """Returns the place that the options name. Raises InvalidInput."""
    root, path = Scope.one_of(tenant, user=user, workspace=workspace), path_of("branch", branch)
    try:
        return Branch(root, path, owner)
    except InvalidInput as error:
        field = "branch" if error.field.startswith("path") else error.field
        raise InvalidInput(field, error.limit, error.fix) from None


def places_of(beside: Branch, named: Sequence[str] | None) -> list[Branch]:
    """Returns the other places that are named, of the same tenant and root. Raises InvalidInput."""
    places = []
    for text in named or ():
        kind, colon, id = text.partition(":")
        if kind == "user" and colon:
            places.append(Branch(Scope.user(beside.root.tenant, id)))
        elif kind == "workspace" and colon:
            places.append(Branch(Scope.workspace(beside.root.tenant, id)))
        elif kind == "branch" and id:
            places.append(Branch(beside.root, path_of("also", id)))
        else:
            limit = "must be user:ID, workspace:ID or branch:PATH"
            raise InvalidInput("also", limit, "write it like workspace:launch")
    return places
