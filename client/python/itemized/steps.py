# SPDX-License-Identifier: Apache-2.0
"""The decorator that makes a function a step."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Callable, Optional, TypeVar, Union, overload

from .diagnostics import warn_once
from .events import name_of
from .runs import current_run
from .tracing import StepScope, cost_trace, current_step
from .usage_reading import find

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Decorator = Callable[[_Function], _Function]


def _workflow_id_in(arguments: tuple[Any, ...]) -> Optional[str]:
    """The id in a state such as LangGraph hands to its nodes."""
    for argument in arguments[:2]:  # The second one if the first is self.
        try:
            is_state = isinstance(argument, Mapping)
            found = argument.get("workflow_id") if is_state else getattr(argument, "workflow_id", None)
        except Exception:  # What a foreign object does must not reach the caller.
            continue
        if isinstance(found, str):
            return found
    return None


class _Execution:
    """One execution of a function that is a step. ``with`` it, code belongs to the step;
    a generator leaves and enters again at each yield."""

    def __init__(self, name: str, model: str, arguments: tuple[Any, ...]) -> None:
        self._scope = StepScope(name, current_step.get())
        self._trace = cost_trace(name, model, None if current_run() is not None else _workflow_id_in(arguments))
        self._trace.__enter__()
        self._told = "nothing"  # The type of what the function gave last.

    def __enter__(self) -> None:
        self._token = current_step.set(self._scope)

    def __exit__(self, *error: Any) -> None:
        current_step.reset(self._token)

    def saw(self, result: Any) -> None:
        """Takes usage out of what the function returns or yields, if it is a response, or a
        piece of one, of no call that is traced inside."""
        if result is not None:
            self._told = f"a {type(result).__name__}"
        try:
            found = find(result)
            # What looks like bare usage may be anybody's dict: it takes a response around it.
            if found is None or found.envelope.is_bare or self._scope.has_call_of(result, found):
                return
        except Exception:  # Whatever an unknown object does.
            return
        self._trace.usage.record(result)

    def end(self, error: Optional[BaseException] = None) -> None:
        """Records the call; or says once that there is none to record."""
        if self._trace.usage.is_reported:
            self._trace.__exit__(None if error is None else type(error), error, None)
        elif error is None and not self._scope.has_call:
            warn_once(
                f"step {self._scope.name}",
                "The step %r recorded no call: it gave %s, which tells no usage, and there was no cost_trace "
                "inside. Return the provider's response, or put cost_trace() around the call.",
                self._scope.name,
                self._told,
            )

    def finish(self, result: Any) -> Any:
        """What the caller gets for a result. What is still to run belongs to the step."""
        if inspect.iscoroutine(result):
            return _awaited(self, result)
        if inspect.isgenerator(result):
            return _driven(self, result)
        if inspect.isasyncgen(result):
            return _driven_async(self, result)
        self.saw(result)
        self.end()
        return result


async def _awaited(execution: _Execution, body: Any) -> Any:
    try:
        with execution:
            result = await body
    except BaseException as error:
        execution.end(error)
        raise
    return execution.finish(result)


def _driven(execution: _Execution, body: Any) -> Iterator[Any]:
    """A generator like `body`. The step ends with it: code between two of its values is
    the caller's."""
    resume, value = body.send, None
    try:
        while True:
            with execution:
                item = resume(value)
            execution.saw(item)
            try:
                value = yield item
                resume = body.send
            except GeneratorExit:
                with execution:
                    body.close()
                raise
            except BaseException as thrown:
                resume, value = body.throw, thrown
    except StopIteration as stop:
        result = stop.value
    except BaseException as error:
        execution.end(error)
        raise
    if result is not None:
        execution.saw(result)
    execution.end()
    return result  # type: ignore[return-value]  # Generators return so.


async def _driven_async(execution: _Execution, body: Any) -> AsyncIterator[Any]:
    """An async generator like `body`, of which the same holds as of `_driven`."""
    resume, value = body.asend, None
    try:
        while True:
            with execution:
                item = await resume(value)
            execution.saw(item)
            try:
                value = yield item
                resume = body.asend
            except GeneratorExit:
                with execution:
                    await body.aclose()
                raise
            except BaseException as thrown:
                resume, value = body.athrow, thrown
    except StopAsyncIteration:
        pass
    except BaseException as error:
        execution.end(error)
        raise
    execution.end()


def _wrap(function: Any, name: str, model: str) -> Any:
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_wrap(function.__func__, name, model))

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run_async(*args: Any, **kwargs: Any) -> Any:
            return await _awaited(_Execution(name, model, args), function(*args, **kwargs))

        return run_async

    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def run_generator(*args: Any, **kwargs: Any) -> Any:
            return (yield from _driven(_Execution(name, model, args), function(*args, **kwargs)))

        return run_generator

    if inspect.isasyncgenfunction(function):
        return _async_generator_function(function, name, model)

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        execution = _Execution(name, model, args)
        try:
            with execution:
                result = function(*args, **kwargs)
        except BaseException as error:
            execution.end(error)
            raise
        return execution.finish(result)

    return run


def _async_generator_function(function: Any, name: str, model: str) -> Any:
    """One that code which looks for an async generator function takes for one."""

    @functools.wraps(function)
    async def run_async_generator(*args: Any, **kwargs: Any) -> Any:
        driven = _driven_async(_Execution(name, model, args), function(*args, **kwargs))
        resume, value = driven.asend, None  # type: ignore[attr-defined]
        while True:
            try:
                item = await resume(value)
            except StopAsyncIteration:
                return
            try:
                value = yield item
                resume = driven.asend  # type: ignore[attr-defined]
            except GeneratorExit:
                await driven.aclose()  # type: ignore[attr-defined]
                raise
            except BaseException as thrown:
                resume, value = driven.athrow, thrown  # type: ignore[attr-defined]

    return run_async_generator


@overload
def step(name: _Function) -> _Function: ...


@overload
def step(name: Optional[str] = None, *, model: str = "") -> _Decorator[Any]: ...


def step(name: Union[str, _Function, None] = None, *, model: str = "") -> Any:
    """Makes a function a step, as ``@step``, ``@step("name")`` or ``@step(name="name")``:
    ``cost_trace()`` inside it needs no name, and if it returns a provider's response, or
    yields the pieces of one, that call is recorded. By default the step has the function's
    name. Coroutine functions, generators and async generators are steps as well.

    The run is that of ``workflow``, or else the ``workflow_id`` of the state that the
    function is given, as a node of LangGraph is.
    """

    def decorate(function: Any) -> Any:
        plain = function.__func__ if isinstance(function, (staticmethod, classmethod)) else function
        own = getattr(plain, "__name__", type(plain).__name__)
        return _wrap(function, own if name is None or name is function else name_of(name), model)

    if isinstance(name, (staticmethod, classmethod)) or (callable(name) and not isinstance(name, str)):
        return decorate(name)
    return decorate
