"""Refuses modules over 300 lines and function bodies over 40 lines (docstring not counted), in tests and migrations, too, without exceptions.

Flows and tasks of the product have less: modules of flows 80 lines, a flow 30, a task 15. What tests decorate as such is measured as any function.
"""

import ast
import sys
from pathlib import Path

MODULE_LINES, BODY_LINES = 300, 40
ROOTS = ("docmill", "blocks", "tasks", "flows", "deployments", "benchmarks", "training", "tests")
FLOW_FILE_LINES, FLOW_BODY_LINES, TASK_BODY_LINES = 80, 30, 15


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def is_decorated(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    """Whether `@name` or `@name(...)` stands above a function."""
    return any(
        isinstance(d.func if isinstance(d, ast.Call) else d, ast.Name) and ast.unparse(d).split("(")[0] == name for d in node.decorator_list
    )


def limit_of(node: ast.FunctionDef | ast.AsyncFunctionDef, root: str) -> int:
    """The most lines a function below `root` may have: flows 30, tasks 15, others and all of tests 40."""
    if root == "tests":
        return BODY_LINES
    if is_decorated(node, "flow"):
        return FLOW_BODY_LINES
    return TASK_BODY_LINES if is_decorated(node, "task") else BODY_LINES


def complaints(path: Path) -> list[str]:
    """What is too long in one module."""
    text = path.read_text(encoding="utf-8")
    lines, most = text.count("\n"), FLOW_FILE_LINES if path.parts[0] == "flows" else MODULE_LINES
    found = [f"{path}: {lines} lines, at most {most}"] if lines > most else []
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    measured = [(n, body_lines(n), limit_of(n, path.parts[0])) for n in functions]
    return found + [f"{path}:{n.lineno}: {n.name} has {has} lines, at most {may}" for n, has, may in measured if has > may]


def main() -> int:
    """Print all complaints; 1 when there are any."""
    found = [c for root in ROOTS for path in sorted(Path(root).rglob("*.py")) for c in complaints(path)]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
