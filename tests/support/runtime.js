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

/**
 * Takes the place of AsyncLocalStorage where Jest notes the test that runs: no two run at once here. Node 20 calls a hook for each
 * promise once there is such a storage, which takes a tenth of the processor time of what runs in the tests.
 */
class RunningTest {
  getStore() {
    return this.store
  }

  async run(store, work) {
    const before = this.store
    this.store = store
    try {
      return await work()
    } finally {
      this.store = before
    }
  }
}

const isNoteOfTest = (from, name) => name === 'node:async_hooks' && from.includes(`${PACKAGES}jest-circus${sep}`)

module.exports = class extends Runtime {
  requireInternalModule(from, name) {
    return isNoteOfTest(from, name) ? { AsyncLocalStorage: RunningTest } : super.requireInternalModule(from, name)
  }

  requireModuleOrMock(from, name) {
    return isPackage(from, name) ? createRequire(from)(name) : super.requireModuleOrMock(from, name)
  }
}
