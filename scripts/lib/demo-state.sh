# What the demo has of its own: a PM2 home, a database and a vhost.

DEMO=backhaul-demo

# PM2 listens on a socket in its home; the path of a socket is limited to about a hundred characters.
demo_home() {
  local home=$PWD/$STATE/pm2
  if [ ${#home} -gt 80 ]; then home=${TMPDIR:-/tmp}/backhaul-pm2-$(printf '%s' "$PWD" | cksum | cut -d' ' -f1); fi
  printf '%s' "$home"
}

demo_pm2() { PM2_HOME=$(demo_home) ./node_modules/.bin/pm2 "$@"; }

demo_is_up() { [ -S "$(demo_home)/rpc.sock" ]; }

# Stops the demo's PM2 with all its processes; other PM2 homes are not touched.
demo_stop() {
  demo_is_up || return 0
  demo_pm2 kill >/dev/null 2>&1 || fail "The demo's PM2 did not stop: see $(demo_home)/pm2.log." 1
}

# with_path <url> <name>: the URL with that vhost.
with_path() { node -e 'const u = new URL(process.argv[1]); u.pathname = "/" + process.argv[2]; console.log(u.href)' "$1" "$2"; }

# with_database <url> <name>: the URL with that database. Node cannot parse URLs of Unix sockets.
with_database() { node -p 'require("./dist/backend/database/url").withDatabase(process.argv[1], process.argv[2])' "$1" "$2"; }

# A new database for each demo, or the given one if none can be created. A pooler does not know a new one, so it is bypassed.
demo_database() {
  local own direct=${DIRECT_DATABASE_URL:-}
  [ "$DATABASE_URL" != "$(setting DATABASE_URL)" ] || direct=${direct:-$(setting DIRECT_DATABASE_URL)}
  DATABASE_URL=${direct:-$DATABASE_URL}
  export DIRECT_DATABASE_URL=
  own=$(with_database "$DATABASE_URL" backhaul_demo)
  if node scripts/lib/fresh-database.js "$own" "$DATABASE_URL" 2>/dev/null; then
    DATABASE_URL=$own
    say "Database: created backhaul_demo for this demo."
  else
    say "Database: the given one, because its role may not create databases; the demo writes its rows there."
  fi
}

demo_vhost() {
  local own
  own=$(with_path "$RABBITMQ_URL" "$DEMO")
  if [ "$(probe "$own")" = ok ] || { add_vhost "$RABBITMQ_URL" "$DEMO" >/dev/null 2>&1 && [ "$(probe "$own")" = ok ]; }; then
    RABBITMQ_URL=$own
    say "RabbitMQ: vhost $DEMO."
  else
    say "RabbitMQ: the given vhost, because no other could be created."
  fi
}

# add_vhost <url> <vhost>: through the management API, or with rabbitmqctl where the node is on this machine.
add_vhost() {
  local user
  node scripts/lib/add-vhost.js "$1" "$2" && return 0
  case $1 in *@127.0.0.1[:/]* | *@localhost[:/]* | *@127.0.0.1 | *@localhost) ;; *) return 1 ;; esac
  user=$(node -p 'decodeURIComponent(new URL(process.argv[1]).username)' "$1")
  broker_ctl add_vhost "$2" && broker_ctl set_permissions -p "$2" "$user" '.*' '.*' '.*'
}

# rabbitmqctl for the node that scripts/setup started, or the system's.
broker_ctl() {
  local home=$PWD/$STATE/rabbitmq
  if [ -f "$home/port" ]; then
    env HOME="$home" RABBITMQ_NODENAME="backhaul-$(cat "$home/port")@localhost" RABBITMQ_CONF_ENV_FILE="$home/rabbitmq-env.conf" "$(rabbitmq_bin)/rabbitmqctl" -q "$@"
  elif is_root; then rabbitmqctl -q "$@"
  elif have sudo && sudo -n true 2>/dev/null; then sudo -n rabbitmqctl -q "$@"
  else rabbitmqctl -q "$@"
  fi
}
