"""Parameters are declared once; form, flags, record and docs all read that declaration back."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, cast, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

NEXT: Final = re.compile(r",(?=\s*[\w-]+\s*=)|,\s*$")

__all__ = [
    "Parameter",
    "ParameterError",
    "Parameters",
    "named",
    "parameter",
    "parse",
    "refuse_class",
    "restore",
]


# Characters of a value that are repeated where it is refused.
LONGEST = 60


class ParameterError(ValueError):
    """A parameter has a value that cannot be used; the message says which and why."""


def parameter(
    default: Any,
    help: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str = "",
    source: str = "",
    words: str = "",
    path: bool = False,
) -> Any:
    """Declare one parameter of a `Parameters` class.

    Parameters
    ----------
    default : int, float, bool or str
        The value used when none is given.
    help : str
        One sentence for the tooltip, the flag's help and the docs.
    minimum, maximum : float, optional
        Closed bounds.
    unit : str, optional
        What the number counts, such as ``"pixels"``.
    source : str, optional
        Where the default comes from in the paper.
    words : str, optional
        Name in words, where the field's name does not give it.
    path : bool, optional
        Whether a text names a file.

    Returns
    -------
    pydantic.fields.FieldInfo
        To be assigned to an annotated class attribute.
    """
    extra: JsonDict = {"unit": unit, "source": source, "words": words, "path": path}
    return Field(default, description=help, ge=minimum, le=maximum, json_schema_extra=extra)


@dataclass(frozen=True)
class Parameter:
    """One declared parameter, as a form, a flag or a table needs it.

    Attributes
    ----------
    name : str
        Field name.
    type : type
        ``int``, ``float``, ``bool`` or ``str``.
    default : int, float, bool or str
        Default value.
    minimum, maximum : float or None
        Closed bounds, where declared.
    choices : tuple of str
        The allowed words; empty when the value is free.
    help, unit, source : str
        As declared.
    words : str
        Name in words, where the field's name does not give it.
    path : bool
        Whether a text names a file.
    """

    name: str
    type: type
    default: Any
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    help: str
    unit: str
    source: str
    words: str = ""
    path: bool = False

    @property
    def label(self) -> str:
        """Name in words, with the unit."""
        words = self.words or self.name.replace("_", " ").capitalize()
        return f"{words} ({self.unit})" if self.unit else words

    @property
    def flag(self) -> str:
        """Name as a command line flag."""
        return "--" + self.name.replace("_", "-")


class Parameters(BaseModel):
    """A frozen, validated record of parameters with a name and a title.

    Attributes
    ----------
    name : str
        The word used in records, flags and menus.
    title : str
        The name as people say it.
    presets : mapping
        Values by parameter that differ from the defaults, by a name: those of a paper.
    foremost : tuple of str
        Parameters that a form begins with, where the order of declaration is not that of use.

    Raises
    ------
    ParameterError
        When a value is out of bounds, of the wrong type, or its name is unknown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: ClassVar[str]
    title: ClassVar[str]
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    foremost: ClassVar[tuple[str, ...]] = ()

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ParameterError(_sentence(type(self), first)) from None

    @classmethod
    def declared(cls) -> tuple[Parameter, ...]:
        """Return the declared parameters in their order: fields that hold others are left out."""
        fields = cls.model_fields.items()
        return tuple(_read(name, field) for name, field in fields if field.description)

    def as_dict(self) -> dict[str, Any]:
        """Return name and every value, ready for JSON."""
        return {"name": self.name, **self.model_dump(mode="json")}

    def replace(self, **values: Any) -> Any:
        """Return a validated copy with some values changed.

        Parameters
        ----------
        **values
            Parameters by name.

        Returns
        -------
        Parameters
            Of the same class.
        """
        return type(self)(**{**self.model_dump(), **values})


def named(name: str, known: Iterable[type[Parameters]], what: str) -> type[Parameters]:
    """Find the class of this `name` among those known.

    `what` says in the message what is looked for; ParameterError when no class has that name.
    """
    by_name = {each.name: each for each in known}
    if name not in by_name:
        raise ParameterError(f"There is no {what} {_short(name)}; known are {', '.join(by_name)}.")
    return by_name[name]


def restore(values: Mapping[str, Any], known: Iterable[type[Parameters]], what: str) -> Parameters:
    """Make the record again that `Parameters.as_dict` wrote, of one of the known classes.

    `what` says in the message what is restored; ParameterError when name or a value is not known.
    """
    rest = dict(values)
    return named(str(rest.pop("name", "")), known, what)(**rest)


def parse(text: str, known: Iterable[type[Parameters]], what: str) -> Parameters:
    """Read ``name`` or ``name:field=value,field=value``, of one of the known classes.

    `what` says in the message what is read; ParameterError when it cannot be.
    """
    name, _, rest = text.partition(":")
    # The name of a file may have commas: a value ends where the next name begins.
    pairs = [pair.partition("=") for pair in re.split(NEXT, rest) if pair.strip()]
    if any(not equals for _, equals, _ in pairs):
        raise ParameterError(f"Cannot read {text!r}: write {name}:field=value,field=value.")
    values = {key.strip().replace("-", "_"): value.strip() for key, _, value in pairs}
    return named(name.strip(), known, what)(**values)


def refuse_class(given: object, what: str) -> None:
    """Refuse a class in place of what it makes."""
    if isinstance(given, type):
        name = given.__name__
        raise ValueError(f"{name} is a class: give {what} with parameters, as {name}().")


def _read(name: str, field: FieldInfo) -> Parameter:
    literal = get_origin(field.annotation) is Literal
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return Parameter(
        name=name,
        type=str if literal else cast(type, field.annotation),
        default=field.default,
        minimum=_bound(field, annotated_types.Ge, "ge"),
        maximum=_bound(field, annotated_types.Le, "le"),
        choices=get_args(field.annotation) if literal else (),
        help=field.description or "",
        unit=str(extra.get("unit", "")),
        source=str(extra.get("source", "")),
        words=str(extra.get("words", "")),
        path=bool(extra.get("path", False)),
    )


def _bound(field: FieldInfo, kind: type, attribute: str) -> float | None:
    found = (getattr(each, attribute) for each in field.metadata if isinstance(each, kind))
    return next(found, None)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _sentence(cls: type[Parameters], error: ErrorDetails) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, cls.model_fields, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"{cls.title} has no parameter {name!r}{hint}."
    must = error["msg"].replace("Input should be", "must be").replace("Value error, ", "")
    must = must[:1].lower() + must[1:]
    if not name:  # what is wrong is how the values go together
        return f"{cls.title}: {must}."
    return f"{cls.title}: {name} {must}, not {_short(error['input'])}.".replace(":  ", ": ")
