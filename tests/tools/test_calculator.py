"""The calculator agrees with exact arithmetic, and nothing but arithmetic gets through."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.records.trajectory import Observation
from medresearcher.tools.calculator import calculator

TOOL = calculator()


def ask(expression: str) -> Observation:
    return TOOL.call(json.dumps({"expression": expression}))


terms = st.recursive(
    st.integers(1, 99).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(
        lambda it: f"({it[0]} {it[1]} {it[2]})"
    ),
    max_leaves=8,
)


@given(terms)
def test_it_agrees_with_exact_fractions(expression: str) -> None:
    wrapped = "".join(
        f"Fraction({part})" if part.isdigit() else part
        for part in expression.replace("(", " ( ").replace(")", " ) ").split()
    )
    found = ask(expression)
    try:
        exact = eval(wrapped, {"Fraction": Fraction})
    except ZeroDivisionError:
        assert found.outcome == "out_of_scope"
        return
    if found.outcome == "found":
        assert float(found.text.split("\n")[0]) == pytest.approx(float(exact), rel=1e-9, abs=1e-9)
    else:  # a difference that rounds to zero is divided by
        assert found.outcome == "out_of_scope"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.08 * 5500 / (1 - 0.2) ** 2", "687.5"),
        ("0.1 + 0.2", "0.3"),
        ("-2 ** 2", "-4"),
        ("7 // 2 + 7 % 2", "4"),
        ("comb(52, 5)", "2598960"),
        ("factorial(20)", "2432902008176640000"),
        ("log(8, 2) + log10(100)", "5"),
        ("round(2.567, 1)", "2.6"),
        ("max(1, 2, 3) - min(4, 5)", "-1"),
        ("10 ** 400 // 10 ** 398", "100"),
        ("2 * pi", "6.28318530718"),
    ],
)
def test_values(expression: str, value: str) -> None:
    assert ask(expression).text == f"{value}\n\n[found · calculated]"


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        ("__import__('os').system('x')", "invalid_arguments"),
        ("(1).__class__", "invalid_arguments"),
        ("[1, 2]", "invalid_arguments"),
        ("True + 1", "invalid_arguments"),
        ("x", "invalid_arguments"),
        ("sqrt(x=1)", "invalid_arguments"),
        ("5 mg", "invalid_arguments"),
        ("max()", "invalid_arguments"),
        ("factorial(10 ** 9)", "invalid_arguments"),
        ("comb(5.5, 2)", "invalid_arguments"),
        ("(-8) ** 0.5", "invalid_arguments"),
        ("1e308 * 10", "invalid_arguments"),
        ("", "invalid_arguments"),
        ("1+" * 300 + "1", "invalid_arguments"),
        ("9 ** 9 ** 9", "out_of_scope"),
        ("9 ** -9 ** 9", "out_of_scope"),
        ("1 / 0", "out_of_scope"),
        ("log(0)", "out_of_scope"),
        ("exp(1000)", "out_of_scope"),
        ("(" * 240 + "1" + ")" * 240, "invalid_arguments"),
    ],
)
def test_what_has_no_value(expression: str, outcome: str) -> None:
    found = ask(expression)
    assert found.outcome == outcome, found.text
