"""The rules of the house as tests: order of imports, size of modules, one place for each deed."""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from layerwise import catalog
from layerwise.api import Settings
from layerwise.cli.options import annotation_type
from layerwise.config import STAGES, setting_names

ROOT = Path(catalog.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]

ROWS = (
    ("byhand",), ("errors", "language", "files", "locks", "catalog", "config", "notebook", "randomness"), ("data",),
    ("layers", "metrics"), ("evaluation",), ("tasks",),
    ("models",), ("training",), ("runs",), ("explain",), ("report",), ("recipes",), ("workflow",),
    ("api", "estimators"), ("serving",), ("studio",), ("cli",), ("__main__",),
)  # fmt: skip
"""Rows of the package from the ground up; a module imports only from its own row and those above it in this list."""
ROW = {name: number for number, names in enumerate(ROWS) for name in names}
EXEMPT = ("__init__", "catalog")
"""Modules that hand on names."""

LIGHT = ("cli/data.py", "cli/models.py", "cli/application.py", "cli/options.py", "cli/tables.py", "catalog.py",
         "config/stages.py", "config/checks.py", "config/toml.py", "errors.py", "files.py", "__init__.py",
         "__main__.py")  # fmt: skip
"""Modules that `--help`, `models` and `data` reach, beside everything in `data/`, `language/` and `byhand/`."""
HEAVY = ("torch", "matplotlib", "sklearn", "pyarrow", "pandas", "torchvision", "safetensors")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def part(path: Path) -> str:
    """Return the part of the package that a file belongs to."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported(node: ast.AST) -> list[str]:
    """Return the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return (
            [node.module or ""] if node.module != "layerwise" else [f"layerwise.{alias.name}" for alias in node.names]
        )
    return []


