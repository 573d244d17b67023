"""What a generator's result depends on besides its hyperparameters: its code, and what that uses.

The store must not answer with a result of other code. So the class, its bases, the functions that
they call and the constants that they read are followed wherever they lead. Of a student's own code
the compiled form counts, which is there in a notebook, at a prompt and after ``python -c`` alike;
of this package's code, the text without comments and docstrings, so that a store can be shared
between versions of Python. Libraries are not followed.
"""

import ast
import dis
import functools
import hashlib
import inspect
import io
import sys
import sysconfig
import tokenize
import types
from pathlib import Path

import keras
import numpy as np

PACKAGE = __name__.partition(".")[0]
FUNCTIONS = (types.FunctionType, staticmethod, classmethod, property)
CACHED = type(functools.cache(len))
INSTALLED = {"site-packages", "dist-packages"}
PLAIN = (type(None), bool, int, float, complex, str, bytes, range, type(...), np.generic)


class Watched:
    """The code and the constants that some things depend on.

    ``digest``: of all that was found. ``own``: names of what is not this package's, in the order in
    which it was found. ``doubts``: names of what cannot be followed; then no stored result may be
    used.
    """

    def __init__(self, *things):
        self.pieces, self.own, self.doubts, self.seen = [], [], [], {}
        for thing in things:
            self.follow(thing, type(thing).__name__)

    @property
    def digest(self):
        return hashlib.sha256("\n".join(self.pieces).encode()).hexdigest()

    def follow(self, thing, name, trusted=False):
        """Add ``thing`` to the pieces, and whatever it leads to.

        trusted: whether this package's own code asks; its locks and caches change no result.
        """
        if isinstance(thing, PLAIN):
            self.pieces.append(f"{name} = {thing!r}")
            return
        if id(thing) in self.seen:                  # kept alive, so that no id comes twice
            self.pieces.append(f"{name}: as before")
            return
        self.seen[id(thing)] = thing
        if isinstance(thing, np.ndarray) and thing.dtype != object:
            self.pieces.append(f"{name} = {thing.dtype} {thing.shape} {thing.tobytes().hex()}")
        elif isinstance(thing, (list, tuple, set, frozenset)):
            items = sorted(thing, key=repr) if isinstance(thing, (set, frozenset)) else thing
            self.pieces.append(f"{name}: {type(thing).__name__} of {len(thing)}")
            self.follow_all({f"{name}[{i}]": item for i, item in enumerate(items)})
        elif isinstance(thing, dict):
            self.pieces.append(f"{name}: dict of {len(thing)}")
            self.follow_all({f"{name}[{key!r}]": value for key, value in thing.items()})
        elif isinstance(thing, functools.partial):
            self.follow_all({name: thing.func, f"{name}.args": thing.args,
                             f"{name}.keywords": thing.keywords})
        elif isinstance(thing, (staticmethod, classmethod, types.MethodType)):
            self.follow(thing.__func__, name)
        elif isinstance(thing, functools.cached_property):
            self.follow(thing.func, name)
        elif isinstance(thing, CACHED):
            self.follow(thing.__wrapped__, name)
        elif isinstance(thing, property):
            self.follow_all({f"{name}.{part}": getattr(thing, part) for part in ("fget", "fset")})
        elif hasattr(thing, "get_params") and not isinstance(thing, type):       # scikit-learn's
            self.follow_all({name: type(thing), f"{name}'s parameters": thing.get_params()})
        elif isinstance(thing, types.ModuleType) or is_library(thing):
            self.pieces.append(f"{name}: {getattr(thing, '__qualname__', thing.__name__)}")
        elif isinstance(thing, type):
            self.follow_class(thing, name)
        elif isinstance(thing, types.FunctionType):
            self.follow_function(thing, name)
        elif hasattr(type(thing), "__get__") and hasattr(thing, "__dict__"):      # a descriptor
            self.follow_all({name: type(thing), f"{name}'s attributes": vars(thing)})
        elif not trusted:
            self.doubts.append(f"{name} ({type(thing).__name__})")

    def follow_all(self, things):
        for name, thing in things.items():
            self.follow(thing, name)

    def follow_class(self, kind, name):
        self.remember(kind.__name__, kind)
        self.pieces.append(f"class {kind.__qualname__}")
        self.follow_all({base.__name__: base for base in kind.__bases__})
        self.follow_all({f"{name}.{part}": value for part, value in vars(kind).items()
                         if isinstance(value, FUNCTIONS) or not part.startswith(("__", "_abc_"))})

    def follow_function(self, function, name):
        if "." not in function.__qualname__.rpartition("<locals>.")[2]:     # methods need no name
            self.remember(function.__name__, function)
        code = function.__code__
        self.pieces.append(f"def {name} "
                           + (own_text(function) if is_package(function) else code_text(code)))
        self.follow_all({f"{name}'s defaults": (function.__defaults__, function.__kwdefaults__)})
        for variable, cell in zip(code.co_freevars, function.__closure__ or ()):
            if variable != "__class__":
                try:
                    self.follow(cell.cell_contents, variable)
                except ValueError:                  # not set yet
                    self.doubts.append(variable)
        for path in global_names(code):
            thing, builtin = function.__globals__, vars(sys.modules["builtins"])
            thing = thing.get(path[0], builtin.get(path[0], self))
            for part in path[1:]:                   # of a student's own module, only what is used
                if isinstance(thing, types.ModuleType) and not is_library(thing):
                    thing = getattr(thing, part, self)
            if thing is self:
                self.pieces.append(f"{path[0]} is not there yet")
                continue
            if not isinstance(thing, types.ModuleType) and not is_library(thing):
                self.remember(path[0], function)
            self.follow(thing, path[0], is_package(function))

    def remember(self, name, where):
        if not is_package(where) and name not in self.own:
            self.own.append(name)


