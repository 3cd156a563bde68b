import { createHmac } from 'node:crypto'
import type { Log } from '../../backend/base/log'
import { createSealer } from '../../backend/base/seal'
import { type Db, openDb } from '../../backend/database/db'
import { insertEvents } from '../../backend/engine/store'
import { fanOut } from '../../backend/engine/upkeep/fan-out'
import {
  addWebhook,
  changeWebhook,
  getWebhook,
  listDeliveries,
  listWebhooks,
  type NewWebhook,
  removeWebhook,
  retryDelivery,
  testWebhook,
} from '../../backend/service/webhooks/webhooks'
import { MAX_ATTEMPTS, waitAfter } from '../../backend/webhooks/attempt'
import { createDeliverer } from '../../backend/webhooks/deliver'
import { post } from '../../backend/webhooks/post'
import { signature } from '../../backend/webhooks/sign'
import { countingSource } from '../support/counting-source'
import { type TestDatabase, testDatabase } from '../support/env'
import { type Receiver, receiver } from '../support/receiver'
import { quiet } from '../support/suite'
import { until } from '../support/until'

let env: TestDatabase
let db: Db
let sink: Receiver
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { max: 5 })
}, 120_000)
afterAll(async () => {
  await db?.close()
  await env?.close()
})
beforeEach(async () => {
  await db.tx((tx) => tx.query('truncate backhaul.webhooks, backhaul.deliveries, backhaul.events_outbox cascade'))
  sink = await receiver()
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await sink.close()
})

const sealer = createSealer([Buffer.alloc(32, 7)])
const sources = [countingSource({ pages: 1, rowsPerPage: 1, tasks: [] })]
const context = (allowPrivateHosts = true) => ({
  db,
  sources,
  log: quiet,
  config: { allowPrivateHosts, contact: 'tests@example.org', sealer } as never,
})
const add = (it: Partial<NewWebhook> = {}) => addWebhook(context(), { url: sink.url, events: ['*'], ...it })
const happen = (key: string, payload: object = { job: key }) => db.tx((tx) => insertEvents(tx, [{ key, payload: payload as never }]))
/** Starts a deliverer; it ends with the test. */
function deliver(options: { log?: Log; timeoutMs?: number; allowPrivate?: boolean; graceMs?: number } = {}) {
  const deliverer = createDeliverer({ db, log: quiet, allowPrivate: true, userAgent: 'backhaul/test', sealer, ...options })
  deliverer.start()
  closing.push(() => deliverer.stop())
  return deliverer
}
const states = async (): Promise<Record<string, number>> => {
  const rows = await db.query<{ state: string; n: number }>('select state, count(*)::int as n from backhaul.deliveries group by 1')
  return Object.fromEntries(rows.map((row) => [row.state, row.n]))
}
/** As if the waits were over. */
const hurry = () =>
  db.query(`update backhaul.deliveries set due_at = clock_timestamp() where state = 'pending' and due_at > clock_timestamp()`)

describe('which webhook gets which event', () => {
  test('events go to webhooks whose patterns match, that are active and were there before', async () => {
    await happen('job.failed', { job: 'before' })
    const all = await add()
    const failed = await add({ events: ['job.failed'] })
    const jobs = await add({ events: ['job.*', 'job.failed'] })
    const counting = await add({ events: ['counting.*'] })
    const idle = await add()
    await changeWebhook(context(), idle.id, { active: false })
    for (const key of ['job.failed', 'job.completed', 'job.stalled.cleared', 'counting.row', 'jobs.failed']) await happen(key)
    expect(await fanOut(db)).toBe(6)
    expect(await fanOut(db)).toBe(0)
    const keys = async (id: string) => (await listDeliveries(context(), id)).items.map((one) => one.key).sort()
    expect(await keys(all.id)).toEqual(['counting.row', 'job.completed', 'job.failed', 'job.stalled.cleared', 'jobs.failed'])
    expect(await keys(failed.id)).toEqual(['job.failed'])
    expect(await keys(jobs.id)).toEqual(['job.completed', 'job.failed', 'job.stalled.cleared'])
    expect(await keys(counting.id)).toEqual(['counting.row'])
    expect(await keys(idle.id)).toEqual([])
  })

  test('two at once hand on every event once', async () => {
    const { id } = await add()
    for (let n = 0; n < 50; n++) await happen('job.completed', { n })
    const handed = await Promise.all([fanOut(db), fanOut(db), fanOut(db)])
    expect(handed.reduce((sum, n) => sum + n, 0) + (await fanOut(db))).toBe(50)
    expect((await listDeliveries(context(), id, { limit: 200 })).items).toHaveLength(50)
  })
})

