/**
 * env-file.js get <file> <name>: prints a setting of a file like .env, nothing if it has none.
 * env-file.js put <file> <template> <name…>: writes the file with these settings as the environment has them.
 */
const { readFileSync } = require('node:fs')
const { readEnvFile, writeEnvFile } = require('../../dist/backend/config/env-file')

const verbs = {
  get: (file, name) => process.stdout.write(readEnvFile(file)[name] ?? ''),
  put: (file, template, ...names) =>
    writeEnvFile(file, readFileSync(template, 'utf8'), Object.fromEntries(names.map((name) => [name, process.env[name]]))),
}

const [verb, ...args] = process.argv.slice(2)
try {
  verbs[verb](...args)
} catch (error) {
  console.error(error.message)
  process.exitCode = error.code === 'setup' ? 78 : 1
}
