"""FuseSoC generator: RTL inside an installed Python package (pythondata-*) becomes a core."""

import importlib
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.errors import HeepstorError
from flows.fusesoc import generator


def source_folder(package: str, root: str) -> Path:
    """Return the folder ``root`` of the RTL that ships in the Python package."""
    try:
        module = importlib.import_module(package)
    except ImportError as error:
        raise HeepstorError(
            f"the Python package {package} is not installed: run ./heepstor doctor"
        ) from error
    return Path(module.data_location) / root


def copy(folder: Path, name: str) -> str:
    """Copy one file to the same path in the current folder; return that path."""
    source, target = folder / name, Path(name)
    if not source.is_file():
        raise HeepstorError(f"{name} is missing in {folder}: is it another version of the package?")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return name


def generate(request: generator.Request) -> None:
    """Copy the files and write their core to the current folder."""
    parameters = request.parameters
    folder = source_folder(parameters["package"], parameters.get("root", "."))
    headers = [copy(folder, name) for name in parameters.get("include_files", [])]
    files = [copy(folder, name) for name in parameters["files"]]
    waivers = parameters["waivers"]
    shutil.copyfile(request.files_root / waivers, waivers)
    generator.write_core(
        request,
        f"RTL of the Python package {parameters['package']}",
        [waivers, *headers, *files],
        include_paths=dict.fromkeys(headers, parameters.get("include_path", ".")),
    )


if __name__ == "__main__":
    generator.run(generate)
