# Installs the packages.

yarn_1() {
  if [ "$(yarn --version 2>/dev/null | cut -d. -f1)" = 1 ]; then yarn "$@"; else npx -y yarn@1.22.22 "$@"; fi
}

# What is required, and what is installed: yarn's record of the last installation, and the names of the packages, which somebody may have removed.
packages_stamp() {
  node scripts/lib/stamp.js package.json yarn.lock .yarnrc node_modules/.yarn-integrity
  ls node_modules node_modules/@*/ node_modules/.bin 2>/dev/null | cksum
}

install_packages() {
  if [ "$(cat node_modules/.backhaul-stamp 2>/dev/null || true)" = "$(packages_stamp)" ]; then
    say "Packages: up to date."
    return
  fi
  say "Packages: installing."
  # NODE_ENV=production would leave out what the build needs; without --check-files, yarn would not restore removed files.
  yarn_1 install --frozen-lockfile --non-interactive --production=false --check-files >"$STATE/yarn.log" 2>&1 ||
    fail "Installing the packages failed (see $STATE/yarn.log): check that the npm registry can be reached, then run this again." 1
  packages_stamp >node_modules/.backhaul-stamp
}
