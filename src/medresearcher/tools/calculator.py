"""`calculator`: arithmetic from the syntax tree, without `eval`, and with bounds on its size."""

import ast
import math
import operator
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import StringConstraints

from medresearcher.records.trajectory import Outcome
from medresearcher.tools.tool import Result, Tool

Number = int | float

_BITS = 10_000  # of a power; products of these stay printable
_LARGEST_FACTORIAL = 500
_CONSTANTS = {"pi": math.pi, "e": math.e}
_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: dict[str, Any] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "max": max,
    "min": min,
    "round": round,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tan": math.tan,
}


class _NoValueError(Exception):
    """The expression has no value that can be given."""


def calculator() -> Tool:
    """The tool."""

    def calculate(
        expression: Annotated[
            str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)
        ],
    ) -> Result:
        """Work out an arithmetic expression, such as `0.08 * 5500 / (1 - 0.2) ** 2`.

        Args:
            expression: Numbers with + - * / // % ** and parentheses, pi, e, and the functions
                abs, ceil, comb, cos, exp, factorial, floor, log (natural, or with a base), log10,
                log2, max, min, round, sin, sqrt, tan.
        """  # noqa: D413
        try:
            value = _value(ast.parse(expression, mode="eval").body)
            if isinstance(value, float) and not math.isfinite(value):
                raise _NoValueError("the result is not a finite number")
            shown = str(value) if isinstance(value, int) else f"{value:.12g}"
        except SyntaxError:
            problem = "not an arithmetic expression; write powers as ** and no units or %"
            return Result(Outcome.INVALID_ARGUMENTS, "", problem)
        except _NoValueError as error:
            return Result(Outcome.INVALID_ARGUMENTS, "", str(error))
        except TypeError:
            return Result(Outcome.INVALID_ARGUMENTS, "", "a function got too few or many arguments")
        except ZeroDivisionError:
            return Result(Outcome.OUT_OF_SCOPE, "", "a division by zero has no value")
        except (ValueError, OverflowError, MemoryError, RecursionError):
            return Result(Outcome.OUT_OF_SCOPE, "", "no value, or one that is too large")
        return Result(Outcome.FOUND, shown, "calculated")

    return Tool("calculator", calculate)


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left), _value(right))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left), _value(right))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _call(name, [_value(one) for one in args])
        case _:
            what = ast.unparse(node)[:40]
            raise _NoValueError(f"{what!r} is not part of arithmetic; see the tool's description")


def _power(base: Number, exponent: Number) -> Number:
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and int(base).bit_length() * abs(exponent) > _BITS:
        raise OverflowError
    result: Number | complex = base**exponent
    if isinstance(result, complex):
        raise _NoValueError("a root of a negative number is not real")
    return result


def _call(name: str, values: list[Number]) -> Number:
    if name in ("factorial", "comb"):
        if any(isinstance(one, float) or one > _LARGEST_FACTORIAL for one in values):
            raise _NoValueError(f"{name} takes whole numbers up to {_LARGEST_FACTORIAL}")
        return (math.factorial if name == "factorial" else math.comb)(*map(int, values))
    if name not in _FUNCTIONS:
        raise _NoValueError(f"there is no function {name[:40]!r}; see the tool's description")
    return _FUNCTIONS[name](*values)
