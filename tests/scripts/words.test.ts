import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * One word for one thing: words that we removed, each with the word that replaced it, must not come back. The history keeps
 * them: applied migrations and the changelog. Pictures have no words.
 */

const ROOT = join(__dirname, '..', '..')

/** What to write instead, and a pattern that leaves out meanings that are plain. */
const REMOVED: [instead: string, pattern: RegExp][] = [
  ['wake-up', /\b(bells?|rung|ringing)\b/i],
  ['heartbeat', /\bbeats?\b/i],
  ['route or entry point', /\bdoors?\b/i],
  ['context', /\bdesks?\b/i],
  ['method', /\broads?\b/i],
  ['MAX_', /\bMOST_/],
  ['default', /\bunless told\b/i],
  ['updates', /\bnews\b/i],
  ['release', /\b(hand(s|ed|ing)?|g[ia]ve(s|n)?|giving) (it |them |\w+s )?back\b/i],
  // HTML has an element of this name.
  ['rejected', /(?<!<\/?|> )\baside\b/i],
  [
    'release',
    /\bfre(es|ed|eing)\b|\b(to|must|can|may|will) free (?!memory)|\bfree (it|them|its|their|the (task|lane|claim|message|letter)s?)\b/i,
  ],
  ['log', /\bsaid\b/i],
  ['unreachable, or what happens to it', /\baway\b/i],
  // What looks like something, is looked up or looked for is plain.
  ['check, read or view', /\blook(s|ed|ing)?\b(?! (like|as if|late|up|for)\b)/i],
  ['check, read or view', /\blooks?Of\b|[a-z]Looks?(?![a-z])|\bLOOKS\b/],
  ['American spelling', /colour|behaviour|neighbour|catalogue|favour\b|honour|\bmetres?\b|\blicence|serialisation|(?<!aria-)\blabelled/i],
  // Upstreams write it with one l: their values are quoted or in capitals.
  ['cancelled, which is a status', /(?<!['"=])\b[Cc]ancel(ed|ing)\b/],
]

const LEFT_OUT = [
  /^prisma\/migrations\//,
  /\/migration\.test\.ts$/,
  /^CHANGELOG\.md$/,
  /^yarn\.lock$/,
  /package-lock\.json$/,
  /^tests\/fixtures\//,
  /schema-data\.ts$/,
  /\.png$/,
]
const ITSELF = 'tests/scripts/words.test.ts'

const SKIPPED = ['node_modules', 'dist', '.git', '.backhaul', 'generated']
/** Whoever works here writes it. */
const OWN = '.env'

/** Text files of this checkout. */
const files = (folder = ''): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name
    if (entry.isDirectory()) return SKIPPED.includes(entry.name) ? [] : files(path)
    return path === ITSELF || path === OWN || LEFT_OUT.some((one) => one.test(path)) ? [] : [path]
  })

test('no removed word is back', () => {
  const found = files().flatMap((path) =>
    readFileSync(join(ROOT, path), 'utf8')
      .split('\n')
      .flatMap((line, at) =>
        REMOVED.filter(([, pattern]) => pattern.test(line)).map(
          ([instead, pattern]) => `${path}:${at + 1}: "${pattern.exec(line)?.[0]}", write ${instead}`,
        ),
      ),
  )
  expect(found).toEqual([])
})