describe('delivery', () => {
  test('what arrives: body, headers, and a signature the receiver can verify', async () => {
    const { secret } = await add()
    await happen('job.partial', { job: 'a', reason: 'ü “quoted” \u2028' })
    await fanOut(db)
    deliver()
    const [got] = await until(() => sink.received.length > 0 && sink.received)
    const [row] = await db.query<{ id: string; event_id: bigint }>('select id, event_id from backhaul.deliveries')
    const body = JSON.parse(got?.body ?? '')
    expect(body).toEqual({
      id: row?.event_id.toString(),
      key: 'job.partial',
      at: expect.any(String),
      data: { job: 'a', reason: 'ü “quoted” \u2028' },
    })
    expect(Math.abs(Date.now() - Date.parse(body.at))).toBeLessThan(60_000)
    expect(got?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'backhaul/test',
      'backhaul-delivery': row?.id,
      'backhaul-event': 'job.partial',
    })
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(got?.headers['backhaul-signature'])) ?? []
    expect(createHmac('sha256', secret).update(`${t}.${got?.body}`).digest('hex')).toBe(v1)
    expect(Math.abs(Date.now() / 1000 - Number(t))).toBeLessThan(60)
    await until(async () => (await states()).delivered === 1)
  })

  test('the signature is the one a known key gives', () =>
    // printf '1767225600.{"a":1}' | openssl dgst -sha256 -hmac secret
    expect(signature('secret', '{"a":1}', 1_767_225_600_999)).toBe(
      't=1767225600,v1=96a067a1c95eb143fc00b9097bcfcbcd5456adda508c443ff219748e764dbed7',
    ))

  test('a receiver that is unreachable for a while gets every event at least once, each with a stable id', async () => {
    const { id } = await add()
    const { port } = sink
    await sink.close()
    deliver()
    for (let n = 0; n < 20; n++) await happen('job.completed', { n })
    await fanOut(db)
    await until(async () => (await db.query('select 1 from backhaul.deliveries where attempts = 0')).length === 0, {
      what: 'a try of each',
    })
    const ids = new Map((await listDeliveries(context(), id, { limit: 200 })).items.map((one) => [one.id, one.payload]))
    sink = await receiver(port)
    // It comes back half well: each delivery is refused once more before it is taken.
    const refused = new Set<unknown>()
    sink.answers(({ headers }) => {
      const isNew = !refused.has(headers['backhaul-delivery'])
      refused.add(headers['backhaul-delivery'])
      return isNew ? 503 : 200
    })
    await until(async () => {
      await hurry()
      return (await states()).delivered === 20
    })
    const got = new Map(sink.received.map((one) => [one.headers['backhaul-delivery'], JSON.parse(one.body)]))
    expect(got).toEqual(ids)
    expect(sink.received.length).toBeGreaterThanOrEqual(40)
    expect((await states()).pending).toBeUndefined()
  })

  test('two deliverers side by side send each event once', async () => {
    await add()
    for (let n = 0; n < 60; n++) await happen('job.completed', { n })
    await fanOut(db)
    deliver()
    deliver()
    await until(async () => (await states()).delivered === 60)
    expect(new Set(sink.received.map((one) => one.headers['backhaul-delivery'])).size).toBe(60)
    expect(sink.received).toHaveLength(60)
  })

  test('a receiver that hangs holds up nobody else', async () => {
    const other = await receiver()
    closing.push(() => other.close())
    sink.answers('hang')
    for (let n = 0; n < 20; n++) await add()
    await add({ url: other.url })
    for (let n = 0; n < 10; n++) await happen('job.completed', { n })
    await fanOut(db)
    deliver({ graceMs: 0 })
    await until(() => other.received.length === 10, { what: 'the events of the one that answers' })
    expect((await states()).delivered).toBeLessThanOrEqual(10)
  })

  test('one that does not answer in time is retried, and a stop releases what is in progress', async () => {
    const { id } = await add()
    sink.answers('hang')
    await happen('job.completed')
    await fanOut(db)
    const first = deliver({ timeoutMs: 200 })
    await until(async () => (await getWebhook(context(), id)).lastDelivery?.error === 'no answer within 0.2 s')
    await first.stop()
    expect((await getWebhook(context(), id)).lastDelivery).toMatchObject({ state: 'pending', attempts: 1, status: null })
    const second = deliver({ graceMs: 0 })
    await hurry()
    await until(() => sink.received.length === 2)
    await second.stop()
    expect((await getWebhook(context(), id)).lastDelivery).toMatchObject({ state: 'pending', attempts: 1 })
    const [row] = await db.query<{ due: boolean }>('select due_at <= clock_timestamp() as due from backhaul.deliveries')
    expect(row?.due).toBe(true)
  })

  test('a deliverer that dies leaves its claim to the clock', async () => {
    const { id } = await add()
    await happen('job.completed')
    await fanOut(db)
    await db.query(`update backhaul.deliveries set attempts = 1, due_at = clock_timestamp() + interval '1 second'`)
    deliver()
    await until(() => sink.received.length === 1)
    await until(async () => (await getWebhook(context(), id)).lastDelivery?.state === 'delivered')
    expect((await getWebhook(context(), id)).lastDelivery).toMatchObject({ attempts: 2, status: 204, error: null, nextAt: null })
  })

  test('after its last try it has failed and can be sent again', async () => {
    const { id } = await add()
    sink.answers({ status: 500, text: 'out of\u0000 order\n\n'.repeat(2000) })
    await happen('job.completed')
    await fanOut(db)
    await db.query(`update backhaul.deliveries set attempts = ${MAX_ATTEMPTS - 1}`)
    deliver()
    const given = await until(async () => {
      const { lastDelivery } = await getWebhook(context(), id)
      return lastDelivery?.state === 'failed' && lastDelivery
    })
    expect(given).toMatchObject({
      attempts: MAX_ATTEMPTS,
      status: 500,
      error: expect.stringMatching(/^answered 500: out of order out of .{100,200}$/),
    })
    sink.answers(200)
    expect(await retryDelivery(context(), id, given.id)).toMatchObject({ id: given.id, state: 'pending', attempts: 0 })
    await until(async () => (await states()).delivered === 1)
  })

  test('a redirect is not followed', async () => {
    const other = await receiver()
    closing.push(() => other.close())
    const { id } = await add()
    sink.answers({ status: 307, headers: { location: other.url } })
    await happen('job.completed')
    await fanOut(db)
    deliver()
    await until(async () => (await getWebhook(context(), id)).lastDelivery?.error)
    expect((await getWebhook(context(), id)).lastDelivery).toMatchObject({
      status: 307,
      state: 'pending',
      error: expect.stringContaining('not followed'),
    })
    expect(other.received).toEqual([])
  })

  test('410 Gone makes the webhook inactive and keeps what waits for it', async () => {
    const { id } = await add()
    sink.answers(410)
    for (let n = 0; n < 30; n++) await happen('job.completed', { n })
    await fanOut(db)
    deliver()
    await until(async () => !(await getWebhook(context(), id)).active)
    await expect(retryDelivery(context(), id, (await listDeliveries(context(), id)).items[0]?.id as string)).rejects.toMatchObject({
      code: 'state',
    })
    const { failed = 0, pending = 0 } = await until(async () => {
      const now = await states()
      return (now.failed ?? 0) === sink.received.length && now
    })
    expect([failed + pending, pending]).toEqual([30, 30 - sink.received.length])
    sink.answers(200)
    await changeWebhook(context(), id, { active: true })
    await until(async () => (await states()).delivered === pending)
  })

  test('a private address is refused when it is sent to as well', async () => {
    const { id } = await add()
    await happen('job.completed')
    await fanOut(db)
    deliver({ allowPrivate: false })
    const { error } = await until(async () => {
      const { lastDelivery } = await getWebhook(context(), id)
      return lastDelivery?.error ? lastDelivery : undefined
    })
    expect(error).toMatch(/is not https/)
    expect(await post('https://127.0.0.1:1/', '{}', {}, { allowPrivate: false })).toMatchObject({
      error: expect.stringMatching(/not a public address/),
    })
    expect(await post('https://localtest.invalid/', '{}', {}, { allowPrivate: false, timeoutMs: 5_000 })).toMatchObject({
      status: null,
      error: expect.any(String),
    })
    expect(sink.received).toEqual([])
  })

  test('waits triple from ten seconds to an hour, twelve hours in all', () => {
    const waits = Array.from({ length: MAX_ATTEMPTS - 1 }, (_, n) => waitAfter(n + 1, () => 0.5) / 1000)
    expect(waits.slice(0, 7)).toEqual([10, 30, 90, 270, 810, 2430, 3600])
    expect(waits.reduce((sum, wait) => sum + wait, 0) / 3600).toBeCloseTo(12, 0)
    expect([waitAfter(1, () => 0), waitAfter(1, () => 1)].map(Math.round)).toEqual([8_000, 12_000])
  })
})

