# Installs the packages.

yarn_1() {
  if [ "$(yarn --version 2>/dev/null | cut -d. -f1)" = 1 ]; then yarn "$@"; else npx -y yarn@1.22.22 "$@"; fi
}

# Yarn's own note changes with every installation, so that one made otherwise (yarn install --production) is seen.
packages_stamp() { node scripts/lib/stamp.js package.json yarn.lock .yarnrc node_modules/.yarn-integrity; }

install_packages() {
  if [ "$(cat node_modules/.backhaul-stamp 2>/dev/null || true)" = "$(packages_stamp)" ]; then
    say "Packages: up to date."
    return
  fi
  say "Packages: installing."
  # With NODE_ENV=production yarn would leave out what the build needs.
  yarn_1 install --frozen-lockfile --non-interactive --production=false >"$STATE/yarn.log" 2>&1 ||
    fail "The packages could not be installed (see $STATE/yarn.log): check that the npm registry can be reached, then run this again." 1
  packages_stamp >node_modules/.backhaul-stamp
}
