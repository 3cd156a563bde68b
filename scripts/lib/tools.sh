# Tools that only the tests need. Nothing is installed: they are kept in .backhaul/tools.

# Prometheus' promtool, for the rules in ops/. Debian's package would start a server, so it is only unpacked.
# Leaves .backhaul/tools/promtool, or nothing where it cannot be had; the tests that need it are skipped then.
provide_promtool() {
  local tool=$STATE/tools/promtool
  [ ! -x "$tool" ] || return 0
  ! have promtool || return 0
  is_debian || return 0
  say "promtool: from Debian's package."
  mkdir -p "$STATE/tools"
  unpack_promtool >"$STATE/promtool.log" 2>&1 || say "promtool could not be had (see $STATE/promtool.log); the tests of ops/ are skipped."
}

unpack_promtool() {
  local place=$STATE/tools/prometheus.part done=1
  rm -rf "$place"
  mkdir -p "$place/root"
  if download_prometheus "$place" && dpkg -x "$place"/prometheus_*.deb "$place/root" && "$place/root/usr/bin/promtool" --version; then
    mv "$place/root/usr/bin/promtool" "$STATE/tools/promtool"
    done=0
  fi
  rm -rf "$place"
  return "$done"
}

# The lists of packages may be missing on a fresh machine.
download_prometheus() {
  (cd "$1" && apt-get download prometheus) && return 0
  can_root || return 1
  as_root apt-get update && (cd "$1" && apt-get download prometheus)
}
