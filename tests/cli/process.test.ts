import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Db, openDb } from '../../backend/database/db'
import type { Ran } from '../support/cli'
import { type TestEnv, testEnv } from '../support/env'
import { until } from '../support/until'

/* The compiled commands as processes of their own, as package.json names them. */

const ROOT = join(__dirname, '..', '..')
let services: TestEnv
let db: Db
let env: Record<string, string>

beforeAll(async () => {
  services = await testEnv()
  db = openDb(services.databaseUrl)
  // Set but empty: a .env of this checkout must not reach the tests.
  const plain = { CONTACT: 'tests@example.org', ZKILLBOARD_URL: '', ESI_URL: '', LIMITS: '', LOG_LEVEL: '' }
  env = { PATH: process.env.PATH ?? '', DATABASE_URL: services.databaseUrl, RABBITMQ_URL: services.rabbitmqUrl, ...plain }
}, 120_000)

afterAll(async () => {
  await db?.close()
  await services?.close()
})

interface Child {
  process: ChildProcessWithoutNullStreams
  ran: Promise<Ran>
  out(): string
}

function start(command: string, args: string[], more: Record<string, string> = {}, cwd = join(ROOT, 'backend')): Child {
  const child = spawn(command, args, { cwd, env: { ...env, ...more } })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  return { process: child, out: () => out, ran: once(child, 'close').then(([code]) => ({ code, out: out.trim(), err: err.trim() })) }
}
const script = (line: string, more?: Record<string, string>) => {
  const [name, ...args] = line.split(' ')
  return start(process.execPath, [join(ROOT, `dist/scripts/${name}.js`), ...args], more)
}
const jobs = async () => (await db.query<{ n: number }>('select count(*)::int as n from backhaul.jobs'))[0]?.n

test('yarn runs the commands from inside backend/', async () => {
  const yarn = join(ROOT, 'node_modules/.bin/yarn')
  const queued = await start(yarn, ['-s', 'queue:character-killmails', '2117325769', '--json']).ran
  expect(queued).toMatchObject({ code: 0, err: '' })
  const [job] = JSON.parse(queued.out).jobs
  const listed = await start(yarn, ['-s', 'jobs', 'list', '--json']).ran
  expect(JSON.parse(listed.out)).toEqual([expect.objectContaining({ id: job.id, status: 'queued' })])
  expect(await start(yarn, ['-s', 'jobs', 'cancel', job.id]).ran).toMatchObject({ code: 0 })
  expect((await start(yarn, ['-s', 'jobs', 'report', job.id]).ran).code).toBe(1)
})

test('refusals are one line without a stack, and nothing is queued', async () => {
  const before = await jobs()
  const wrong = services.databaseUrl.replace(/:[^:@/]+@/, ':guessed@')
  const cases: [line: string, more: Record<string, string>, code: number, text: RegExp][] = [
    ['queue character-killmails 1 two', {}, 2, /two/],
    ['queue character-killmails -1', {}, 2, /greater than zero/],
    ['queue character-killmails 1 --limit 201', {}, 2, /1 to 200/],
    ['queue character-killmails 1', { CONTACT: '' }, 78, /CONTACT is not set/],
    ['queue character-killmails 1', { DATABASE_URL: wrong }, 78, /refuses the password/],
    ['queue character-killmails 1', { DATABASE_URL: 'postgresql://x@127.0.0.1:1/x' }, 78, /No PostgreSQL answers at 127\.0\.0\.1:1/],
    ['jobs list', { DATABASE_URL: wrong }, 78, /refuses the password/],
    ['gates', { DATABASE_URL: wrong }, 78, /refuses the password/],
    ['dead list', { RABBITMQ_URL: 'amqp://127.0.0.1:1' }, 78, /cannot be reached/],
    ['doctor --jsn', {}, 2, /Did you mean --json/],
  ]
  for (const [line, more, code, text] of cases) {
    const ran = await script(line, more).ran
    expect({ line, code: ran.code, out: ran.out, lines: ran.err.split('\n').length }).toEqual({ line, code, out: '', lines: 1 })
    expect(ran.err).toMatch(text)
    expect(ran.err).not.toMatch(/guessed|at .*\.js:/)
  }
  expect(await jobs()).toBe(before)
})

