const vm = require('node:vm')
const { LegacyFakeTimers, ModernFakeTimers } = require('@jest/fake-timers')
const { ModuleMocker } = require('jest-mock')

/*
 * Jest evaluates every module anew for each test file, in a context of its own whose globals are read through a proxy: that takes a third
 * of the processor time of what runs in the tests. Here a process compiles a source once, and all files of a process run in its own
 * context, each still with modules of its own. What a file changes of the process and of the globals is put back after it.
 */

/** Takes the place of a context for Jest's runtime. */
const OWN = Object.freeze({})
const compileAnew = vm.compileFunction
/** The last source of each file, with its function. */
const compiled = new Map()

function compile(source, parameters, options) {
  const known = compiled.get(options.filename)
  if (known?.source === source) return known.script
  const head = `(function (${parameters}) {`
  const script = new vm.Script(`${head}${source}\n})`, { filename: options.filename, columnOffset: -head.length })
  compiled.set(options.filename, { source, script })
  return script
}

vm.compileFunction = (source, parameters, options = {}) => {
  if (options.parsingContext !== OWN) return compileAnew(source, parameters, options)
  // A script that is kept has no callback of one test file for import().
  if (/\bimport\s*\(/.test(source)) return compileAnew(source, parameters, { ...options, parsingContext: undefined })
  return compile(source, parameters, options).runInThisContext()
}

/** Jest has each error note 100 places of the stack, and makes one for each expect(): that many are read by nobody. */
const PLACES = 15

const timers = { idToRef: (id) => id, refToId: (timer) => timer }

/** @returns a function that makes the own properties of `object` what they are now; new ones that `isKept` stay */
function remember(object, isKept = () => false) {
  const before = new Map(Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)]))
  return () => {
    for (const key of Reflect.ownKeys(object)) {
      if (!before.has(key) && !isKept(key) && Object.getOwnPropertyDescriptor(object, key)?.configurable) delete object[key]
    }
    for (const [key, held] of before) {
      const now = Object.getOwnPropertyDescriptor(object, key)
      if (held.configurable && (now?.value !== held.value || now?.get !== held.get)) Object.defineProperty(object, key, held)
      else if (held.writable && now?.value !== held.value) object[key] = held.value
    }
  }
}

/** A global with a name is of a package, which is loaded once for all files; those of jest have symbols. */
const isNamed = (key) => typeof key === 'string'

/** @returns a function that removes the listeners that `emitter` has got since */
function rememberListeners(emitter) {
  const before = new Map(emitter.eventNames().map((name) => [name, emitter.rawListeners(name)]))
  return () => {
    for (const name of emitter.eventNames()) {
      for (const listener of emitter.rawListeners(name)) if (!before.get(name)?.includes(listener)) emitter.off(name, listener)
    }
  }
}

module.exports = class {
  constructor({ projectConfig }) {
    this.restore = [rememberListeners(process), remember(process.env), remember(process), remember(globalThis, isNamed)]
    this.global = globalThis
    this.moduleMocker = new ModuleMocker(globalThis)
    this.fakeTimers = new LegacyFakeTimers({
      config: projectConfig,
      global: globalThis,
      moduleMocker: this.moduleMocker,
      timerConfig: timers,
    })
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis })
    Error.stackTraceLimit = PLACES
  }

  async setup() {}

  async teardown() {
    this.fakeTimers.dispose()
    this.fakeTimersModern.dispose()
    for (const restore of this.restore) restore()
  }

  exportConditions() {
    return ['node', 'node-addons']
  }

  getVmContext() {
    return OWN
  }
}
