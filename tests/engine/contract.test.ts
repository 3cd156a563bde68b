import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { listSettings } from '../../backend/config/config'
import { defaultsOf, type Page, type Plan, type Source, type Stream } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import * as jobs from '../../backend/engine/jobs/verbs'
import { workOf } from '../../backend/engine/upkeep/source-work'
import { startSandbox } from '../../backend/sandbox/server'
import { formOf } from '../../backend/service/base/form'
import { sources } from '../../backend/sources'
import { scripts } from '../../package.json'
import { isQueue } from '../../queues/names'
import { optionsOf } from '../../scripts/cli/options'
import { serve } from '../support/api'
import { type TestEnv, testEnv } from '../support/env'
import { makeReady } from '../support/ready'
import { clashes, type OwnedRoute } from '../support/route-clashes'
import { sandboxed } from '../support/sandboxed'
import type { Sandbox } from '../support/system'
import { until } from '../support/until'

/*
 * What every source promises, over the registry: a new one is tested as soon as its line is there.
 */

const ROOT = join(__dirname, '..', '..')
it('declares each variable once, in the source that names it', () => {
  const names = listSettings(sources).map(({ name }) => name)
  const declared = sources.flatMap((source) => Object.keys(source.settings ?? {}))
  expect(names).toHaveLength(listSettings([]).length + declared.length)
})

it('names no API, stream, lookup, worker or command twice', () => {
  const all = sources.flatMap((source) => [
    source.name,
    ...[source.apis, source.lookups ?? {}, source.workers, source.commands].flatMap((part) =>
      Object.keys(part).map((key) => `${source.name === key ? 'own ' : ''}${key}`),
    ),
  ])
  expect([...new Set(all)]).toEqual(expect.arrayContaining(all))
})

it('runs every command as `yarn queue <name>` and every worker as `yarn worker <app>`, and no alias is left of one that is gone', () => {
  expect(scripts).toMatchObject({ queue: 'node dist/scripts/queue.js', worker: 'node dist/backend/bin/worker.js' })
  const named = (prefix: string) =>
    Object.entries(scripts).flatMap(([alias, line]) => (alias.startsWith(prefix) ? [line.split(' ').at(-1)] : []))
  // `listings full` is a command of `listings`.
  const commands = sources.flatMap((source) => Object.keys(source.commands).map((name) => name.split(' ')[0]))
  const apps = sources.flatMap((source) => [...Object.keys(source.workers), ...Object.keys(source.listeners ?? {})])
  expect(commands).toEqual(expect.arrayContaining(named('queue:')))
  expect(apps).toEqual(expect.arrayContaining(named('worker:')))
})

describe('routes', () => {
  const route = (owner: string, method: string, path: string, operation: string): OwnedRoute => ({ owner, method, path, operation })

  it('of all sources and the API answer different addresses and have operation ids of their own', async () => {
    const env = await testEnv()
    const api = await serve(env, [])
    const { paths = {} } = api.api.app.swagger() as { paths?: Record<string, Record<string, { operationId: string }>> }
    const own = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => route('the API', method.toUpperCase(), path, operationId)),
    )
    const hidden = ['/graphql', '/api/openapi.json', '/api/docs', '/api/docs/*', '/assets/*'].map((path) =>
      route('the API', '', path, path),
    )
    const theirs = sources.flatMap((source) =>
      (source.routes ?? []).map(({ method, path, operation }) => route(source.name, method, path, operation)),
    )
    await Promise.all([api.close(), env.close()])
    expect(own.length).toBeGreaterThan(30)
    expect(clashes([...own, ...hidden, ...theirs])).toEqual([])
  })

  it.each<[string, OwnedRoute[], string[]]>([
    ['a path of two owners', [route('a', 'GET', '/x', '1'), route('b', 'PUT', '/x', '2')], ['a GET /x and b PUT /x']],
    ['a path within another', [route('a', 'GET', '/x/{id}', '1'), route('b', 'GET', '/x/y', '2')], ['a GET /x/{id} and b GET /x/y']],
    ['a path below a wildcard', [route('a', 'GET', '/x/*', '1'), route('b', 'GET', '/x/y/z', '2')], ['a GET /x/* and b GET /x/y/z']],
    ['a route twice', [route('a', 'GET', '/x/:id', '1'), route('a', 'GET', '/x/:key', '2')], ['a GET /x/:id and a GET /x/:key']],
    ['an operation twice', [route('a', 'GET', '/x', '1'), route('b', 'GET', '/y', '1')], ['a and b both call an operation 1']],
    ['nothing', [route('a', 'GET', '/x/:id', '1'), route('a', 'GET', '/x/status', '2'), route('b', 'GET', '/x/:id/y', '3')], []],
  ])('are refused for %s', (_, routes, found) => {
    expect(clashes(routes)).toEqual(found)
  })
})

