import { type Db, openDb } from '../../backend/database/db'
import { READ_ONLY } from '../../backend/database/faults'
import { isUnreachable } from '../../backend/database/passing'
import { placeOf } from '../../backend/database/url'
import { type TestDatabase, testDatabase } from '../support/env'
import { startPgbouncer, withPgbouncer } from '../support/pgbouncer'
import { tcpProxy } from '../support/proxy'

let env: TestDatabase
const dbs: Db[] = []
const open = (url: string): Db => {
  const db = openDb(url, { max: 1 })
  dbs.push(db)
  return db
}

beforeAll(async () => {
  env = await testDatabase()
}, 120_000)
afterAll(async () => {
  await Promise.all(dbs.map((db) => db.close()))
  await env.close()
})

/** The same database through a proxy on this port. */
function through(port: number): string {
  const url = new URL(env.databaseUrl)
  url.port = String(port)
  return url.href
}

const moment = new Date('2024-01-02T03:04:05.678Z')
const schedule = { name: 'nightly', cron: '@daily', source: 'eve', params: { characterId: [1, '2', null] }, tickAt: moment, dueAt: moment }
const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )

test('values come back as they were written: moments, bigints, JSON, arrays', async () => {
  const { prisma, query } = open(env.databaseUrl)
  expect(await prisma.schedule.create({ data: schedule })).toMatchObject(schedule)
  const id = 2n ** 62n + 1n
  await prisma.action.create({ data: { id, who: 'local', address: '', entryPoint: 'cli', verb: 'job.pause', outcome: 'done' } })
  expect(await prisma.action.findMany({ where: { id: { lt: id + 1n } } })).toMatchObject([{ id, detail: {} }])
  expect(await query(`select params, tick_at as "tickAt" from backhaul.schedules`)).toEqual([{ params: schedule.params, tickAt: moment }])
})

test('the secret of a webhook is read only where it is asked for', async () => {
  const { prisma } = open(env.databaseUrl)
  const made = await prisma.webhook.create({ data: { url: 'https://example.com/', events: ['job.*', '*'], secret: 'hidden' } })
  expect(made).toMatchObject({ events: ['job.*', '*'], active: true })
  expect(JSON.stringify([made, await prisma.webhook.findMany()])).not.toContain('hidden')
  expect(await prisma.webhook.findUnique({ where: { id: made.id }, select: { secret: true } })).toEqual({ secret: 'hidden' })
})

test("errors are the driver's: a duplicate, a value that does not fit", async () => {
  const { prisma } = open(env.databaseUrl)
  await prisma.schedule.create({ data: { ...schedule, name: 'twice' } })
  expect(await failureOf(prisma.schedule.create({ data: { ...schedule, name: 'twice' } }))).toMatchObject({ code: '23505' })
  expect(await failureOf(prisma.webhook.findMany({ where: { url: 'a\0b' } }))).toMatchObject({ code: '22021' })
})

test('a lost connection and a server that refuses are unreachable; the next statement has another connection', async () => {
  const at = Number(placeOf(env.databaseUrl).split(':')[1])
  const proxy = await tcpProxy(at)
  const { prisma } = open(through(proxy.port))
  expect(await prisma.alert.findMany()).toEqual([])
  proxy.pause()
  const asked = failureOf(prisma.alert.findMany())
  proxy.cut()
  expect(isUnreachable(await asked)).toBe(true)
  proxy.resume()
  expect(await prisma.alert.findMany()).toEqual([])
  await proxy.close()
  expect(isUnreachable(await failureOf(prisma.alert.findMany()))).toBe(true)
  const again = await tcpProxy(at, undefined, proxy.port)
  expect(await prisma.alert.findMany()).toEqual([])
  await again.close()
})

test('a write that a read-only database refuses is told as such, and its connection is used no more', async () => {
  const db = open(env.databaseUrl)
  const [before] = await db.query<{ pid: number }>(
    `select pg_backend_pid() as pid, set_config('default_transaction_read_only', 'on', false)`,
  )
  const error = await failureOf(db.prisma.alert.create({ data: { kind: 'job_stalled', subject: 'x', message: 'y' } }))
  expect(error).toMatchObject({ code: READ_ONLY })
  expect(isUnreachable(error)).toBe(true)
  const [after] = await db.query<{ pid: number }>('select pg_backend_pid() as pid')
  expect(after?.pid).not.toBe(before?.pid)
})

withPgbouncer('behind PgBouncer in transaction mode', () => {
  test('its statements run with our settings, whatever the database has for defaults', async () => {
    const pooler = await startPgbouncer(env.databaseUrl)
    await open(env.databaseUrl).query(`alter database ${new URL(env.databaseUrl).pathname.slice(1)} set TimeZone = 'Asia/Kathmandu'`)
    const { prisma } = open(pooler.url(env.databaseUrl))
    const made = await prisma.schedule.create({ data: { ...schedule, name: 'pooled' } })
    expect(made.tickAt).toEqual(moment)
    expect(await prisma.schedule.findUnique({ where: { name: 'pooled' } })).toEqual(made)
    const [kept] = await open(env.databaseUrl).query<{ at: Date }>(`select tick_at as at from backhaul.schedules where name = 'pooled'`)
    expect(kept?.at).toEqual(moment)
    await pooler.close()
  })
})
