"""How the backend's types are checked while it is tested: by beartype, at every call of every function.

jaxtyping's hook (`--jaxtyping-packages`) does that too, and for each call binds the arguments and checks them twice, to
compare the shapes of arrays with each other. That costs 20 to 70 microseconds, for a function with and without arrays;
packing one run makes a million calls. Here only functions whose types name an array, or cannot be read yet, are left to
jaxtyping. Knows nothing of the backend.
"""

import inspect
import typing

import jaxtyping
from beartype import BeartypeConf

RAISED = BeartypeConf(violation_type=jaxtyping.TypeCheckError)  # as jaxtyping does: a TypeError


def names_arrays(hint: object) -> bool:
    """Whether a type may hold one of jaxtyping's; yes for one that is still text."""
    if isinstance(hint, str | typing.ForwardRef):
        return True
    if isinstance(hint, list | tuple):  # the parameters of a Callable
        return any(map(names_arrays, hint))
    if type(hint).__module__.startswith("jaxtyping") or getattr(hint, "__module__", "").startswith("jaxtyping"):
        return True
    inside = [*typing.get_args(hint), getattr(hint, "__bound__", None), getattr(hint, "__supertype__", None)]
    return any(names_arrays(one) for one in inside if one is not None)


def needs_shapes(function: object) -> bool:
    """Whether jaxtyping must look at its calls: anything but a plain function without arrays."""
    plain = inspect.isfunction(function) and not inspect.isgeneratorfunction(function)
    if not plain or inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return True
    return any(map(names_arrays, function.__annotations__.values()))


def check_sparingly() -> None:
    """From now on jaxtyping's hook leaves functions without arrays to the type checker alone."""
    whole = jaxtyping.jaxtyped

    def jaxtyped(function=None, *, typechecker):
        if function is None:
            return lambda found: jaxtyped(found, typechecker=typechecker)
        if needs_shapes(function):
            return whole(function, typechecker=typechecker)
        return typechecker(function, conf=RAISED)

    # the hook's code asks the package, and for the parts of a class or a property jaxtyping asks its own module
    jaxtyping.jaxtyped = jaxtyping._decorator.jaxtyped = jaxtyped
