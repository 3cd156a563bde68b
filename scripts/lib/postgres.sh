# Finds or provides PostgreSQL. Leaves its URL in DATABASE_URL.

# database_sql: creates the role and database on a new server; may be run again.
database_sql() {
  cat <<'SQL'
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'backhaul') THEN
    CREATE ROLE backhaul LOGIN CREATEDB PASSWORD 'backhaul';
  END IF;
END $$;
SELECT 'CREATE DATABASE backhaul OWNER backhaul' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'backhaul') \gexec
SQL
}

local_url() { printf 'postgresql://backhaul:backhaul@127.0.0.1:%s/backhaul' "$1"; }

# Debian keeps the server's commands out of PATH.
postgres_bin() {
  local dir
  for dir in $(ls -d /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin 2>/dev/null | sort -rV 2>/dev/null); do
    if [ -x "$dir/initdb" ]; then printf '%s' "$dir"; return 0; fi
  done
  if have initdb; then dirname "$(command -v initdb)"; fi
}

find_postgres() {
  if [ -n "${DATABASE_URL:-}" ]; then
    say "PostgreSQL: using DATABASE_URL."
    return 0
  fi
  local configured=
  # For the processes, a variable that is set to nothing is unset, whatever .env says.
  [ -n "${DATABASE_URL+set}" ] || configured=$(setting DATABASE_URL)
  if [ -z "$configured" ]; then
    if [ "$(probe "$DEFAULT_DATABASE_URL")" = ok ]; then
      DATABASE_URL=$DEFAULT_DATABASE_URL
      say "PostgreSQL: using the server on port 5432."
      return 0
    fi
  elif ! may_provide_postgres "$configured" || [ "$(probe "$configured")" = ok ]; then
    DATABASE_URL=$configured
    say "PostgreSQL: using DATABASE_URL from .env."
    return 0
  fi
  provide_postgres
  [ -z "$configured" ] || [ "$configured" = "$DATABASE_URL" ] ||
    fail "PostgreSQL at DATABASE_URL from .env does not answer: start it, or set DATABASE_URL=$DATABASE_URL there."
}

# may_provide_postgres <url>: whether the URL has the form of those that these scripts provide.
may_provide_postgres() { case $1 in postgresql://backhaul:backhaul@127.0.0.1:*/backhaul) ;; *) return 1 ;; esac; }

provide_postgres() {
  if [ -f "$STATE/postgres/PG_VERSION" ]; then own_cluster
  elif has_docker; then docker_postgres
  elif is_debian && can_root; then debian_postgres
  elif have brew; then brew_postgres
  elif [ -n "$(postgres_bin)" ] && ! is_root; then own_cluster
  else fail "No PostgreSQL server answers and none can be installed here: install PostgreSQL 15 or newer, or set DATABASE_URL to one, then run this again."
  fi
}

docker_postgres() {
  say "PostgreSQL: starting a container."
  POSTGRES_PORT=$(free_port 5432)
  export POSTGRES_PORT
  # A container of an earlier run keeps its port.
  local running
  running=$(docker compose port postgres 5432 2>/dev/null | sed 's/.*://' || true)
  [ -z "$running" ] || POSTGRES_PORT=$running
  docker compose up -d --wait postgres || fail "docker compose could not start PostgreSQL: see docker compose logs postgres."
  DATABASE_URL=$(local_url "$POSTGRES_PORT")
}

# The port of Debian's newest cluster, which is started if necessary.
debian_cluster_port() {
  local version cluster port status rest
  pg_lsclusters -h | sort -rV | while read -r version cluster port status rest; do
    case $status in
      online*) ;;
      *) as_root pg_ctlcluster "$version" "$cluster" start >/dev/null 2>&1 || continue ;;
    esac
    printf '%s' "$port"
    break
  done
}

debian_postgres() {
  have pg_lsclusters && [ -n "$(postgres_bin)" ] || apt_install postgresql
  local port
  port=$(debian_cluster_port)
  if [ -z "$port" ]; then
    port=$(free_port 5432)
    say "PostgreSQL: creating a cluster on port $port."
    as_root pg_createcluster --port "$port" --start "$(ls /usr/lib/postgresql | sort -rV | head -n 1)" backhaul >/dev/null ||
      fail "No PostgreSQL cluster could be started: see /var/log/postgresql, or set DATABASE_URL."
  fi
  wait_for_server "$port"
  database_sql | (cd / && as_user postgres psql -qX -v ON_ERROR_STOP=1 -p "$port" -d postgres >/dev/null) ||
    fail "The role and database backhaul could not be created in the PostgreSQL on port $port: create them, or set DATABASE_URL."
  DATABASE_URL=$(local_url "$port")
  if [ "$(probe "$DATABASE_URL")" = login ] && ! is_root; then own_cluster; return; fi
  [ "$(probe "$DATABASE_URL")" = ok ] ||
    fail "PostgreSQL on port $port has a role backhaul with another password: set DATABASE_URL to the one to use."
  say "PostgreSQL: using the system's server on port $port."
}

# wait_for_server <port>: waits until PostgreSQL answers there, even if it refuses the login.
wait_for_server() {
  local left=30
  while [ "$(probe "$(local_url "$1")")" = down ]; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "PostgreSQL on port $1 does not answer: see its log."
    sleep 1
  done
}

brew_postgres() {
  say "PostgreSQL: using Homebrew."
  local bin port=5432
  [ -n "$(postgres_bin)" ] || brew install postgresql@17
  bin=$(postgres_bin)
  if [ "$(probe "$DEFAULT_DATABASE_URL")" = down ]; then
    brew services start "$(brew list --formula -1 | grep '^postgresql' | sort -rV | head -n 1)" || { own_cluster; return; }
    wait_for_server "$port"
  fi
  if ! database_sql | "$bin/psql" -qX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -d postgres >/dev/null 2>&1; then own_cluster; return; fi
  DATABASE_URL=$(local_url "$port")
}

# A cluster in this checkout, next to whatever uses the default port.
own_cluster() {
  local bin data=$PWD/$STATE/postgres secret=$PWD/$STATE/postgres.password port
  bin=$(postgres_bin)
  [ -n "$bin" ] || fail "The PostgreSQL commands that created $STATE/postgres are missing: install PostgreSQL, or set DATABASE_URL."
  if [ ! -f "$data/postgresql.conf" ]; then
    say "PostgreSQL: creating a cluster in $STATE/postgres."
    (umask 077 && node -p 'require("node:crypto").randomBytes(16).toString("hex")' >"$secret")
    "$bin/initdb" -D "$data" -U postgres --pwfile="$secret" --auth=scram-sha-256 --encoding=UTF8 --locale=C >/dev/null
    printf "listen_addresses = '127.0.0.1'\nport = %s\nunix_socket_directories = ''\n" "$(free_port 5432)" >>"$data/postgresql.conf"
  fi
  port=$(sed -n 's/^port = //p' "$data/postgresql.conf" | tail -n 1)
  "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1 || "$bin/pg_ctl" -D "$data" -l "$data/log" -w start >/dev/null ||
    fail "The PostgreSQL in $STATE/postgres does not start: see $STATE/postgres/log."
  database_sql | PGPASSWORD=$(cat "$secret") "$bin/psql" -qX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U postgres -d postgres >/dev/null
  DATABASE_URL=$(local_url "$port")
  say "PostgreSQL: using the cluster in $STATE/postgres, on port $port."
}
