"""What a notebook defines, for tests that run its code outside of it."""
import ast

from course_utils.workspace import root


def source_of(number: str) -> str:
    """The source of the notebook with this two-digit number."""
    file, = (root() / "sources").glob(f"{number}_*.py")
    return file.read_text(encoding="utf-8")


def defined_in(number: str, names) -> dict:
    """A namespace with what the notebook imports, and these functions, classes and constants of it."""
    def wanted(node):
        targets = [t.id for a in getattr(node, "targets", ()) for t in ast.walk(a) if isinstance(t, ast.Name)]
        return (isinstance(node, (ast.Import, ast.ImportFrom)) or getattr(node, "name", "") in names
                or any(t in names for t in targets))

    namespace = {"__name__": f"notebook_{number}"}               # pydantic asks a class for its module
    nodes = [node for node in ast.parse(source_of(number)).body if wanted(node)]
    exec(compile(ast.Module(nodes, []), f"notebook {number}", "exec"), namespace)
    return namespace