def is_package(thing):
    """Whether a class or function belongs to this package."""
    return (getattr(thing, "__module__", None) or "").partition(".")[0] == PACKAGE


def is_library(thing):
    """Whether a module, class or function is neither a student's nor this package's."""
    if isinstance(thing, types.ModuleType):
        module = thing
    elif isinstance(thing, (type, types.FunctionType)):
        module = sys.modules.get(thing.__module__ or "")
    else:                                           # what is written in C, or an object
        return isinstance(thing, (types.BuiltinFunctionType, types.MethodDescriptorType, np.ufunc))
    name = getattr(module, "__name__", "")
    if name == "__main__" or name.partition(".")[0] == PACKAGE:
        return False
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return name.partition(".")[0] in sys.builtin_module_names
    # By the folder's name too: an environment may borrow its system's packages, or PYTHONPATH name some.
    places = (sysconfig.get_path(each) for each in ("stdlib", "platstdlib", "purelib", "platlib"))
    return file.startswith(tuple(places)) or not INSTALLED.isdisjoint(Path(file).parts)


def global_names(code):
    """The global names that a code object reads, with the attributes asked of them: tuples."""
    found, instructions = [], list(dis.get_instructions(code))
    for i, instruction in enumerate(instructions):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            path = [instruction.argval]
            for following in instructions[i + 1:]:
                if following.opname not in ("LOAD_ATTR", "LOAD_METHOD"):
                    break
                path.append(following.argval)
            found.append(tuple(path))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += global_names(constant)
    return list(dict.fromkeys(found))


def code_text(code):
    """A code object as text, without where it stands."""
    constants = [code_text(each) if isinstance(each, types.CodeType) else
                 repr(sorted(each, key=repr) if isinstance(each, frozenset) else each)
                 for each in code.co_consts]
    return f"{code.co_code.hex()} {constants} {code.co_names} {code.co_varnames}"


@functools.cache
def own_text(function):
    """The source of one of this package's functions without comments and docstrings."""
    if function.__code__.co_filename == "<string>":         # a dataclass's own __init__, for example
        return f"{function.__qualname__}{inspect.signature(function)}"
    source = inspect.cleandoc("\n" + inspect.getsource(function))
    documented = {line for node in ast.walk(ast.parse(source))
                  if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                  for line in range(node.lineno, node.end_lineno + 1)}
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(line.rstrip() for number, line in enumerate(lines, start=1)
                     if line.strip() and number not in documented)


def recipe_of(generator, images, options):
    """What decides a training's result, a dict that JSON can hold; and what was watched for it."""
    values = generator.hyperparameters
    watched = Watched(type(generator), {name: getattr(generator, name) for name in values})
    plain = (type(None), bool, int, float, str, list, tuple)
    recipe = {
        "generator": type(generator).__name__, "code": watched.digest, "data": images.digest,
        "hyperparameters": {name: value if isinstance(value, plain) else type(value).__name__
                            for name, value in values.items()},
        **options}
    if options:
        recipe |= {"backend": keras.backend.backend(), "precision": generator.dtype_policy.name}
    if getattr(generator, "classes", None) is not None:
        labels = np.concatenate([images.train_labels, images.validation_labels])
        recipe["labels"] = hashlib.sha256(labels.astype(np.int64).tobytes()).hexdigest()
    return recipe, watched
