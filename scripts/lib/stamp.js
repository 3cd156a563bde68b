/** Prints a hash of the contents of the given files and folders, which shows whether a step is up to date. */
const { createHash } = require('node:crypto')
const { existsSync, readdirSync, readFileSync, statSync } = require('node:fs')
const { join } = require('node:path')

const SKIP = new Set(['generated', 'node_modules', 'dist', 'schema-data.ts'])
const hash = createHash('sha256').update(process.version)

function add(path) {
  if (!existsSync(path)) return
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path).sort()) if (!SKIP.has(name)) add(join(path, name))
    return
  }
  hash.update(path).update('\0').update(readFileSync(path))
}

for (const path of process.argv.slice(2)) add(path)
console.log(hash.digest('hex'))
