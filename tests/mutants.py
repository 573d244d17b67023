"""Wrong answers made automatically: an exercise's solution with one thing in it changed.

A check that lets one of them pass on any seed is too weak, or the change makes no difference.
``python tests/mutants.py 11`` prints the survivors of a lesson (tests/survivors.py keeps the known).
"""

import ast
import copy
import inspect
import itertools
import signal
import sys
import time
import warnings
from collections import Counter
from contextlib import contextmanager

import numpy as np
import scipy.special

OPERATORS = {ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult],
             ast.FloorDiv: [ast.Div], ast.Pow: [ast.Mult], ast.MatMult: [], ast.Mod: []}
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
               ast.NotEq: ast.Eq}
WORDS = {"sum": "mean", "mean": "sum", "max": "min", "min": "max", "argmin": "argmax", "argmax": "argmin",
         "prod": "sum", "var": "std", "std": "var", "log": "log2", "cumsum": "cumprod", "ceil": "floor",
         "maximum": "minimum", "minimum": "maximum", "sin": "cos"}
UNSAFE = {"logsumexp": "log_of_sum", "log_softmax": "log_of_softmax", "softmax": "plain_softmax",
          "logaddexp": "log_of_two"}
STOPPED = ("your code stopped", "the check cannot read", "the result has shape")
MAPS = {"exp", "log", "log2", "sqrt", "abs", "clip", "maximum", "minimum", "square", "round"}
RESULTS = {"with the other sign": lambda r: -np.asarray(r), "doubled": lambda r: 2 * np.asarray(r),
           "as its mean": np.mean, "as its sum": np.sum, "clipped to [0, 1]": lambda r: np.clip(r, 0, 1),
           "rounded to 2 decimals": lambda r: np.round(r, 2),
           "plus 0.001": lambda r: np.asarray(r) + 1e-3, "backwards": lambda r: np.asarray(r)[::-1]}


def log_of_sum(a, axis=None, keepdims=False, b=1):
    return np.log(np.sum(b * np.exp(a), axis=axis, keepdims=keepdims))


def log_of_softmax(a, axis=None):
    return np.log(plain_softmax(a, axis))


def plain_softmax(a, axis=None):
    return np.exp(a) / np.exp(a).sum(axis=axis, keepdims=True)


def log_of_two(a, b):
    return np.log(np.exp(a) + np.exp(b))


def shifted_by_all(function):
    """logsumexp and its like, safe by one maximum of all numbers: small rows still underflow."""
    def unsafe(a, *more, **options):
        top = np.max(a)
        return {"logsumexp": lambda: log_of_sum(np.asarray(a) - top, *more, **options) + top,
                "log_softmax": lambda: log_of_softmax(np.asarray(a) - top, *more, **options),
                "softmax": lambda: plain_softmax(np.asarray(a) - top, *more, **options)}[function]()
    return unsafe


HELPERS = {each.__name__: each for each in (log_of_sum, log_of_softmax, plain_softmax, log_of_two)} | {
    f"{name}_one_maximum": shifted_by_all(name) for name in ("logsumexp", "log_softmax", "softmax")}


def expression(text, **parts):
    """The tree of ``text``, with trees in place of some names."""
    class Fill(ast.NodeTransformer):
        def visit_Name(self, node):
            return copy.deepcopy(parts.get(node.id, node))
    return Fill().visit(ast.parse(text, mode="eval").body)


