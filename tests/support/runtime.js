const { builtinModules, createRequire } = require('node:module')
const { sep } = require('node:path')
const { default: Runtime } = require('jest-runtime')

/*
 * A process loads a package once, with Node's own loader, for all its test files: evaluating the packages anew for each file takes a fifth
 * of the processor time of what runs in the tests. The project's own modules are new for each file.
 */

const BUILTIN = new Set(builtinModules)
/** Its glue belongs to one instance of its WebAssembly, which each test file makes for itself; '@jest/globals' are those of one file. */
const PER_FILE = /^@jest\/globals$|[\\/]?@prisma[\\/]schema-engine-wasm\b/
const PACKAGES = `${sep}node_modules${sep}`

const isPackage = (from, name) =>
  !PER_FILE.test(name) &&
  !PER_FILE.test(from) &&
  (from.includes(PACKAGES) || !(name.startsWith('.') || name.startsWith('/') || name.startsWith('node:') || BUILTIN.has(name)))

module.exports = class extends Runtime {
  requireModuleOrMock(from, name) {
    return isPackage(from, name) ? createRequire(from)(name) : super.requireModuleOrMock(from, name)
  }
}