interface Field {
  title?: string
  description?: string
  flag?: string
  properties?: Record<string, Field>
}

const fieldsOf = ({ properties = {} }: Field): Field[] => Object.values(properties).flatMap((field) => [field, ...fieldsOf(field)])

let env: TestEnv
let db: Db
beforeAll(async () => {
  env = await testEnv()
  db = openDb(env.databaseUrl)
})
afterAll(async () => {
  await db.close()
  await env.close()
})
/** As a job's are: prepared, where the source does so. */
const prepared = (source: Source, params: unknown) => jobs.prepareParams(db, {}, source, params)

describe.each(sources.map((source) => [source.name, source] as const))('%s', (name, source) => {
  let params: unknown
  let plan: Plan
  beforeAll(async () => {
    await makeReady(source, db)
    params = await prepared(source, jobs.parseParams(source, source.example))
    plan = source.plan(params)
  })

  it('has its folder, its README, its tables and a sentence', () => {
    expect(source.about).toMatch(/^[A-Z].{20,}/)
    for (const path of [`backend/sources/${name}/README.md`, `prisma/schema/${name}.prisma`])
      expect([path, existsSync(join(ROOT, path))]).toEqual([path, true])
  })

  it('declares the settings that hold its base URLs and its bound on jobs', () => {
    const defaults = defaultsOf(source)
    for (const { url } of Object.values(source.apis)) if ('setting' in url) expect(String(defaults[url.setting])).toMatch(/^https:/)
    for (const { credential } of Object.values(source.apis))
      if (credential) expect(source.settings?.[credential.setting]?.secret).toBe(true)
    if (source.jobsAtOnce) expect(defaults[source.jobsAtOnce.setting]).toBeGreaterThan(0)
    for (const [variable, { about }] of Object.entries(source.settings ?? {}))
      expect([variable, about]).toEqual([expect.stringMatching(/^[A-Z][A-Z0-9_]+$/), expect.stringMatching(/^[A-Z`].*\.$/)])
  })

  it('names its checks and says what they find; in an empty database they find nothing', async () => {
    for (const [kind, { about, find }] of Object.entries(source.checks ?? {})) {
      expect([kind, about]).toEqual([expect.stringMatching(/^[a-z]+(_[a-z]+)*$/), expect.stringMatching(/^[A-Z`].*\.$/)])
      expect([kind, await find(db, defaultsOf(source), workOf(db, source.name))]).toEqual([kind, []])
    }
  })

  it('plans the same tasks for the same params, each once, with cursors that survive the database', () => {
    expect(source.plan(jobs.parseParams(source, JSON.parse(JSON.stringify(params))))).toEqual(plan)
    expect(plan.tasks.length).toBeGreaterThan(0)
    expect(new Set(plan.tasks.map((task) => `${task.stream} ${task.key}`)).size).toBe(plan.tasks.length)
    for (const task of plan.tasks) {
      const cursor = JSON.parse(JSON.stringify(task.cursor))
      expect(JSON.parse(JSON.stringify(source.streams[task.stream]?.cursor.parse(cursor)))).toEqual(cursor)
    }
  })

  it('describes each field of its params once, and each flag means one of them', () => {
    const fields = fieldsOf(formOf(source))
    expect(fields.length).toBeGreaterThan(0)
    expect(fields.filter(({ title, description, properties }) => !title || !(description || properties))).toEqual([])
    const names = optionsOf(source).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toHaveLength(fields.filter(({ flag }) => flag !== undefined).length)
    for (const { ids } of Object.values(source.commands))
      expect([undefined, ...Object.keys(formOf(source).properties ?? {})]).toContain(ids)
  })

  it('keeps its params through the database', () => {
    expect(source.params.parse(JSON.parse(JSON.stringify(params)))).toEqual(params)
  })

  it('has a worker for every queue it uses', () => {
    const consumed = Object.values(source.workers).flatMap((worker) => worker.queues)
    const used = [
      ...Object.values(source.streams).map((stream) => stream.queue),
      ...Object.values(source.lookups ?? {}).map((lookup) => lookup.queue),
      ...Object.keys(source.requests),
      ...Object.values(source.commands).map((command) => command.queue),
    ]
    expect(consumed).toEqual(expect.arrayContaining(used))
    expect(consumed.filter((queue) => !isQueue(queue))).toEqual([])
  })

  it.each([null, [], 'text', 7, { unknown: true }])('refuses the request %j with a sentence', (raw) => {
    for (const queue of Object.keys(source.requests)) {
      expect(() => jobs.parseRequest(source, queue as never, raw)).toThrow(expect.objectContaining({ name: 'Refused', code: 'input' }))
    }
  })

  it('answers an empty request with a sentence, or with a plan that says it is for everything', async () => {
    for (const queue of Object.keys(source.requests)) {
      const plansAll = async () => source.plan(await prepared(source, jobs.parseRequest(source, queue as never, {}))).activeKey
      try {
        expect(await plansAll()).toMatch(/\ball\b/)
      } catch (error) {
        if ((error as Error).name !== 'Refused') throw error
        expect(error).toMatchObject({ code: 'input', message: expect.stringMatching(/\w+ \w+/) })
      }
    }
  })

  it('takes its example from every entry point, with fields it does not know', () => {
    expect(() => jobs.parseParams(source, { ...(source.example as object), somethingElse: 1 })).not.toThrow()
  })
})

