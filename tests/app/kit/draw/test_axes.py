"""What figures say: one minus sign, in what is pointed at as on the axes."""

import pytest

from app.kit.draw.axes import axis, drawn, laid_out, new_figure
from app.kit.markdown import lettered, plain

TRACE = {"type": "scatter", "x": [0], "y": [-0.5], "hovertemplate": "a: %{x}, %{y:.2f} (%{y:.2f})"}


def by_traces(trace):
    return drawn([trace], 100, axis(), axis())


def by_figure(trace):
    return laid_out(new_figure([trace]), 100, axis(), axis())


@pytest.mark.parametrize("make", [by_traces, by_figure])
def test_a_format_stands_where_plotly_writes_a_true_minus(make):
    """In a template Plotly leaves a hyphen: −0.50 on the axis, and -0.50 where one points."""
    [trace] = make(TRACE).data
    assert trace.hovertemplate == "a: %{x}, %{y} (%{y})"
    assert (trace.xhoverformat, trace.yhoverformat) == (None, ".2f")


@pytest.mark.parametrize("make", [by_traces, by_figure])
def test_what_has_no_format_stays(make):
    for template in ("%{customdata[0]:.1f}", "%{y}"):
        [trace] = make({**TRACE, "hovertemplate": template}).data
        assert (trace.hovertemplate, trace.yhoverformat) == (template, None)
    [trace] = make({"type": "scatter", "y": [1]}).data
    assert trace.hovertemplate is None


def test_letters_of_lambda_are_set_below_it():
    assert plain("λ_μ of a_b") == r"$\lambda_\mu$ of a\_b"
    assert lettered("**λ_γ** and λ_β") == r"**$\lambda_\gamma$** and $\lambda_\beta$"
