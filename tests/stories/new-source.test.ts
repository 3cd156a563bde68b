import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * A source is added as the README says: its own files, and a line each where sources, sandboxes, queues and Postgres schemas
 * are named. Lint with its walls, types and the contract suite, a backfill at its sandbox among them, then take it as it is.
 */

const ROOT = join(__dirname, '..', '..')
const TOY = join(__dirname, '..', 'fixtures', 'toy')
const PARTS = ['backend', 'queues', 'scripts', 'prisma', 'tests', 'bench', 'ops']
const FILES = ['package.json', 'tsconfig.json', 'biome.json', 'jest.config.js', 'ecosystem.config.js', 'README.md', '.env.example']

const LAST = '# COMMERCE_CALLBACK_URL=http://127.0.0.1:3000\n'
const LAST_ROW = /^\| `COMMERCE_CALLBACK_URL` .*\n/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[0] ?? ''

/** What a person changes in files that are there already. */
const LINES: [file: string, before: string, after: string][] = [
  ['queues/names.ts', "  'atproto_backfill_queue',\n", "  'atproto_backfill_queue',\n  'toy_backfill_queue',\n"],
  ['prisma/schema/base.prisma', '"toastmasters"]', '"toastmasters", "toy"]'],
  [
    'backend/sources/index.ts',
    "import { toastmasters } from './toastmasters'\n",
    "import { toastmasters } from './toastmasters'\nimport { toy } from './toy'\n",
  ],
  ['backend/sources/index.ts', 'toastmasters, commerce]', 'toastmasters, commerce, toy]'],
  [
    'backend/sandbox/registry.ts',
    "import { toastmasters } from './toastmasters'\n",
    "import { toastmasters } from './toastmasters'\nimport { toy } from './toy'\n",
  ],
  ['backend/sandbox/registry.ts', 'toastmasters, commerce }', 'toastmasters, commerce, toy }'],
  ['.env.example', LAST, `${LAST}\n# Base URL of the library.\n# TOY_URL=https://toy.example\n`],
  ['README.md', LAST_ROW, `${LAST_ROW}| \`TOY_URL\` | \`https://toy.example\` | Base URL of the library. |\n`],
]

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'backhaul-new-source-'))
  for (const part of [...PARTS, ...FILES]) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  cpSync(TOY, folder, { recursive: true })
  for (const [file, before, after] of LINES) {
    const text = readFileSync(join(folder, file), 'utf8')
    expect([file, text.split(before).length]).toEqual([file, 2])
    writeFileSync(join(folder, file), text.replace(before, after))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (command: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules', '.bin', command), args, { cwd: folder, encoding: 'utf8' })
  return { status, text: stdout + stderr }
}

test('is small', () => {
  const files = readdirSync(TOY, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const lines = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8').trimEnd().split('\n').length)
  expect(files).toHaveLength(6)
  expect(lines.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(120)
})

test('passes lint with its walls, and the compiler', () => {
  expect(run('biome', 'check', '--error-on-warnings', 'backend/sources', 'backend/sandbox', 'queues')).toMatchObject({ status: 0 })
  // What names the sources, and all that it uses: the rest is compiled by each run of the tests.
  const files = ['backend/sources/index.ts', 'backend/sandbox/registry.ts', 'tests/engine/contract.test.ts']
  writeFileSync(join(folder, 'tsconfig.toy.json'), JSON.stringify({ extends: './tsconfig.json', include: files }))
  expect(run('tsc', '-p', 'tsconfig.toy.json', '--noEmit', '--singleThreaded')).toEqual({ status: 0, text: '' })
}, 180_000)

test('passes the contract suite, and its tables are what the migration makes', () => {
  const tests = ['tests/engine/contract.test.ts', 'tests/config/config.test.ts', 'tests/database/migrate.test.ts']
  const only = '^(toy|routes|names no|declares each|runs every|.*(env.example names|table of the README)|what Prisma has no words for)'
  const { status, text } = run('jest', '--maxWorkers=1', '--verbose', ...tests, '-t', only)
  expect(text).toMatch(/✓ reads its example to a verified end/)
  if (status !== 0) throw new Error(text)
}, 400_000)
