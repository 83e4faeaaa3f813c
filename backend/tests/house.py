"""The repository in outline, with recorded stand-ins for Python, Node and npm: what the set-up is tested in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = REPOSITORY / "scripts"
SYSTEM_TOOLS = ("bash", "basename", "cat", "chmod", "cksum", "cp", "dirname", "env", "find", "mkdir", "sleep", "sort")

# Answers questions as the real interpreter does; records what would install or serve.
PYTHON = f"""#!/usr/bin/env bash
[ "$1" = -c ] && exec '{sys.executable}' "$@"
if [ "$1" != -m ]; then
  echo "python $*" >>"$RECORD"
  exit
fi
echo "python ${{*:2}} (in $PWD)" >>"$RECORD"
if [ "$2" = venv ]; then
  mkdir -p "${{@: -1}}/bin"
  cp "$0" "${{@: -1}}/bin/python"
elif [ "$2" = uvicorn ]; then
  echo "backend $$"
  exec sleep 600
fi
"""
FAILING_GENERATOR = f'#!/usr/bin/env bash\n[ "$1" = -c ] && exec \'{sys.executable}\' "$@"\nexit 1\n'
OLD_PYTHON = "#!/usr/bin/env bash\nexit 1\n"
PYTHON_WITHOUT_VENV = '#!/usr/bin/env bash\ncase "$2" in *ensurepip*) exit 1 ;; esac\n'
NODE = """#!/usr/bin/env bash
case $1 in
  --version) echo v22.0.0 ;;
  */vite.js)
    echo "page $$"
    exec sleep 600
    ;;
esac
"""
OLD_NODE = "#!/usr/bin/env bash\nexit 1\n"
NPM = """#!/usr/bin/env bash
echo "npm $*" >>"$RECORD"
case "$*" in
  ci*) mkdir -p node_modules ;;
  *build*) mkdir -p dist && echo page >dist/index.html ;;
esac
"""


@dataclass
class House:
    """A repository in outline, with a PATH of its own."""

    root: Path
    bin: Path
    record: Path

    def install(self, name: str, text: str) -> None:
        tool = self.bin / name
        tool.write_text(text)
        tool.chmod(0o755)

    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.bin), "RECORD": str(self.record)}

    def run(self, verb: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / "scripts" / verb), *arguments],
            cwd=cwd or self.root.parent,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def recorded(self) -> list[str]:
        """What was called since the last look."""
        if not self.record.exists():
            return []
        lines = self.record.read_text().splitlines()
        self.record.unlink()
        return lines


def outline(tmp_path: Path) -> House:
    """A house with a fit Python, Node and npm, and nothing set up."""
    root = tmp_path / "a house"
    shutil.copytree(SCRIPTS, root / "scripts")
    for name in ("backend/requirements-runtime.txt", "backend/requirements.txt", "frontend/package-lock.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "frontend/src").mkdir()
    (root / "frontend/src/main.ts").write_text("1")
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for name in SYSTEM_TOOLS:
        found = shutil.which(name)
        assert found, name
        (binaries / name).symlink_to(found)
    built = House(root, binaries, tmp_path / "record")
    built.install("python3.12", PYTHON)
    built.install("node", NODE)
    built.install("npm", NPM)
    return built