/** Sources of what may change without a word: asked again, they read it again, and store what is another. */
const READS_AGAIN = new Set(['commerce'])

/** The same source, with every page read twice, written twice and checked. */
function doingTwice(source: Source, faults: string[]): Source {
  const twice = (stream: Stream): Stream => ({
    ...stream,
    async read(step, io) {
      const read = () => stream.read(step, io)
      const batch = (page: Page<unknown, unknown>) => JSON.stringify(page.batch, (name, value) => (name === 'readAt' ? undefined : value))
      const [first, again] = [await read(), await read()]
      // A batch may hold the second in which it was asked for; of three reads in a row two fall into one.
      if (batch(first) !== batch(again) && batch(again) !== batch(await read())) faults.push(`${step.key}: two reads of one page differ`)
      if (first.next !== null && JSON.stringify(first.next) === JSON.stringify(step.cursor))
        faults.push(`${step.key}: a page did not move the cursor`)
      if (first.next !== null && !stream.cursor.safeParse(JSON.parse(JSON.stringify(first.next))).success)
        faults.push(`${step.key}: a cursor does not come back`)
      return first
    },
    async write(tx, batch) {
      const first = await stream.write(tx, batch)
      // Its second run writes the same again, in transactions of their own: rows tell which one changed them.
      if (READS_AGAIN.has(source.name)) return first
      const again = await stream.write(tx, batch)
      const all = first.new + first.updated + first.unchanged
      if (again.new + again.updated + (again.deleted ?? 0) > 0 || again.unchanged !== all)
        faults.push(`${stream.queue}: a batch written twice counts ${JSON.stringify([first, again])}`)
      return first
    },
  })
  return { ...source, streams: Object.fromEntries(Object.entries(source.streams).map(([name, stream]) => [name, twice(stream)])) }
}

describe.each(sources.map((source) => [source.name, source] as const))('%s at its sandbox', (_, source) => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox({
      scale: 400,
      speed: 500,
      oddities: false,
      bigAttackers: 40,
      users: 1,
      // More than a page of Etsy's.
      ordersPerShop: 105,
      productsPerShop: 10,
    })
  })
  afterAll(() => sandbox.close())

  it('reads its example to a verified end; a page read twice is the same, written twice it is unchanged; a second run writes nothing; counts add up', async () => {
    const faults: string[] = []
    const it = await sandboxed(doingTwice(source, faults), sandbox)
    await makeReady(source, it.db, sandbox)
    for (const app of Object.keys(source.workers)) await it.worker({ app })
    const run = async () => {
      const id = await it.startJob(source, source.example as object)
      await it.ended(id, 60_000)
      return await jobs.report(it, id)
    }
    const first = await run()
    expect(first).toMatchObject({ status: 'completed', verified: true })
    expect(first.new).toBeGreaterThan(0)
    expect(first.seen).toBe(first.new + first.updated + first.unchanged + first.known + first.rejected)
    const none = { new: 0, updated: 0, rejected: 0 }
    const [known, unchanged] = READS_AGAIN.has(source.name) ? [0, first.seen] : [first.seen, 0]
    expect(await run()).toMatchObject({ status: 'completed', verified: true, seen: first.seen, known, ...none, unchanged })
    await until(async () => (await it.db.query('select 1 from backhaul.lookups where asked > answered limit 1')).length === 0, {
      timeoutMs: 60_000,
    })
    expect(faults).toEqual([])
    await it.close()
  }, 180_000)

  it('waits for an upstream that says so, and uses no attempt', async () => {
    sandbox.reset()
    const it = await sandboxed(source, sandbox)
    await makeReady(source, it.db, sandbox)
    for (const api of Object.keys(source.apis))
      sandbox.fault({ name: 'status', api, status: 429, headers: { 'retry-after': '2' }, body: '{}', times: 1 })
    for (const app of Object.keys(source.workers)) await it.worker({ app })
    const job = await jobs.startJob(it, source, jobs.parseParams(source, source.example))
    const waiting = await until(
      async () => (await it.db.query<{ attempts: number }>('select attempts from backhaul.tasks where waiting_on is not null'))[0],
    )
    expect(waiting.attempts).toBe(0)
    expect(await it.ended(job.id, 60_000)).toBe('completed')
    expect(sandbox.violations().last).toEqual([])
    await it.close()
  }, 120_000)
})
