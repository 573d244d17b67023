"""The package's own code, shown inside a lesson."""

import inspect

from IPython.display import Code


def show_source(thing):
    """The source of a class or function of the package, with colours."""
    return Code(inspect.getsource(thing), language="python")
