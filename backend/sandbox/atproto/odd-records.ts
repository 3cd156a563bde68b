import type { Entry, Odd, Value } from './shapes'
import { tid } from './tids'

/*
 * Records that a PDS takes and serves, and that clients stumble over.
 */

export const ODD_KINDS: readonly (Odd | undefined)[] = [
  'nul',
  'surrogate',
  'proto',
  'constructor',
  'long-rkey',
  undefined,
  'rkey-characters',
  undefined,
  'max-integer',
  'large',
  'deep',
]
const RKEYS = new Map<Odd, string[]>([
  ['long-rkey', ['k'.repeat(512)]],
  ['rkey-characters', ['a:b', '~', '_', '-', 'x.y', 'A', 'a', 'Z:~_.-0', '0']],
])
const FIRST_NUMBER = 1_000_000
const LARGE_BYTES = 900_000
const LINE = 'Turn left at the second lamp, then wait for the tide. '
const LEVELS = 300

/** @param at when they were made, ms since 1970 */
export const oddEntries = (odd: Odd, at: number): Entry[] =>
  (RKEYS.get(odd) ?? [tid(at * 1000, 7)]).map((rkey, n) => ({ rkey, n: FIRST_NUMBER + n, version: 0, at, odd }))

/** A value with what makes it odd. */
export function oddValue(odd: Odd, plain: Value): Value {
  switch (odd) {
    case 'nul':
      return { ...plain, title: 'cut\u0000here', nested: { list: ['\u0000'] } }
    case 'surrogate':
      return { ...plain, title: 'half \ud83d of a pair' }
    // Only a parser makes such a key; a literal would set the prototype.
    case 'proto':
      return { ...plain, mod: JSON.parse('{"__proto__":{"polluted":true},"name":"proto"}') as unknown }
    case 'constructor':
      return { ...plain, constructor: 'Northern Works', builds: [{ constructor: { prototype: 'first' } }] }
    case 'max-integer':
      return { ...plain, plays: Number.MAX_SAFE_INTEGER, balance: Number.MIN_SAFE_INTEGER }
    case 'large':
      return { ...plain, manual: LINE.repeat(LARGE_BYTES / LINE.length) }
    case 'deep': {
      let inner: unknown = 'bottom'
      for (let n = 0; n < LEVELS; n++) inner = n % 2 ? [inner] : { in: inner }
      return { ...plain, tree: inner }
    }
    default:
      return plain
  }
}
