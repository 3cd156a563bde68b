import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { dropDatabase, removeVhost } from './services.mjs'

/** In the order in which they can go. */
const ways = {
  process: (pid) => process.kill(pid, 'SIGKILL'),
  database: dropDatabase,
  vhost: removeVhost,
  folder: (path) => rmSync(path, { recursive: true, force: true }),
}
const left = Object.fromEntries(Object.keys(ways).map((kind) => [kind, new Set()]))

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, name, isThere } = JSON.parse(line)
  if (isThere) left[kind].add(name)
  else left[kind].delete(name)
}
for (const [kind, remove] of Object.entries(ways)) {
  for (const name of left[kind]) {
    try {
      await remove(name)
    } catch {
      // Gone already, or its server is: the others are still to go.
    }
  }
}