test('a broker that is down costs the wake-up, not the job', async () => {
  const before = (await jobs()) as number
  const ran = await script('queue character-killmails 77', { RABBITMQ_URL: 'amqp://127.0.0.1:1' }).ran
  expect(ran).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^job \w+ queued/),
    err: expect.stringMatching(/^RabbitMQ at .*stored in the database/),
  })
  expect(await jobs()).toBe(before + 1)
})

test('Ctrl-C leaves the job alone and ends with 130', async () => {
  const child = script('queue character-killmails 78 --watch')
  await until(() => child.out().includes('0 pages'))
  child.process.kill('SIGINT')
  expect(await child.ran).toMatchObject({ code: 130, err: expect.stringContaining('to watch again: yarn jobs watch') })
  expect(await db.query(`select status from backhaul.jobs where params->>'characterId' = '78'`)).toEqual([{ status: 'queued' }])
})

const bash = (line: string) => start('bash', ['--norc', '-c', `set -o pipefail; ${line}`], {}, ROOT).ran

test('a pipe gets all output, and a reader that closes early is no error', async () => {
  await db.query(
    `insert into backhaul.jobs (source, params, active_key, bounded_by)
     select 'eve', '{"characterId": 1}', 'long:' || n || repeat('x', 500), 'zkillboard_backfill_queue' from generate_series(1, 400) n`,
  )
  const listed = await bash('node dist/scripts/jobs.js list --limit 400 --json | cat')
  expect(listed).toMatchObject({ code: 0, err: '' })
  expect(listed.out.length).toBeGreaterThan(3 * 65_536)
  expect(JSON.parse(listed.out)).toHaveLength(400)
  expect(await bash('node dist/scripts/jobs.js list --limit 400 --json | head -c 1')).toEqual({ code: 0, out: '[', err: '' })
  expect(await bash('node dist/scripts/jobs.js show nothing 2> >(true)')).toEqual({ code: 2, out: '', err: '' })
  if (existsSync('/dev/full'))
    expect(await bash('node dist/scripts/jobs.js list >/dev/full')).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^The output cannot be written: ENOSPC.*$/),
    })
  expect(await bash('node dist/scripts/migrate.js status | true')).toEqual({ code: 0, out: '', err: '' })
  expect(await bash('node dist/scripts/sandbox.js --help | head -n 1')).toEqual({ code: 0, out: expect.stringMatching(/^Usage/), err: '' })
  await db.query(`delete from backhaul.jobs where active_key like 'long:%'`)
})

test('a reader that closes early ends a command quietly', async () => {
  const child = script('jobs list')
  child.process.stdout.destroy()
  expect(await child.ran).toMatchObject({ code: 0, err: '' })
})

test.each([
  [
    'releases what it holds',
    'new Promise((resolve) => setImmediate(() => resolve({ stop: async () => console.log("stopped") })))',
    'stopped',
  ],
  ['ends although its start does not', 'new Promise(() => {})', ''],
])('a process that is told to stop while it starts %s', async (_, starting, printed) => {
  const program = `require(process.argv[1]).run(() => { process.kill(process.pid, 'SIGTERM'); return ${starting} })`
  const ended = await start(process.execPath, ['-e', program, join(ROOT, 'dist/backend/bin/process.js')]).ran
  expect(ended).toEqual({ code: 0, out: printed, err: '' })
})

test('a worker that starts while RabbitMQ is unreachable ends with 1, so that PM2 starts it again; 78 is for what a person must mend', async () => {
  const worker = (at: string) =>
    new Promise<number | null>((resolve) => {
      const settings = { ...env, RABBITMQ_URL: at, CONTACT: 'tests@example.org' }
      const child = spawn(process.execPath, [join(ROOT, 'dist/backend/bin/worker.js'), 'worker-atproto'], {
        env: settings,
        stdio: 'ignore',
      })
      child.once('exit', resolve)
    })
  const refused = new URL(env.RABBITMQ_URL ?? '')
  refused.password = 'wrong'
  expect(await Promise.all([worker('amqp://127.0.0.1:1'), worker(refused.href)])).toEqual([1, 78])
}, 60_000)
