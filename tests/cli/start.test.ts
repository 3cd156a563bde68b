import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join, relative, sep } from 'node:path'
import { sources } from '../../backend/sources'
import { dependencies } from '../../package.json'
import { type TestEnv, testEnv } from '../support/env'
import { freePort } from '../support/run'

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
  /** How many modules were loaded, those of packages too. */
  modules: number
  /** Whether the HTTP client of Node.js itself was loaded, by any mention of fetch or Response. */
  hasFetch: boolean
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
      API_PORT: String(await freePort()),
      METRICS_PORT: String(await freePort()),
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
  const loaded = JSON.parse(readFileSync(file, 'utf8')) as string[]
  const files = loaded.filter(isAbsolute).map((path) => relative(ROOT, path).split(sep).join('/'))
  const isLoaded = (prefix: string) => files.some((path) => path.startsWith(prefix))
  return {
    packages: Object.keys(dependencies).filter((name) => isLoaded(`node_modules/${name}/`)),
    sources: sources.map(({ name }) => name).filter((name) => isLoaded(`dist/backend/sources/${name}/parts.js`)),
    modules: files.length,
    hasFetch: loaded.includes('NativeModule internal/deps/undici/undici'),
  }
}

const COMMAND = ['commander', 'dotenv', 'zod']

/** A package or source more costs every start; the limit of modules is raised only for what the process needs. */
test.each<[line: string, packages: string[], most: number]>([
  ['scripts/queue.js --help', COMMAND, 210],
  ['scripts/queue.js character-killmails --help', COMMAND, 210],
  ['scripts/jobs.js --help', COMMAND, 220],
  ['scripts/jobs.js list', [...COMMAND, 'pg'], 350],
])('%s loads no package or source that it does not need', async (line, packages, most) => {
  const loaded = await loadedBy(line)
  expect(loaded).toMatchObject({ packages: packages.toSorted(), sources: [], hasFetch: false })
  expect(loaded.modules).toBeLessThan(most)
})

const PROCESS = ['amqplib', 'dotenv', 'pg', 'winston', 'zod']

test('a worker loads what runs the jobs of its source before it is ready, and nothing of other sources', async () => {
  const { packages, sources, modules } = await loadedBy('backend/bin/worker.js worker-backfill')
  expect({ packages, sources }).toEqual({ packages: [...PROCESS, 'axios', 'bottleneck'].toSorted(), sources: ['eve'] })
  expect(modules).toBeLessThan(620)
}, 60_000)

test('the API loads GraphQL when it is asked for, and no compiler of schemas but that of its shapes', async () => {
  const { packages, modules } = await loadedBy('backend/bin/api.js')
  const own = ['@fastify/cookie', '@fastify/helmet', '@fastify/static', '@fastify/swagger', '@fastify/swagger-ui', 'fastify']
  const more = ['croner', 'csv-parse', 'csv-stringify', 'fastify-type-provider-zod', 'lru-cache', 'prom-client']
  expect(packages).toEqual([...PROCESS, ...own, ...more].toSorted())
  expect(modules).toBeLessThan(1000)
}, 60_000)

test('the scheduler sends webhooks without the client of the APIs', async () => {
  const { packages } = await loadedBy('backend/bin/scheduler.js')
  expect(packages).toEqual(expect.arrayContaining(PROCESS))
  expect(packages).not.toEqual(expect.arrayContaining(['axios']))
}, 60_000)
