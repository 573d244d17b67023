"""What a notebook shows besides pictures: sliders that redraw one, and the package's own code."""

import inspect

import ipywidgets
from IPython.display import Code


def slide(draw, **sliders):
    """A picture with sliders: ``draw(**values)`` returns a figure for the sliders' values.

    sliders: name -> (lowest, highest, step, start). Returns the widget; put it last in a cell. The
    picture is replaced in one message, so dragging does not flicker.
    """
    controls = {
        name: (ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider)(
            min=lowest, max=highest, step=step, value=start,
            description=name.replace("_", " "), style={"description_width": "initial"},
            layout=ipywidgets.Layout(width="60%"),
        )
        for name, (lowest, highest, step, start) in sliders.items()
    }
    picture = ipywidgets.Image(
        format="png", layout=ipywidgets.Layout(width="720px", max_width="100%", height="auto")
    )

    def redraw(change=None):
        figure = draw(**{name: control.value for name, control in controls.items()})
        picture.value, picture.alt = figure.to_png(), getattr(figure, "alt", "")

    for control in controls.values():
        control.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([*controls.values(), picture])


def show_source(thing):
    """The source of a class or function of the package, with colours."""
    return Code(inspect.getsource(thing), language="python")
