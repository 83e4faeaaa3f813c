# Sourced by the scripts. Sets up what a command needs and skips what is already there.
#
#   setup_python runtime|dev   backend/.venv, filled from its lock file
#   setup_node                 frontend/node_modules, filled from its lock file
#   setup_sdks                 what the tests of client libraries run in: backend/.venv-sdk, and, where there is Node,
#                              backend/tests/sdk/js/node_modules, each filled from its lock file
#   build_page                 frontend/dist, built from the rest of frontend/
#
# Each leaves the checksum of what it worked from inside what it made, so deleting the result, or changing the
# source, is all it takes to have it made again. Works with bash 3.2, the one that macOS carries.

root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
backend=$root/backend
frontend=$root/frontend
python=$backend/.venv/bin/python

# What a developer's shell may export for other projects; without bytecode every process compiles all it imports anew.
unset NODE_ENV PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE
# Set but empty, npm would keep its cache in a folder named ~ right here.
[ -n "${HOME:-}" ] || unset HOME
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

note() {
  printf '%s\n' "$*" >&2
}

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Is the checksum $2 the one that the stamp $1 holds?
is_stamped() {
  [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

# Prints the first interpreter that is new enough and able to make a virtual environment.
find_python() {
  local name found=""
  for name in python3.13 python3.12 python3.11 python3; do
    command -v "$name" >/dev/null || continue
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$name" -c 'import ensurepip, venv' 2>/dev/null; then
      command -v "$name"
      return
    fi
    found=$name
  done
  if [ -n "$found" ]; then
    fail "$found cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"
  fi
  fail "Python 3.11 or newer is needed (looked for python3.13, python3.12, python3.11, python3)."
}

# make_venv FOLDER: makes it when there is none, or when the interpreter it was made from is gone; prints its version.
make_venv() {
  local base
  if ! python_version "$1/bin/python"; then
    base=$(find_python) || exit 1
    note "Making ${1#"$root/"} with $base"
    "$base" -m venv --clear "$1"
    python_version "$1/bin/python"
  fi
}

python_version() {
  "$1" -c 'import sys; print(*sys.version_info[:2], sep=".")' 2>/dev/null
}

# install_lock PYTHON LOCK
install_lock() {
  note "Installing backend/$(basename "$2")"
  "$1" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$2"
}

setup_python() {
  local lock sum runtime stamp version
  runtime=$backend/requirements-runtime.txt
  case $1 in
    runtime) lock=$runtime ;;
    dev) lock=$backend/requirements.txt ;;
    *) fail "setup_python: runtime or dev, not '$1'" ;;
  esac
  version=$(make_venv "$backend/.venv")
  stamp=$backend/.venv/.$1.stamp
  sum="$version $(cksum <"$lock")"
  if is_stamped "$stamp" "$sum"; then
    return
  fi
  install_lock "$python" "$lock"
  # The development lock holds the whole runtime lock, at the same versions.
  echo "$version $(cksum <"$runtime")" >"$backend/.venv/.runtime.stamp"
  echo "$sum" >"$stamp"
}

setup_sdks() {
  local sum version lock=$backend/requirements-sdk.txt venv=$backend/.venv-sdk js=$backend/tests/sdk/js
  version=$(make_venv "$venv")
  sum="$version $(cksum <"$lock")"
  if ! is_stamped "$venv/.stamp" "$sum"; then
    install_lock "$venv/bin/python" "$lock"
    echo "$sum" >"$venv/.stamp"
  fi
  if has_node; then
    install_node_modules "$js"
  fi
}

has_node() {
  command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# install_node_modules FOLDER: fills its node_modules from its package-lock.json.
install_node_modules() {
  local sum stamp=$1/node_modules/.stamp
  sum="$(node --version) $(cksum <"$1/package-lock.json")"
  if is_stamped "$stamp" "$sum"; then
    return
  fi
  note "Installing ${1#"$root/"}/node_modules"
  (cd "$1" && npm ci --include=dev --ignore-scripts --no-progress --loglevel=error >/dev/null)
  echo "$sum" >"$stamp"
}

setup_node() {
  has_node || fail "Node 20.19 or newer with npm is needed to build the page."
  install_node_modules "$frontend"
}

# Prints one checksum over the names and the contents of all that the page may be built from.
page_sum() {
  (cd "$frontend" && find . -name node_modules -prune -o -name dist -prune -o -type f -exec cksum {} + | LC_ALL=C sort | cksum)
}

build_page() {
  local sum stamp=$frontend/dist/.stamp
  sum=$(page_sum)
  if is_stamped "$stamp" "$sum"; then
    return
  fi
  if [ -f "$frontend/dist/index.html" ] && ! has_node; then
    note "Node 20.19 or newer is missing: the page is the one built earlier, not the one in frontend/src."
    return
  fi
  setup_node
  note "Building the page"
  (cd "$frontend" && npm run --silent build -- --logLevel warn >&2)
  echo "$sum" >"$stamp"
}
