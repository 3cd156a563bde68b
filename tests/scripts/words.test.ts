import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * One word for one thing: words that we removed, each with the word that replaced it, must not come back. The history keeps
 * them: applied migrations and the changelog.
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
]

const HISTORY = [/^prisma\/migrations\//, /^CHANGELOG\.md$/, /^yarn\.lock$/, /package-lock\.json$/, /^tests\/fixtures\//]
const ITSELF = 'tests/scripts/words.test.ts'

/** Text files of this checkout, also those that are not committed yet. */
function files(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const deleted = execFileSync('git', ['ls-files', '--deleted'], { cwd: ROOT, encoding: 'utf8' }).split('\n')
  return listed.split('\n').filter((path) => path && path !== ITSELF && !deleted.includes(path) && !HISTORY.some((one) => one.test(path)))
}

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