def changes(node):
    """Each way to change one node of a tree, as another node."""
    if isinstance(node, ast.BinOp):
        for operator in OPERATORS.get(type(node.op), []):
            yield ast.BinOp(node.left, operator(), node.right)
        yield node.left
        yield node.right
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield node.operand
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for value in {node.value + 1, node.value - 1, node.value * 2} - {node.value}:
            yield ast.Constant(value)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield ast.Compare(node.left, [COMPARISONS[type(node.ops[0])](), *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Slice) and (node.lower or node.upper):
        yield ast.Slice(None, None, node.step)
    elif isinstance(node, ast.Call):
        yield from changes_of_call(node)


def changes_of_call(node):
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    axes = [i for i, each in enumerate(node.keywords) if each.arg in ("axis", "ddof")]
    if name in WORDS:
        yield renamed(node, WORDS[name])
    if name in UNSAFE:
        yield ast.Call(ast.Name(UNSAFE[name], ast.Load()), node.args, node.keywords)
        if f"{name}_one_maximum" in HELPERS:
            yield ast.Call(ast.Name(f"{name}_one_maximum", ast.Load()), node.args, node.keywords)
    if name in MAPS and node.args:
        yield node.args[0]
    if name == "log" and len(node.args) == 1:
        yield ast.Call(node.func, [expression("x + 1e-12", x=node.args[0])], [])
        yield ast.Call(node.func, [expression("np.clip(x, 1e-7, None)", x=node.args[0])], [])
    for i in axes:                                            # over everything instead of each row
        yield ast.Call(node.func, node.args, [k for j, k in enumerate(node.keywords)
                                              if j != i and k.arg != "keepdims"])
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if name in ("sum", "mean") and isinstance(inner, ast.Call) and len(inner.args) == 1 and getattr(
            inner.func, "attr", "") in ("log", "exp"):        # log(x).sum() -> log(x.sum())
        within = ast.Call(ast.Attribute(inner.args[0], name, ast.Load()), node.args, node.keywords)
        yield ast.Call(inner.func, [within], [])


def renamed(node, name):
    function = copy.deepcopy(node.func)
    setattr(function, "attr" if isinstance(function, ast.Attribute) else "id", name)
    return ast.Call(function, node.args, node.keywords)


def module_functions(module):
    return {each.name: each for each in ast.parse(inspect.getsource(module)).body
            if isinstance(each, ast.FunctionDef)}


def tree_of_constant(node, parents):
    """Where a constant stands, as text; "" for other nodes, which need no more words."""
    if not isinstance(getattr(node, "operand", node), (ast.Constant, ast.Name)):
        return ""
    around = parents[id(node)]
    while isinstance(around, (ast.UnaryOp, ast.Slice, ast.Tuple, ast.keyword)):
        around = parents[id(around)]
    return ast.unparse(around).partition("\n")[0]


def reachable(name, functions):
    """A function and those of its file that it calls, however deep."""
    found, ahead = [], [name]
    while ahead:
        found.append(ahead.pop())
        nodes = list(ast.walk(functions[found[-1]]))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        names -= {node.arg for node in nodes if isinstance(node, ast.arg)}
        ahead += sorted((names & functions.keys()) - {*found, *ahead})
    return found


class Limit(ast.NodeTransformer):
    """A loop of a mutant may never end: after 9,999 rounds it stops with StopIteration."""

    def visit_While(self, node):
        node.body.insert(0, ast.parse("next(rounds_left)").body[0])
        return [ast.parse("rounds_left = iter(range(9999))").body[0], node]


def compiled(module, answer, trees):
    """The function ``answer`` in a copy of its file where ``trees`` stand in place of their like."""
    space = dict(vars(module)) | HELPERS | {"np": np, "scipy": scipy}
    trees = [Limit().visit(copy.deepcopy(tree)) for tree in trees]
    body = ast.fix_missing_locations(ast.Module(trees, []))
    exec(compile(body, "mutant", "exec"), space)
    return space[answer]


def mutants_of_source(answer):
    """Pairs (what was changed, function): one node changed in the solution or in what it calls."""
    module = sys.modules[answer.__module__]
    functions = module_functions(module)
    names = reachable(answer.__name__, functions)
    for name in names:
        nodes = list(ast.walk(functions[name]))
        parents = {id(child): node for node in nodes for child in ast.iter_child_nodes(node)}
        for place, node in enumerate(nodes):
            for new in changes(node):
                tree = copy.deepcopy(functions[name])
                target = list(ast.walk(tree))[place]

                class Swap(ast.NodeTransformer):
                    def visit(self, each, target=target, new=new):
                        return copy.deepcopy(new) if each is target else self.generic_visit(each)

                tree = Swap().visit(tree)
                shown = tree_of_constant(node, parents)
                text = f"{ast.unparse(node)} -> {ast.unparse(new)}" + f", in {shown}" * bool(shown)
                others = [functions[each] for each in names if each != name]
                yield text, compiled(module, answer.__name__, [*others, tree])


def alike(value):
    """An array of its mean, a number as 1: the argument is ignored."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.full(value.shape, value.mean())
    if isinstance(value, np.ndarray):
        return np.full_like(value, value.flat[0])
    return type(value)(1)


def mutants_by_wrapping(answer):
    """Pairs (what was changed, function): its result or its arguments are changed, not its source."""
    count = len(inspect.signature(answer).parameters)
    names = list(inspect.signature(answer).parameters)
    for text, change in RESULTS.items():
        def changed(*a, change=change):
            right = answer(*a)
            wrong = change(right)
            if np.array_equal(right, wrong):                  # a number is its own mean: not wrong
                raise ValueError("nothing is changed")
            return wrong
        yield f"result {text}", changed
    for i in range(count):
        yield f"{names[i]} ignored", lambda *a, i=i: answer(*a[:i], alike(a[i]), *a[i + 1:])
        for axis, how in itertools.product((0, 1), ("sum", "mean")):
            yield f"{names[i]}.{how}(axis={axis})", lambda *a, i=i, axis=axis, how=how: answer(
                *a[:i], getattr(many_axes(a[i]), how)(axis=axis, keepdims=True), *a[i + 1:])
    for i, j in itertools.combinations(range(count), 2):
        def swapped(*a, i=i, j=j):
            a = list(a)
            a[i], a[j] = a[j], a[i]
            return answer(*a)
        yield f"{names[i]} and {names[j]} exchanged", swapped


def many_axes(value):
    if np.ndim(value) < 2:
        raise ValueError("an axis is summed only where others stay")
    return np.asarray(value)


def mutants(exercise):
    """A dict what was changed -> wrong answer, for an exercise whose solution is a function."""
    answer, found = exercise.answer, {}
    if not inspect.isfunction(answer) or answer.__name__ == "<lambda>":
        return found
    for text, function in itertools.chain(mutants_of_source(answer), mutants_by_wrapping(answer)):
        number = next(k for k in itertools.count(1) if (text if k == 1 else f"{text} #{k}") not in found)
        found[text if number == 1 else f"{text} #{number}"] = function
    return found


class TooLong(Exception):
    """A mutant takes so long that no student would wait for it."""


@contextmanager
def at_most(seconds):
    """Stop what takes more CPU, by TooLong, where the system has such an alarm; other work does not count."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number, frame):
        raise TooLong(f"{seconds} s are over")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def grades_of(exercise, answers, seeds, seconds=None, least=3):
    """Grade each of some answers, a dict text -> function, on the seeds: pairs (text, right?).

    What stops or has another shape on one seed does so on all: it is not tried again. seconds: of CPU;
    when they are over, at least ``least`` seeds were tried.
    """
    left, end = dict(answers), None if seconds is None else time.process_time() + seconds
    for tried, seed in enumerate(seeds):
        if end is not None and tried >= least and time.process_time() > end:
            return
        for text, answer in list(left.items()):
            with warnings.catch_warnings(), np.errstate(all="ignore"), at_most(2):
                warnings.simplefilter("ignore")
                state, message = exercise.grade(answer, seed)
            if message.startswith(STOPPED):
                del left[text]
            yield text, state == "right"


def survivors(exercise, seeds, seconds=None, known=()):
    """Mutants that pass the exercise's check on at least one seed, without those that are known."""
    answers = {text: answer for text, answer in mutants(exercise).items() if text not in known}
    return list(dict.fromkeys(text for text, right in grades_of(exercise, answers, seeds, seconds) if right))


if __name__ == "__main__":
    from ensgen_tutorial.course.exercises import lesson_exercises

    for lesson in sys.argv[1:]:
        for number, exercise in lesson_exercises(f"lesson_{lesson}").items():
            all_of_them = mutants(exercise)
            passed = Counter(text for text, right in grades_of(exercise, all_of_them, range(100)) if right)
            print(f"\n{number}: {len(all_of_them)} mutants, {len(passed)} pass on at least one of 100 seeds")
            for text, times in passed.items():
                print(f'        "{text}",' + f"  # passes on {times} %" * (times < 100))
