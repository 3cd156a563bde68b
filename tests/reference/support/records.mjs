/*
 * What the accounts hold. No lexicon is published for these collections.
 */

export const NOTE = 'org.example.reference.note'
export const TAG = 'org.example.reference.tag'
export const NOISE = 'org.example.reference.noise'

export const note = (text, more = {}) => ({ $type: NOTE, text, createdAt: '2026-01-02T03:04:05.678Z', ...more })

/** An empty block: some CID to point at. */
const LINK = { $link: 'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua' }

const nested = (levels) => (levels === 0 ? 'bottom' : { in: nested(levels - 1) })

/** Keys that JavaScript gives a meaning to can only be written as text. */
const parsed = (text) => note('keys', { odd: JSON.parse(text) })

/** Records that are stored as they are, by record key. */
export const ODD = {
  constructor: note('a key of the name of its own', { constructor: 'own' }),
  'nested-constructor': parsed('{"constructor":{"prototype":{"constructor":1}}}'),
  'many-keys': parsed(`{"constructor":0,${Array.from({ length: 300 }, (_, n) => `"k${n}":${n}`).join(',')}}`),
  __proto__1: note('a key that begins like another'),
  ['k'.repeat(512)]: note('a key of 512 characters'),
  'a:b~c_d.e-f': note('a key of every kind of character'),
  numbers: note('numbers', { most: 2 ** 53 - 1, least: -(2 ** 53 - 1), zero: 0, byte: 255, word: 65536, long: 4294967296 }),
  empties: note('', { list: [], map: {}, nothing: null, lists: [[], [[]]], no: false, yes: true }),
  letters: note('äöü ß 漢字 🧑‍🚀 \u{10ffff} \u007f \u2028', { ключ: '\t\n\r\b\f"\\/' }),
  // A backslash and the letters of an escape are text, NUL or not.
  'not-nul': note('\\u0000 \\\\u0000 \\ud800'),
  deep: note('deep', nested(60)),
  links: note('links', { link: LINK, links: [LINK, LINK], bytes: { $bytes: 'AAECAwQFBgcICQ' }, none: { $bytes: '' } }),
  'key-of-key': note('names', { 'at://x/y': 1, 'a.b': { 'c d': 2 }, '': 3, $unknown: 4 }),
}

/** The host takes such a key with a whole repo only, and cannot list what it is in. */
export const IMPORTED = {
  'own-proto': parsed('{"a":{"__proto__":{"b":1}},"__proto__":"text"}'),
}

/** Records that Postgres has no place for. */
export const UNSTORABLE = {
  'nul-value': note('before\u0000after'),
  'nul-nested': note('nested', { list: [{ deep: 'a\u0000' }] }),
  'nul-key': parsed('{"a\\u0000b":1}'),
}

/** A record of nearly 100 kB. */
export const big = (n) => note(`${n} `.repeat(200), { body: String.fromCharCode(97 + (n % 26)).repeat(95_000) })
