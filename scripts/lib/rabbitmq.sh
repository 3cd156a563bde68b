# Finds or provides RabbitMQ. Leaves its URL in RABBITMQ_URL.

broker_url() { printf 'amqp://guest:guest@127.0.0.1:%s' "$1"; }

find_rabbitmq() {
  if [ -n "${RABBITMQ_URL:-}" ]; then
    say "RabbitMQ: using RABBITMQ_URL."
    return 0
  fi
  local configured=
  # For the processes, a variable that is set to nothing is unset, whatever .env says.
  [ -n "${RABBITMQ_URL+set}" ] || configured=$(setting RABBITMQ_URL)
  if [ -z "$configured" ]; then
    if [ "$(probe "$DEFAULT_RABBITMQ_URL")" = ok ]; then
      RABBITMQ_URL=$DEFAULT_RABBITMQ_URL
      say "RabbitMQ: using the server on port 5672."
      return 0
    fi
  elif ! may_provide_rabbitmq "$configured" || [ "$(probe "$configured")" = ok ]; then
    RABBITMQ_URL=$configured
    say "RabbitMQ: using RABBITMQ_URL from .env."
    return 0
  fi
  provide_rabbitmq
  [ -z "$configured" ] || [ "$configured" = "$RABBITMQ_URL" ] ||
    fail "RabbitMQ at RABBITMQ_URL from .env does not answer: start it, or set RABBITMQ_URL=$RABBITMQ_URL there."
}

# The folder of the server's own script; Debian's wrapper of the same name requires its own account.
rabbitmq_bin() {
  local dir
  for dir in /usr/lib/rabbitmq/bin /opt/homebrew/opt/rabbitmq/sbin /usr/local/opt/rabbitmq/sbin; do
    if [ -x "$dir/rabbitmq-server" ]; then printf '%s' "$dir"; return 0; fi
  done
  if have rabbitmq-server; then dirname "$(command -v rabbitmq-server)"; fi
}

# may_provide_rabbitmq <url>: whether the URL has the form of those that these scripts provide.
may_provide_rabbitmq() { case ${1#amqp://guest:guest@127.0.0.1:} in *[!0-9]*) return 1 ;; esac; }

# The function that provides RabbitMQ on this machine, nothing where there is none.
rabbitmq_provider() {
  if [ -d "$STATE/rabbitmq" ]; then printf own_node
  elif has_docker; then printf docker_rabbitmq
  elif is_debian && can_root; then printf debian_rabbitmq
  elif have brew; then printf brew_rabbitmq
  elif [ -n "$(rabbitmq_bin)" ]; then printf own_node
  fi
}

provide_rabbitmq() {
  local provider
  provider=$(rabbitmq_provider)
  [ -n "$provider" ] ||
    fail "No RabbitMQ server answers and none can be installed here: install RabbitMQ 3.10 or newer, or set RABBITMQ_URL to one, then run this again."
  "$provider"
}

# The system's server takes 15 s to start, in which packages can be installed: where find_rabbitmq will start it, it starts now.
begin_rabbitmq() {
  [ -z "${RABBITMQ_URL:-}" ] && [ ! -e .env ] && [ "$(rabbitmq_provider)" = debian_rabbitmq ] && [ -n "$(rabbitmq_bin)" ] &&
    [ "$(free_port 5672)" = 5672 ] || return 0
  start_debian_rabbitmq
}

docker_rabbitmq() {
  say "RabbitMQ: starting a container."
  RABBITMQ_PORT=$(free_port 5672)
  local running
  running=$(docker compose port rabbitmq 5672 2>/dev/null | sed 's/.*://' || true)
  [ -z "$running" ] || RABBITMQ_PORT=$running
  RABBITMQ_MANAGEMENT_PORT=$(free_port 15672)
  RABBITMQ_PROMETHEUS_PORT=$(free_port 15692)
  export RABBITMQ_PORT RABBITMQ_MANAGEMENT_PORT RABBITMQ_PROMETHEUS_PORT
  docker compose up -d --wait rabbitmq || fail "docker compose could not start RabbitMQ: see docker compose logs rabbitmq."
  RABBITMQ_URL=$(broker_url "$RABBITMQ_PORT")
}

debian_rabbitmq() {
  [ -n "$(rabbitmq_bin)" ] || apt_install rabbitmq-server
  if [ -n "${RABBITMQ_BEGUN:-}" ] || [ "$(probe "$DEFAULT_RABBITMQ_URL")" = down ]; then
    start_debian_rabbitmq
    if wait_for_ok "$DEFAULT_RABBITMQ_URL" 60; then RABBITMQ_URL=$DEFAULT_RABBITMQ_URL; return; fi
  fi
  own_node
}

# Once; does not wait until it answers. RABBITMQ_BEGUN: this was done.
start_debian_rabbitmq() {
  [ -z "${RABBITMQ_BEGUN:-}" ] || return 0
  RABBITMQ_BEGUN=yes
  say "RabbitMQ: starting the system's server."
  if has_systemd; then
    as_root systemctl start --no-block rabbitmq-server
  else
    as_root rabbitmq-server -detached >/dev/null 2>&1
  fi || say "RabbitMQ: the system's server did not start."
}

brew_rabbitmq() {
  say "RabbitMQ: using Homebrew."
  [ -n "$(rabbitmq_bin)" ] || brew install rabbitmq
  if [ "$(probe "$DEFAULT_RABBITMQ_URL")" = down ] && brew services start rabbitmq && wait_for_ok "$DEFAULT_RABBITMQ_URL" 90; then
    RABBITMQ_URL=$DEFAULT_RABBITMQ_URL
  else
    own_node
  fi
}

# A node in this checkout, next to whatever uses the default port.
own_node() {
  local home=$PWD/$STATE/rabbitmq port
  # RabbitMQ measures its disk with a shell command in single quotes, and does not start under a path with one.
  case $PWD in *\'*) fail "RabbitMQ cannot run under a path with a quote ($PWD): move this folder, or set RABBITMQ_URL to a server elsewhere." ;; esac
  if [ ! -f "$home/port" ]; then
    mkdir -p "$home"
    free_port 5672 >"$home/port"
    say "RabbitMQ: creating a node in $STATE/rabbitmq."
  fi
  port=$(cat "$home/port")
  RABBITMQ_URL=$(broker_url "$port")
  [ "$(probe "$RABBITMQ_URL")" != ok ] || return 0
  printf '[].\n' >"$home/enabled_plugins"
  : >"$home/rabbitmq-env.conf"
  : >"$home/rabbitmq.conf"
  env HOME="$home" RABBITMQ_NODENAME="backhaul-$port@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$port" \
    RABBITMQ_DIST_PORT="$((port + 20000))" RABBITMQ_CONF_ENV_FILE="$home/rabbitmq-env.conf" RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" RABBITMQ_GENERATED_CONFIG_DIR="$home/config" RABBITMQ_SCHEMA_DIR="$home/schema" \
    RABBITMQ_MNESIA_BASE="$home/data" RABBITMQ_LOG_BASE="$home/logs" RABBITMQ_PID_FILE="$home/beam.pid" \
    "$(rabbitmq_bin)/rabbitmq-server" -detached >/dev/null 2>&1 || true
  wait_for_ok "$RABBITMQ_URL" 90 || fail "The RabbitMQ in $STATE/rabbitmq does not start: see $STATE/rabbitmq/logs."
  say "RabbitMQ: using the node in $STATE/rabbitmq, on port $port."
}
