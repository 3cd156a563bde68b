# Tools that only the tests need.

# Prometheus' promtool, for the rules in ops/. Before Debian 13 it comes in a package that would start a server, so it is only unpacked.
# Leaves .backhaul/tools/promtool; without it the tests that need it are skipped.
provide_promtool() {
  local tool=$STATE/tools/promtool
  [ ! -x "$tool" ] || return 0
  ! have promtool || return 0
  is_debian || return 0
  say "promtool: from Debian's package."
  mkdir -p "$STATE/tools"
  { unpack_promtool || { can_root && as_root apt-get update && unpack_promtool; }; } >"$STATE/promtool.log" 2>&1 ||
    say "promtool could not be installed (see $STATE/promtool.log); the tests of ops/ are skipped."
}

# Fails on a new machine without package lists, and can be tried again after apt-get update.
unpack_promtool() {
  local place=$STATE/tools/promtool.part name done=1
  for name in promtool prometheus; do
    rm -rf "$place"
    mkdir -p "$place/root"
    if (cd "$place" && apt-get download "$name") && dpkg -x "$place/$name"_*.deb "$place/root" && "$place/root/usr/bin/promtool" --version; then
      mv "$place/root/usr/bin/promtool" "$STATE/tools/promtool"
      done=0
      break
    fi
  done
  rm -rf "$place"
  return "$done"
}

# PgBouncer for the tests behind a pooler, without its service. Without it they are skipped.
provide_pgbouncer() {
  ! have pgbouncer && [ ! -x /usr/sbin/pgbouncer ] || return 0
  if is_debian && can_root; then
    say "pgbouncer: from Debian's package."
    install_tool pgbouncer >"$STATE/pgbouncer.log" 2>&1 || say "pgbouncer could not be installed (see $STATE/pgbouncer.log)."
    ! has_systemd || as_root systemctl disable --now pgbouncer >>"$STATE/pgbouncer.log" 2>&1 ||
      say "The service pgbouncer could not be disabled (see $STATE/pgbouncer.log); no test needs it."
  elif have brew; then
    say "pgbouncer: from Homebrew."
    brew install pgbouncer >"$STATE/pgbouncer.log" 2>&1 || say "pgbouncer could not be installed (see $STATE/pgbouncer.log)."
  fi
  have pgbouncer || [ -x /usr/sbin/pgbouncer ] || say "pgbouncer is not installed; the tests behind a pooler are skipped."
}

# A browser for the tests of the dashboard: CHROME_PATH, an installed one, or Debian's. Without one they are skipped.
provide_chromium() {
  [ -z "${CHROME_PATH:-}" ] || return 0
  if [ -z "$(chromium_path)" ] && is_debian && can_root; then
    say "chromium: from Debian's package."
    install_tool chromium-headless-shell >"$STATE/chromium.log" 2>&1 || install_tool chromium >>"$STATE/chromium.log" 2>&1 ||
      say "chromium could not be installed (see $STATE/chromium.log)."
  fi
  [ -n "$(chromium_path)" ] || say "No Chromium or Chrome was found; the browser tests are skipped. Set CHROME_PATH to use another."
}

# Prints the path of the first browser found, or nothing.
chromium_path() {
  local name
  for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if have "$name"; then
      command -v "$name"
      return
    fi
  done
  for name in "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    if [ -x "$name" ]; then
      printf '%s\n' "$name"
      return
    fi
  done
}

# install_tool <package>: installs a Debian package, also when the package lists are missing or old.
install_tool() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" && return 0
  as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1"
}
