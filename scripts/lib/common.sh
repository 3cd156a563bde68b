# Shared by the shell scripts. Sourced from the checkout's folder; works with bash 3.2 and no terminal.

DEFAULT_DATABASE_URL=postgresql://backhaul:backhaul@127.0.0.1:5432/backhaul
DEFAULT_RABBITMQ_URL=amqp://guest:guest@127.0.0.1:5672
# The folder for everything that these scripts keep besides dist/ and node_modules/.
STATE=.backhaul

say() { printf '%s\n' "$*"; }

# fail <sentence> [exit code]: 78 (the default) is for what a person must fix.
fail() {
  printf '%s\n' "$1" >&2
  exit "${2:-78}"
}

have() { command -v "$1" >/dev/null 2>&1; }

require_node() {
  have node || fail "Node.js is missing: install version 20.19 or newer (https://nodejs.org), then run this again."
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node -v) is too old: install version 20.19 or newer, then run this again."
  have npm || have yarn || fail "npm is missing: install it together with Node.js, then run this again."
}

is_root() { [ "$(id -u)" = 0 ]; }

# Whether commands can run as root: this user is root, sudo asks for no password, or it can ask at this terminal.
can_root() {
  is_root && return 0
  have sudo || return 1
  sudo -n true 2>/dev/null && return 0
  [ -t 0 ] && [ "${CI:-}" != true ]
}

as_root() { if is_root; then "$@"; else sudo "$@"; fi; }

# as_user <user> <command…>: runs a command as the account of a service.
as_user() {
  local user=$1
  shift
  if is_root; then
    if have runuser; then runuser -u "$user" -- "$@"; else sudo -u "$user" "$@"; fi
  else
    sudo -u "$user" "$@"
  fi
}

is_debian() { have apt-get && have dpkg; }

has_docker() { have docker && docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }

has_systemd() { [ -d /run/systemd/system ] && have systemctl; }

# probe <url>: prints ok, down, login (refused), missing (no such database or vhost), foreign (another program listens) or the error.
probe() { node scripts/lib/probe.js "$1" 2>/dev/null || true; }

# wait_for_ok <url> <seconds>
wait_for_ok() {
  local left=$2
  while [ "$(probe "$1")" != ok ]; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 1
  done
}

# free_port <first>: the first free port from that one on.
free_port() { node scripts/lib/free-port.js "$1"; }

# once <lock name>: allows one run at a time in this checkout; the lock of a dead process is replaced.
once() {
  local lock=$STATE/$1.lock owner told=
  mkdir -p "$STATE"
  while ! mkdir "$lock" 2>/dev/null; do
    owner=$(cat "$lock/pid" 2>/dev/null || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then rm -rf "$lock"; continue; fi
    [ -n "$told" ] || say "Waiting for another $1 (process ${owner:-unknown}) to end."
    told=yes
    sleep 1
  done
  echo $$ >"$lock/pid"
  LOCK=$PWD/$lock
  trap 'rm -rf "$LOCK"' EXIT
}

# setting <name>: its value in .env, empty if it has none; exits with 78 if .env cannot be read.
setting() { [ ! -e .env ] || node scripts/lib/env-file.js get .env "$1"; }

# Package installation must not start services or ask questions.
apt_install() {
  say "Installing $* from the system's packages."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null || say "apt-get update failed; continuing with the existing package lists."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$STATE/apt.log" 2>&1 ||
    fail "apt-get could not install $* (see $STATE/apt.log): install it yourself, or set DATABASE_URL and RABBITMQ_URL."
}

# provided <name>: the URL that the last run of scripts/setup found or provided.
provided() { node scripts/lib/env-file.js get "$STATE/services" "$1"; }
