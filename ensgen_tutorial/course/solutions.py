"""An exercise's solution as code that stands by itself, with the imports and helpers that it needs."""

import ast
import importlib.util
import inspect
import textwrap


def body_of(answer, parameters):
    """The body of the function ``answer``, to stand in another function with these ``parameters``.

    answer: a function of a module of this package. Helpers and imports of its module that it uses
    come first; only NumPy is taken to be there already, as ``np``.
    """
    module = inspect.getmodule(answer)
    text = inspect.getsource(module)
    made = {name: node for node in ast.parse(text).body for name in names_made(node)}
    own = made[answer.__name__]
    needed = names_needed(own, made)
    lines = [source(text, made[name], name, module.__package__)
             for name in sorted(needed - {"np", own.name}, key=lambda name: (made[name].lineno, name))]
    more = own.args.vararg or own.args.kwonlyargs or own.args.kwarg
    if own.name in needed or more or [each.arg for each in own.args.args] != parameters:
        lines += [ast.get_source_segment(text, own), f"return {own.name}({', '.join(parameters)})"]
    else:
        body = text.splitlines()[own.body[0].lineno - 1: own.end_lineno]
        lines.append(textwrap.dedent("\n".join(body)))
    return "\n".join(lines)


def names_made(node):
    """The names that a statement of a module makes."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    return [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]


def names_needed(node, made):
    """Those of the names ``made`` that a statement uses, by itself or through others."""
    needed, left = set(), [node]
    while left:
        used = {each.id for each in ast.walk(left.pop()) if isinstance(each, ast.Name)}
        new = used & made.keys() - needed
        needed |= new
        left += [made[name] for name in new]
    return needed


def source(text, node, name, package):
    """The statement that makes ``name``; an import of this package by its whole name."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return ast.get_source_segment(text, node)
    alias = next(each for each in node.names if name in (each.name, each.asname))
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import([alias]))
    place = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
    return ast.unparse(ast.ImportFrom(place, [alias], 0))
