const vm = require('node:vm')
const { TestEnvironment } = require('jest-environment-node')

/*
 * Jest evaluates every module anew for each test file, which keeps the files apart. It also compiles every module anew, which takes half
 * of the time of loading. Here a process compiles a source once and runs its script in the context of each test file.
 */

const compileAnew = vm.compileFunction
/** The last source of each file, with its script. */
const compiled = new Map()

function scriptOf(source, parameters, filename) {
  const known = compiled.get(filename)
  if (known?.source === source) return known.script
  const head = `(function (${parameters}) {`
  const script = new vm.Script(`${head}${source}\n})`, { filename, columnOffset: -head.length })
  compiled.set(filename, { source, script })
  return script
}

vm.compileFunction = (source, parameters, options) => {
  const { filename, parsingContext } = options ?? {}
  // A script that is kept has no callback of one test file for import().
  if (!parsingContext || /\bimport\s*\(/.test(source)) return compileAnew(source, parameters, options)
  return scriptOf(source, parameters, filename).runInContext(parsingContext)
}

/** Jest has each error note 100 places of the stack, and makes one for each expect(): that many are read by nobody. */
const PLACES = 15

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context)
    this.global.Error.stackTraceLimit = PLACES
  }
}
