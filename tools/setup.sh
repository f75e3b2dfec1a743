#!/bin/sh
# Make .venv with everything the course needs. Called by the Makefile; says what to do when it cannot.
# Usage: sh tools/setup.sh PYTHON [CONSTRAINTS]      without CONSTRAINTS, the latest releases
set -u
python=$1
versions=${2:+-c $2}
need_mb=${COURSE_NEED_MB:-3000}

stop() { printf '\nSet-up stopped: %s\n%s\n' "$1" "$2" >&2; exit 1; }

command -v "$python" >/dev/null 2>&1 ||
    stop "there is no '$python' on this machine." "Install Python 3.11 or newer, or name one: make PY=/path/to/python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "$("$python" --version 2>&1) is too old." "The course needs Python 3.11 or newer. Name one: make PY=/path/to/python3.12"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    stop "this Python cannot make virtual environments." "On Debian or Ubuntu: sudo apt install python3-venv. Then run make again."
free_mb=$(df -Pm . | awk 'NR == 2 { print $4 }')
[ "$free_mb" -ge "$need_mb" ] ||
    stop "only $free_mb MB are free on this disk." "The environment needs about $need_mb MB. Free some space, then run make again."

rm -f .venv/.ready*
echo "Setting up the course in .venv (once; a minute or two on a good connection) ..."
[ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null || "$python" -m venv --clear .venv ||
    stop "the virtual environment could not be made." "Look at the message above; 'make clean' removes what was begun."
# torch first and alone: TORCH_INDEX, where given, holds nothing else. Without it, plain pip.
pip() { .venv/bin/python -m pip install --quiet --disable-pip-version-check ${versions:---upgrade} "$@"; }
pip ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch && pip -e '.[lab,text,systems,dev]' ||
    stop "the packages could not be installed." "The first set-up needs the network. Check the connection (or the proxy: HTTPS_PROXY), then run make again; what was downloaded is kept."
if .venv/bin/python -m pip list --format=freeze 2>/dev/null | grep -q '^nvidia-'; then
    stop "a GPU build of a package was installed (nvidia-*)." "The course needs none of it, and it takes gigabytes. Run make clean, then make again with TORCH_INDEX set to the index of torch's CPU builds; the README names it."
fi
# JupyterLab asks no news server and no update server: nothing leaves the learner's machine.
# All cells are in the page, so that the browser's search and a screen reader find those out of sight too.
mkdir -p .venv/share/jupyter/lab/settings
cp tools/lab_settings.json .venv/share/jupyter/lab/settings/overrides.json
echo "Done."
