# What the demo keeps apart from the user's own: a PM2 home, a database and a vhost.

DEMO=backhaul-demo

# PM2 listens on a socket in its home, whose path may have about a hundred characters.
demo_home() {
  local home=$PWD/$STATE/pm2
  if [ ${#home} -gt 80 ]; then home=${TMPDIR:-/tmp}/backhaul-pm2-$(printf '%s' "$PWD" | cksum | cut -d' ' -f1); fi
  printf '%s' "$home"
}

demo_pm2() { PM2_HOME=$(demo_home) ./node_modules/.bin/pm2 "$@"; }

demo_is_up() { [ -S "$(demo_home)/rpc.sock" ]; }

# Ends the demo's PM2 with all that runs in it; other PM2 homes are not looked at.
demo_stop() {
  demo_is_up || return 0
  demo_pm2 kill >/dev/null 2>&1 || fail "The demo's PM2 did not end: see $(demo_home)/pm2.log." 1
}

# with_path <url> <name>: the URL with that vhost.
with_path() { node -e 'const u = new URL(process.argv[1]); u.pathname = "/" + process.argv[2]; console.log(u.href)' "$1" "$2"; }

# with_database <url> <name>: URLs of Unix sockets are no URLs to node.
with_database() { node -p 'require("./dist/backend/database/url").withDatabase(process.argv[1], process.argv[2])' "$1" "$2"; }

# A new database for each demo; where none can be made, the given one. A pooler would not know it, so it is used past it.
demo_database() {
  local own direct=${DIRECT_DATABASE_URL:-}
  [ "$DATABASE_URL" != "$(setting DATABASE_URL)" ] || direct=${direct:-$(setting DIRECT_DATABASE_URL)}
  DATABASE_URL=${direct:-$DATABASE_URL}
  export DIRECT_DATABASE_URL=
  own=$(with_database "$DATABASE_URL" backhaul_demo)
  if node scripts/lib/fresh-database.js "$own" "$DATABASE_URL" 2>/dev/null; then
    DATABASE_URL=$own
    say "Database: backhaul_demo, new for this demo."
  else
    say "Database: the given one, because its role may not create another; the demo's rows go into it."
  fi
}

demo_vhost() {
  local own
  own=$(with_path "$RABBITMQ_URL" "$DEMO")
  if [ "$(probe "$own")" = ok ] || { add_vhost "$RABBITMQ_URL" "$DEMO" >/dev/null 2>&1 && [ "$(probe "$own")" = ok ]; }; then
    RABBITMQ_URL=$own
    say "RabbitMQ: vhost $DEMO."
  else
    say "RabbitMQ: the given vhost, because no other can be created with what is known here."
  fi
}

# add_vhost <url> <vhost>: through the management API, or the node's own command where the node is on this machine.
add_vhost() {
  local user
  node scripts/lib/add-vhost.js "$1" "$2" && return 0
  case $1 in *@127.0.0.1[:/]* | *@localhost[:/]* | *@127.0.0.1 | *@localhost) ;; *) return 1 ;; esac
  user=$(node -p 'decodeURIComponent(new URL(process.argv[1]).username)' "$1")
  broker_ctl add_vhost "$2" && broker_ctl set_permissions -p "$2" "$user" '.*' '.*' '.*'
}

# rabbitmqctl on whichever node scripts/setup knows of.
broker_ctl() {
  local home=$PWD/$STATE/rabbitmq
  if [ -f "$home/port" ]; then
    env HOME="$home" RABBITMQ_NODENAME="backhaul-$(cat "$home/port")@localhost" RABBITMQ_CONF_ENV_FILE="$home/rabbitmq-env.conf" "$(rabbitmq_bin)/rabbitmqctl" -q "$@"
  elif is_root; then rabbitmqctl -q "$@"
  elif have sudo && sudo -n true 2>/dev/null; then sudo -n rabbitmqctl -q "$@"
  else rabbitmqctl -q "$@"
  fi
}