describe('as people make and change them', () => {
  test('the secret is shown once', async () => {
    const { secret, ...made } = await add({ events: ['job.*', 'job.*'] })
    expect(secret).toMatch(/^[0-9a-f]{64}$/)
    expect(made).toMatchObject({ url: sink.url, events: ['job.*'], active: true, lastDelivery: null })
    expect(await listWebhooks(context())).toEqual([made])
    expect(JSON.stringify(await changeWebhook(context(), made.id, { events: ['alert.*'] }))).not.toContain(secret)
    await removeWebhook(context(), made.id)
    await expect(getWebhook(context(), made.id)).rejects.toMatchObject({ code: 'missing' })
    await expect(getWebhook(context(), 'nonsense')).rejects.toMatchObject({ code: 'missing' })
  })

  test.each([
    'http://example.org/hook',
    'https://127.0.0.1/hook',
    'https://[::1]/hook',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://2130706433/',
    'https://localhost/hook',
    'https://db.internal/hook',
    'https://user:pass@example.org/',
    'ftp://example.org/',
    'example.org/hook',
    '',
  ])('%s is refused as address', (url) =>
    expect(addWebhook(context(false), { url, events: ['*'] })).rejects.toMatchObject({
      code: 'input',
      field: 'url',
      message: expect.stringMatching(/^url: /),
    }),
  )

  test.each([
    [[]],
    [['']],
    [['jobs.*']],
    [['job.complete']],
    [['job.fail*']],
    [['*.failed']],
    [['alert.fire']],
    [['telepathy.row']],
    [['job.failed', 7 as never]],
  ])('events %j are refused', (events) => expect(add({ events })).rejects.toMatchObject({ code: 'input', field: 'events' }))
  test.each([[['*']], [['job.failed', 'alert.*']], [['job.stalled.*']], [['counting.row-added']], [['alert.breaker_tripped.cleared']]])(
    'events %j are taken',
    async (events) => expect(await add({ events })).toMatchObject({ events }),
  )

  test('the test button sends a signed test event now and shows the outcome', async () => {
    const { id, secret } = await add({ events: ['job.failed'] })
    await changeWebhook(context(), id, { active: false })
    expect(await testWebhook(context(), id)).toMatchObject({ key: 'test', state: 'delivered', status: 204, error: null, attempts: 1 })
    const [got] = sink.received
    expect(got?.headers).toMatchObject({ 'backhaul-event': 'test', 'user-agent': expect.stringMatching(/^backhaul\/.*tests@example.org/) })
    const t = /t=(\d+)/.exec(String(got?.headers['backhaul-signature']))?.[1]
    expect(got?.headers['backhaul-signature']).toBe(`t=${t},v1=${createHmac('sha256', secret).update(`${t}.${got?.body}`).digest('hex')}`)
    sink.answers(401)
    expect(await testWebhook(context(), id)).toMatchObject({ state: 'failed', status: 401, error: 'answered 401', nextAt: null })
  })

  test('deliveries come in pages, newest first, by state', async () => {
    const { id } = await add()
    for (let n = 0; n < 7; n++) await happen('job.completed', { n })
    await fanOut(db)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await listDeliveries(context(), id, { limit: 3, cursor })
      seen.push(...page.items.map((one) => one.id))
      cursor = page.next ?? undefined
    } while (cursor)
    expect(new Set(seen).size).toBe(7)
    const other = await add()
    const { next } = await listDeliveries(context(), id, { limit: 3 })
    await expect(listDeliveries(context(), other.id, { cursor: next as string })).rejects.toMatchObject({ code: 'input', field: 'cursor' })
    await expect(listDeliveries(context(), id, { cursor: next as string, state: 'failed' })).rejects.toMatchObject({ field: 'cursor' })
    expect(await listDeliveries(context(), id, { state: 'delivered' })).toEqual({ items: [], next: null })
    await expect(listDeliveries(context(), id, { state: 'lost' as never })).rejects.toMatchObject({ field: 'state' })
  })
})
