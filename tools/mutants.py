"""Hand in each exercise's reference with one thing changed, and list the changes that its check lets pass.

    python tools/mutants.py [KEY ...]           keys, or how they begin: drift, canary.gate

A change that passes is a gap in the check, unless it makes no difference (``<`` for ``<=`` where no two values are ever
equal, a ``float()`` around a float). Which of the two it is, somebody has to read.
"""
import ast
import copy
import inspect
import os
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Iterator

from course_utils import check
from course_utils.exercises import REGISTRY, engine

OPERATORS = {ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
             ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,),
             ast.IsNot: (ast.Is,), ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
             ast.FloorDiv: (ast.Div,), ast.Pow: (ast.Mult,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
             ast.And: (ast.Or,), ast.Or: (ast.And,)}
NAMES = {"min": "max", "max": "min", "mean": "median", "sum": "mean", "any": "all", "all": "any"}


def changes(node: ast.AST) -> Iterator[tuple[str, callable]]:
    """What may be changed in a copy of this node: a name for the change, and a function that makes it."""
    for i, operator in enumerate(getattr(node, "ops", [])):
        for other in OPERATORS[type(operator)]:
            yield f"{type(operator).__name__} -> {other.__name__}", lambda n, i=i, other=other: n.ops.__setitem__(i, other())
    for other in OPERATORS.get(type(getattr(node, "op", None)), ()):
        yield f"{type(node.op).__name__} -> {other.__name__}", lambda n, other=other: setattr(n, "op", other())
    if isinstance(node, ast.BoolOp):
        for i, value in enumerate(node.values):
            neutral = ast.Constant(isinstance(node.op, ast.And))
            yield f"without {ast.unparse(value)}", lambda n, i=i, neutral=neutral: n.values.__setitem__(i, neutral)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "the other bool", lambda n: setattr(n, "value", not n.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        near = {1.2 * node.value, 0.8 * node.value} if isinstance(node.value, float) else {node.value - 1}
        for value in near - {node.value} | {node.value + 1}:
            yield f"{node.value} -> {value:.6g}", lambda n, value=value: setattr(n, "value", value)
    if isinstance(node, (ast.If, ast.IfExp)):
        for value in (True, False):
            yield f"if {value}", lambda n, value=value: setattr(n, "test", ast.Constant(value))
    if isinstance(node, ast.While):
        yield "once", lambda n: n.body.append(ast.Break())
    if isinstance(node, ast.Call):
        for i, keyword in enumerate(node.keywords):
            yield f"without {keyword.arg}=", lambda n, i=i: n.keywords.pop(i)
        if isinstance(node.func, (ast.Name, ast.Attribute)):
            field = "id" if isinstance(node.func, ast.Name) else "attr"
            if other := NAMES.get(getattr(node.func, field)):
                yield f"{getattr(node.func, field)} -> {other}", lambda n: setattr(n.func, field, other)
    for i, statement in enumerate(node.body if isinstance(node, (ast.If, ast.For, ast.While, ast.FunctionDef)) else []):
        if not isinstance(statement, (ast.Return, ast.FunctionDef, ast.Import, ast.ImportFrom)):
            yield f"without line: {ast.unparse(statement):.60}", lambda n, i=i: n.body.__setitem__(i, ast.Pass())


def mutants(exercise) -> Iterator[tuple[str, callable]]:
    """The reference with one change, and what it is, one after the other."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(exercise.reference)))
    tree.body[0].body.pop(0)                                     # the docstring
    for place, node in enumerate(ast.walk(tree)):
        for name, change in changes(node):
            mutant = copy.deepcopy(tree)
            change(list(ast.walk(mutant))[place])
            namespace = dict(vars(sys.modules[exercise.reference.__module__]))
            exec(compile(ast.fix_missing_locations(mutant), "mutant", "exec"), namespace)
            yield f"{name} in: {ast.unparse(node):.90}".replace("\n", " "), namespace[exercise.name]


def passing(key) -> tuple[int, list[str]]:
    """How many changes were tried, and those that passed as correct."""
    said = [(name, check(key, answer).status) for name, answer in mutants(REGISTRY[key])]
    return len(said), [name for name, status in said if status == "correct"]


def main(beginnings) -> None:
    warnings.simplefilter("ignore")
    engine.SECONDS = 2.0                                         # many a mutant never ends
    tried = passed = 0
    with tempfile.TemporaryDirectory() as home:
        os.environ["COURSE_HOME"] = home
        for key in REGISTRY:
            if key.startswith(tuple(beginnings or [""])):
                n, names = passing(key)
                tried, passed = tried + n, passed + len(names)
                print("".join(f"{key}: {name}\n" for name in names), end="", flush=True)
    print(f"{tried} changes, {passed} passed")


if __name__ == "__main__":
    main(sys.argv[1:])