def at_module_level(module: ast.Module) -> list[str]:
    """Return what a module imports when it is imported: outside functions and `if TYPE_CHECKING`."""
    found: list[str] = []
    waiting: list[ast.AST] = list(module.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        found += imported(node)
        waiting += list(ast.iter_child_nodes(node))
    return found


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_point_upwards(path):
    here = part(path)
    if here in EXEMPT:
        return
    for node in ast.walk(tree(path)):
        for module in imported(node):
            if module.split(".")[0] == "layerwise":
                there = module.split(".")[1]
                assert here in ROW, f"{here} has no row"
                allowed = here == "byhand" == there or (here != "byhand" and ROW[there] <= ROW[here])
                assert allowed, f"line {node.lineno} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_module_is_a_small_room(path):
    documented = 0
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            documented += node.body[0].end_lineno - node.body[0].lineno + 1
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines - documented <= 350
    assert lines <= 450


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_functions_have_no_open_arguments_and_catch_nothing_broad(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and node.args.kwarg:
            # PEP 692: the one exception names every key and its type.
            typed = node.args.kwarg.annotation
            assert ast.unparse(typed or ast.Constant("")).startswith("Unpack["), f"line {node.lineno}"
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert caught not in ("", "Exception", "BaseException"), f"line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_functions_fit_a_screen(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None
            body = node.body[1:] if documented else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 45, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_words_that_say_nothing_and_no_open_ends(path):
    text = path.read_text(encoding="utf-8")
    assert "TODO" not in text
    assert "FIXME" not in text
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef):
            assert not any(word in node.name for word in ("Util", "Helper", "Manager", "Base")), node.name
        assert not isinstance(node, ast.Assert), f"assert in line {node.lineno}"
    assert "util" not in path.name


def test_only_the_loop_calls_backward():
    callers = {
        str(path.relative_to(ROOT))
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "backward"
        # The arithmetic by hand has functions of this name that take what they work on.
        if not node.args
    }
    assert callers == {"training/loop.py"}


def test_only_the_catalogue_reads_registrations_and_only_config_reads_toml_settings():
    readers = {str(path.relative_to(ROOT)) for path in FILES if "tomllib" in at_module_level(tree(path))}
    assert readers <= {"config/toml.py", "runs/folder.py", "recipes/__init__.py"}


def test_nothing_loads_pickles():
    for path in FILES:
        modules = {module.split(".")[0] for node in ast.walk(tree(path)) for module in imported(node)}
        assert not modules & {"pickle", "joblib", "cloudpickle", "dill", "yaml", "shelve"}, path
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("torch.load", "torch.save"):
                pytest.fail(f"{path}: {ast.unparse(node.func)}")
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert ast.unparse(node.value) == "False"


WRITERS = (
    r"(os|shutil|io|gzip|bz2|lzma)\.(rename|renames|replace|write|fdopen|mkdir|makedirs|truncate|link|symlink)",
    r"(shutil\.(move|copy\w*|make_archive)|torch\.save|safetensors(\.\w+)?\.(save|serialize)_file|save_file)",
    r"(np|numpy)\.(save\w*|memmap)|.*\.(tofile|to_csv|to_parquet|write_text|write_bytes|touch|hardlink_to)",
    r".*\.(symlink_to|extractall|extract|savefig)",
)
"""Calls that make or change a file; `layerwise.files` alone may, and `layerwise.locks` its own file."""


def opens_to_write(call: ast.Call, name: str) -> bool:
    """Say whether a call opens a file in another way than to read it."""
    if name == "os.open":
        return True
    if not (name == "open" or name.endswith(".open") or name.endswith(("ZipFile", "TarFile", "FileIO"))):
        return False
    modes = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    said = [node.value for node in modes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return any(re.fullmatch("[rwxabt+]{1,4}", mode) and set(mode) & set("wxa+") for mode in said)


def writing_calls(source: str) -> list[str]:
    """Return the calls in a piece of code that write a file by themselves."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        # What goes into memory is written by `layerwise.files` afterwards; to open a stream on disk is found by itself.
        memory = bool(node.args) and ast.unparse(node.args[0]) in ("buffer", "stream")
        if opens_to_write(node, name) or (not memory and any(re.fullmatch(writer, name) for writer in WRITERS)):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_one_module_writes_files(path):
    # Also the growing history goes through it, by `open_lines` and `append_line`.
    if path not in (ROOT / "files.py", ROOT / "locks.py"):
        assert writing_calls(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("call", [
    "open(path, 'w')", "open(path, mode='xb')", "path.open('a', encoding='utf-8')", "io.open(path, 'r+b')",
    "path.write_text('')", "self.path.write_bytes(b'')", "torch.save(model, path)", "np.save(path, array)",
    "np.savez_compressed(path, a=array)", "array.tofile(path)", "shutil.move(a, b)", "shutil.copyfileobj(a, b)",
    "os.replace(a, b)", "os.open(path, os.O_WRONLY)", "zipfile.ZipFile(path, 'w')", "gzip.open(path, 'wb')",
    "figure.savefig(path)", "save_file(tensors, path)", "frame.to_csv(path)", "archive.extractall(folder)",
])  # fmt: skip
def test_every_way_of_writing_would_be_found(call):
    assert len(writing_calls(call)) == 1


@pytest.mark.parametrize("call", [
    "open(path)", "path.open('rb')", "path.open(encoding='utf-8', newline='')", "gzip.open(path, 'rb')",
    "write_text(path, text)", "figure.savefig(buffer, format='png')", "text.replace('a', 'w')", "archive.open('w.npy')",
    "image.save(buffer, 'PNG')", "np.savez_compressed(stream, a=array)",
])  # fmt: skip
def test_reading_and_the_one_way_of_writing_are_free(call):
    assert writing_calls(call) == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_what_the_light_commands_reach_imports_nothing_heavy(path):
    name = str(path.relative_to(ROOT))
    if name in LIGHT or part(path) in ("data", "language", "byhand"):
        modules = {module.split(".")[0] for module in at_module_level(tree(path))}
        assert not modules & set(HEAVY)


def test_byhand_needs_numpy_alone():
    for path in (ROOT / "byhand").glob("*.py"):
        modules = {module.split(".")[0] for node in ast.walk(tree(path)) for module in imported(node)}
        assert modules <= {*sys.stdlib_module_names, "numpy", "jaxtyping", "layerwise"}, path


def test_the_package_is_imported_without_anything_heavy():
    script = "import sys, json, layerwise; layerwise.__version__; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in json.loads(done.stdout)} & {*HEAVY, "numpy"}


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_the_index_read_from_source_is_that_of_the_decorators(kind, monkeypatch):
    announced = {}
    known = set(inspect.signature(catalog.register).parameters) - {"name"}

    def register(name, **facts):
        assert set(facts) <= known

        def announce(function):
            # What the module imports may be registered now, too; only its own parts count.
            if function.__module__.startswith("_again_"):
                said = {key: value for key, value in facts.items() if value}
                announced[name] = (function.__module__, function.__name__, said)
            return function

        return announce

    monkeypatch.setattr(catalog, "register", register)
    package = ".".join(("layerwise", *catalog.KINDS[kind].split("/")))
    files = sorted((ROOT / catalog.KINDS[kind]).glob("*.py"))
    for path in files:
        name = package if path.stem == "__init__" else f"{package}.{path.stem}"
        specification = importlib.util.spec_from_file_location(f"_again_{path.stem}", path)
        module = importlib.util.module_from_spec(specification)
        module.__package__ = package
        sys.modules[specification.name] = module
        try:
            specification.loader.exec_module(module)
        finally:
            del sys.modules[specification.name]
        for word, (place, function, facts) in announced.items():
            if place == specification.name:
                announced[word] = (name, function, facts)
    static = {
        name: (entry.module, entry.function, {key: value for key, value in entry.facts.items() if value})
        for name, entry in catalog.entries(kind).items()
        if entry.module.startswith("layerwise.")
    }
    assert static == announced
    assert static


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in catalog.KINDS for name in catalog.entries(kind)])
def test_options_read_from_source_are_those_of_the_function(kind, name):
    entry = catalog.entry(kind, name)
    function = catalog.find(kind, name)
    if inspect.isclass(function):
        assert entry.options == ()
        return
    real = {
        parameter.name: parameter.default
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    assert {option.name: option.default for option in entry.options} == real
    assert all(option.help for option in entry.options), "an option needs its line under Args:"
    for option in entry.options:
        annotation_type(option.annotation)
    assert entry.summary.endswith(".")


def test_option_names_clash_neither_with_settings_nor_with_each_others_types():
    common = {"json", "quiet", "language", "debug", "run", "experiment", "data", "model", "to", "view", "example"}
    for kind in ("model", "format"):
        types: dict[str, set[object]] = {}
        for entry in catalog.entries(kind).values():
            for option in entry.options:
                assert option.name not in setting_names(), f"{entry.name}: {option.name} is a setting"
                assert option.name not in common, f"{entry.name}: {option.name} is an option of every command"
                types.setdefault(option.name, set()).add(annotation_type(option.annotation))
        assert {name: found for name, found in types.items() if len(found) > 1} == {}
    model, form = (
        {option.name for entry in catalog.entries(kind).values() for option in entry.options}
        for kind in ("model", "format")
    )
    assert not model & form


def test_settings_of_the_python_interface_are_those_of_the_experiment():
    import typing

    wanted = {
        name: hint
        for stage, kind in STAGES.items()
        for name, hint in typing.get_type_hints(kind).items()
        if setting_names().get(name) == stage
    }
    assert typing.get_type_hints(Settings) == wanted


def test_from_the_command_to_backward_in_at_most_six_named_functions(tmp_path, monkeypatch):
    import torch

    from layerwise.cli import application

    depths = []
    plain = torch.Tensor.backward

    def counted(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        frame, names = sys._getframe(1), []
        while frame is not None:
            if frame.f_globals.get("__name__", "").startswith("layerwise"):
                names.append(f"{frame.f_globals['__name__']}.{frame.f_code.co_name}")
            frame = frame.f_back
        depths.append(names[::-1])
        return plain(self, gradient, retain_graph, create_graph, inputs)

    monkeypatch.setattr(torch.Tensor, "backward", counted)
    monkeypatch.chdir(tmp_path)
    code = application.run(["train", "iris", "mlp", "--epochs", "1", "--resamples", "100", "--json"])
    assert code == 0
    path = depths[0]
    # The command itself is where the count begins; what dispatches it is no step of the work.
    steps = path[path.index("layerwise.cli.train.train") + 1 :]
    assert len(steps) <= 6, steps
    assert steps[-1] == "layerwise.training.loop.update"
