import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { sources } from '../../backend/sources'
import { dependencies } from '../../package.json'
import { type TestEnv, testEnv } from '../support/env'

/*
 * What a process loads is most of what its start costs. A package or a source that a command does not need costs every command.
 */

const ROOT = join(__dirname, '..', '..')
let services: TestEnv
let folder: string

beforeAll(async () => {
  services = await testEnv()
  folder = mkdtempSync(join(tmpdir(), 'backhaul-start-'))
}, 120_000)

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await services?.close()
})

interface Loaded {
  /** Our dependencies, without what they load themselves. */
  packages: string[]
  /** The sources whose streams were loaded. */
  sources: string[]
  /** How many modules of this project were loaded. */
  own: number
}

/** A command runs to its end; a process that says that it is ready is stopped then. */
async function loadedBy(line: string): Promise<Loaded> {
  const [script = '', ...args] = line.split(' ')
  const file = join(folder, `${script.replaceAll('/', ' ')} ${args.join(' ')}.json`)
  const child = spawn(process.execPath, ['--require', join(ROOT, 'tests/support/note-loaded.js'), join(ROOT, 'dist', script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: services.databaseUrl,
      RABBITMQ_URL: services.rabbitmqUrl,
      CONTACT: 'tests@example.org',
      LOADED_MODULES: file,
    },
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => {
      out += text
    })
  child.on('message', () => child.kill('SIGTERM'))
  const [code] = await once(child, 'close')
  expect({ code, out }).toEqual({ code: 0, out: expect.any(String) })
  const files = (JSON.parse(readFileSync(file, 'utf8')) as string[]).map((path) => relative(ROOT, path).split(sep).join('/'))
  const isLoaded = (prefix: string) => files.some((path) => path.startsWith(prefix))
  return {
    packages: Object.keys(dependencies).filter((name) => isLoaded(`node_modules/${name}/`)),
    sources: sources.map(({ name }) => name).filter((name) => isLoaded(`dist/backend/sources/${name}/parts.js`)),
    own: files.filter((path) => path.startsWith('dist/')).length,
  }
}

const COMMAND = ['commander', 'dotenv', 'zod']

/** A package or source more costs every start of the command; a limit of modules is raised only for what the command needs. */
test.each<[line: string, packages: string[], most: number]>([
  ['scripts/queue.js --help', COMMAND, 100],
  ['scripts/queue.js character-killmails --help', COMMAND, 100],
  ['scripts/jobs.js --help', COMMAND, 110],
  ['scripts/jobs.js list', [...COMMAND, 'pg'], 200],
])('%s loads no package or source that it does not need', async (line, packages, most) => {
  const loaded = await loadedBy(line)
  expect(loaded).toMatchObject({ packages: packages.toSorted(), sources: [] })
  expect(loaded.own).toBeLessThan(most)
})

test('a worker loads what runs the jobs of its source before it is ready, and nothing of other sources', async () => {
  const worker = await loadedBy('backend/bin/worker.js worker-backfill')
  expect(worker).toMatchObject({
    packages: ['amqplib', 'axios', 'bottleneck', 'dotenv', 'pg', 'winston', 'zod'],
    sources: ['eve'],
  })
}, 60_000)
