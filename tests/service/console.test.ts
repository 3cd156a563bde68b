import { keepRetention } from '../../backend/engine/upkeep/retention'
import { startSchedules } from '../../backend/engine/upkeep/schedules'
import { MAX_TICKS } from '../../backend/engine/upkeep/tick-history'
import { sources as all } from '../../backend/sources'
import { withoutAddress } from '../../backend/webhooks/post'
import { bury } from '../../queues/dead'
import { groupOf } from '../../queues/dead-groups'
import { type Served, serve } from '../support/api'
import { countingSource, countingTask } from '../support/counting-source'
import { type TestEnv, testEnv } from '../support/env'
import { graphqlClient } from '../support/graphql-client'
import { receiver } from '../support/receiver'
import { quiet } from '../support/suite'
import { until } from '../support/until'

/* What the console shows of schedules, dead letters, webhooks and actions, over REST and GraphQL. */

const TOKENS = { ADMIN_TOKEN: 'admin-token-of-this-test', READ_TOKEN: 'reader-token-of-this-test' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const counting = countingSource({ pages: 1, rowsPerPage: 1, tasks: [countingTask('one')] })
const sources = [...all.filter(({ name }) => name === 'eve'), { ...counting, requests: {} }]
let env: TestEnv
let served: Served

beforeAll(async () => {
  env = await testEnv()
  served = await serve(env, sources, { ...TOKENS, ALLOW_PRIVATE_HOSTS: 'true' })
}, 120_000)
afterAll(async () => {
  await served?.close()
  await env?.close()
})

const get = async (path: string, token = TOKENS.READ_TOKEN) => (await served.ask('GET', path, undefined, bearer(token))).body
const post = (path: string, body: unknown = {}, token = TOKENS.ADMIN_TOKEN) => served.ask('POST', path, body, bearer(token))
const reader = () => graphqlClient(served.url, TOKENS.READ_TOKEN)

describe('the history of a schedule', () => {
  const at = (text: string) => new Date(text)
  const due = (id: string, tick: string) =>
    served.service.db.query('update backhaul.schedules set tick_at = $2, due_at = $2 where id = $1', [id, at(tick)])
  const tick = (id: string, when: string, now = when) => due(id, when).then(() => startSchedules(served.service, at(now)))
  const history = async (id: string) =>
    (await get(`/api/schedules/${id}/ticks`)).items as { outcome: string; job: string; reason: string | null }[]

  test('says of each tick what it started, joined, left out or was refused, and links the job', async () => {
    const { body } = await post('/api/schedules', { name: 'hourly', cron: '0 * * * *', source: 'counting', params: { name: 'h' } })
    await tick(body.id, '2030-01-01T05:00:00Z')
    await tick(body.id, '2030-01-01T06:00:00Z')
    await tick(body.id, '2030-01-01T07:00:00Z', '2030-01-01T09:30:00Z')
    await served.service.db.query(`update backhaul.schedules set params = '{}' where id = $1`, [body.id])
    await tick(body.id, '2030-01-01T10:00:00Z')
    await served.service.db.query(`update backhaul.schedules set params = '{"name":"h"}' where id = $1`, [body.id])
    await post(`/api/schedules/${body.id}/pause`)
    await due(body.id, '2020-01-01T05:00:00Z')
    await post(`/api/schedules/${body.id}/resume`)
    await post(`/api/schedules/${body.id}/run`)
    const found = await history(body.id)
    expect(found).toMatchObject([
      { outcome: 'joined', tickAt: null, jobStatus: 'queued' },
      { outcome: 'skipped', tickAt: '2020-01-01T05:00:00.000Z', job: null, reason: expect.stringContaining('paused') },
      { outcome: 'refused', job: null, reason: expect.stringContaining('name') },
      { outcome: 'skipped', tickAt: '2030-01-01T07:00:00.000Z', reason: expect.stringContaining('No scheduler was running') },
      { outcome: 'joined', job: expect.any(String), reason: 'The same backfill was active already' },
      { outcome: 'started', job: expect.any(String), reason: null, tickAt: '2030-01-01T05:00:00.000Z' },
    ])
    expect(found[4]?.job).toBe(found[5]?.job)
    const { next } = await get(`/api/schedules/${body.id}/ticks?limit=4`)
    expect((await get(`/api/schedules/${body.id}/ticks?limit=4&cursor=${next}`)).items).toEqual(found.slice(4))
    const { schedules } = await reader().data(
      '{ schedules { name ticks(first: 1) { nodes { outcome job tickAt } pageInfo { hasNextPage } } } }',
    )
    expect(schedules).toEqual([
      { name: 'hourly', ticks: { nodes: [{ outcome: 'joined', job: found[0]?.job, tickAt: null }], pageInfo: { hasNextPage: true } } },
    ])
  })

  test('is bounded in number and age, and goes with its schedule', async () => {
    const { body } = await post('/api/schedules', { name: 'busy', cron: '* * * * * *', source: 'counting', params: { name: 'b' } })
    await served.service.db.query(
      `insert into backhaul.schedule_ticks (schedule_id, outcome, at) select $1, 'skipped', now() - case when n <= 5 then interval '60 days' else interval '0' end
         from generate_series(1, $2) n`,
      [body.id, MAX_TICKS + 20],
    )
    const retention = keepRetention({ db: served.service.db, log: quiet, retentionMs: 30 * 86_400_000 })
    await until(async () => (await retention.tick()) === 'idle')
    const count = async () =>
      (
        await served.service.db.query<{ n: number }>('select count(*)::int as n from backhaul.schedule_ticks where schedule_id = $1', [
          body.id,
        ])
      )[0]?.n
    expect(await count()).toBe(MAX_TICKS)
    await served.ask('DELETE', `/api/schedules/${body.id}`, undefined, bearer(TOKENS.ADMIN_TOKEN))
    expect(await count()).toBe(0)
  })
})

describe('dead letters', () => {
  const QUEUE = 'zkillboard_backfill_queue'
  const dead = (body: string, reason: string, messageId?: string) =>
    bury(served.service.broker, { queue: QUEUE, body: Buffer.from(body), messageId }, reason)
  const inQueue = async (queue: string) => (await served.service.depths?.read())?.get(queue as never)?.ready
  const letters = async (query = '') => (await get(`/api/dead-letters${query}`)).items as { id: string; reason: string; body: string }[]
  beforeEach(async () => {
    await post('/api/dead-letters/drop', { all: true })
  })

  test('are counted by reason, whatever each of them quotes, and a group is taken as a whole', async () => {
    for (const n of [1, 2, 3]) await dead(`{"characterId":"x${n}"}`, `characterId must be a whole number, got x${n}`)
    await dead('{', 'The message is not JSON.')
    const groups = await until(async () => {
      const found = await get('/api/dead-letters/groups')
      return found.read === 4 && found
    })
    expect(groups).toMatchObject({
      items: [
        { queue: QUEUE, group: 'characterId must be a whole number, got …', count: 3, reason: expect.stringMatching(/got x\d$/) },
        { group: 'The message is not JSON.', count: 1 },
      ],
      complete: true,
      others: 0,
    })
    const { deadLetterGroups } = await reader().data('{ deadLetterGroups { items { group count } } }')
    expect(deadLetterGroups.items).toEqual(groups.items.map(({ group, count }: { group: string; count: number }) => ({ group, count })))
    const [{ group }] = groups.items
    expect(await letters(`?group=${encodeURIComponent(group)}&limit=2`)).toHaveLength(2)
    const file = (
      await served.ask(
        'GET',
        `/api/dead-letters/export?format=json&group=${encodeURIComponent(group)}`,
        undefined,
        bearer(TOKENS.READ_TOKEN),
      )
    ).body
    expect(file.map((row: { body: string }) => row.body).sort()).toEqual([1, 2, 3].map((n) => `{"characterId":"x${n}"}`))
    expect((await post('/api/dead-letters/drop', { all: true, queue: QUEUE, group })).body).toEqual({ taken: 3 })
    expect((await letters()).map(({ reason }) => reason)).toEqual(['The message is not JSON.'])
    expect((await get('/api/dead-letters/groups')).items).toMatchObject([{ count: 1 }])
  })

  test('a corrected message is checked as a worker would, and replaces the letter once it is confirmed', async () => {
    await dead('{"characterId":"abc"}', 'characterId must be a whole number, got abc', 'order-1')
    const [letter] = await until(async () => {
      const found = await letters()
      return found.length === 1 && found
    })
    const send = (body: string, token?: string) => post(`/api/dead-letters/${letter?.id}/correct`, { body }, token)
    const before = (await inQueue(QUEUE)) ?? 0
    for (const [body, why] of [
      ['{"characterId":"abd"}', 'characterId must be a whole number, got abd'],
      ['{"characterId":', 'The message is not JSON'],
      ['{"taskId":"1"}', 'only wakes a task'],
      ['{"ids":[1]}', 'send it to a lookup queue'],
    ] as const)
      expect(await send(body)).toMatchObject({ status: 400, body: { detail: expect.stringContaining(why), errors: [{ field: 'body' }] } })
    expect((await send('{"characterId":1}', TOKENS.READ_TOKEN)).status).toBe(403)
    expect(await letters()).toHaveLength(1)
    expect(await send('{"characterId":2117325769}')).toMatchObject({ status: 200, body: { messageId: 'order-1' } })
    expect(await letters()).toEqual([])
    await until(async () => (await inQueue(QUEUE)) === before + 1)
    expect((await send('{"characterId":2117325769}')).status).toBe(404)
    const { actions } = await reader().data('{ actions(first: 1) { nodes { verb outcome } } }')
    expect(actions.nodes).toMatchObject([{ verb: 'dead-letter.correct', outcome: expect.stringContaining('No dead letter') }])
  })

  test('the group of a reason leaves out what differs', () => {
    expect(groupOf('Line 17: "a \\"b\\"" is unknown, at 2024-01-31T10:00:00Z')).toBe('Line # "…" is unknown, at #T#Z')
    expect(groupOf(groupOf('x must be a date, got "7"'))).toBe(groupOf('x must be a date, got 9'))
  })
})

describe('webhooks', () => {
  test('one whose tries fail says since when, how often, why and when it is tried next; a success ends it', async () => {
    const sink = await receiver()
    const { body: hook } = await post('/api/webhooks', { url: `${new URL(sink.url).origin}/services/T0000/secret-key-1`, events: ['*'] })
    expect((await get(`/api/webhooks/${hook.id}`)).failing).toBeNull()
    sink.answers(({ path }) => ({ status: 404, text: `Cannot POST ${path}` }))
    await post(`/api/webhooks/${hook.id}/test`)
    await post(`/api/webhooks/${hook.id}/test`)
    await served.service.db.query(
      `insert into backhaul.deliveries (webhook_id, key, payload, due_at) values ($1, 'job.failed', '{}', now() + interval '1 hour')`,
      [hook.id],
    )
    const { failing, lastDelivery, url } = await get(`/api/webhooks/${hook.id}`)
    expect(failing).toMatchObject({
      failures: 2,
      error: 'answered 404: Cannot POST …',
      since: expect.any(String),
      nextAt: expect.any(String),
    })
    expect(JSON.stringify([failing, lastDelivery, url])).not.toContain('secret-key')
    const { webhooks } = await reader().data('{ webhooks { url failing { since failures error nextAt } } }')
    expect(webhooks).toEqual([{ url: `${new URL(sink.url).origin}/…`, failing }])
    for (const path of ['webhooks/export', `webhooks/${hook.id}/deliveries`, `webhooks/${hook.id}/deliveries/export`, 'actions'])
      expect(JSON.stringify(await get(`/api/${path}`))).not.toContain('secret-key')
    sink.answers(204)
    await post(`/api/webhooks/${hook.id}/test`)
    expect((await get(`/api/webhooks/${hook.id}`)).failing).toBeNull()
    await sink.close()
  })

  test.each([
    ['https://hooks.slack.com/services/T00/B00/XXXXXXXX', 'no_service /services/T00/B00/XXXXXXXX', 'no_service …'],
    ['https://discord.com/api/webhooks/123456789/tok_en', 'answered 401: Unknown webhook 123456789', 'answered 401: Unknown webhook …'],
    ['https://e.org/in?token=abc%20def', 'answered 403: bad token abc def', 'answered 403: bad token …'],
    ['https://e.org/in', 'answered 500: in a moment', 'answered 500: in a moment'],
    ['https://e.org/', 'answered 500: a/b', 'answered 500: a/b'],
  ])('%s is not repeated in an error', (url, error, shown) => expect(withoutAddress(url, error)).toBe(shown))
})

test('the log of actions names what each was about, as long as it exists', async () => {
  const { body: job } = await post('/api/jobs', { source: 'counting', params: { name: 'named in the log' } })
  const { body: schedule } = await post('/api/schedules', { name: 'logged', cron: '@daily', source: 'counting', params: { name: 'l' } })
  await post(`/api/schedules/${schedule.id}/pause`)
  await post('/api/jobs/bulk', { verb: 'pause', ids: [job.id] })
  const { items } = await get('/api/actions?limit=4')
  expect(items).toMatchObject([
    { verb: 'job.pause', label: 'named in the log' },
    { verb: 'schedule.pause', label: 'logged' },
    { verb: 'schedule.add', target: 'logged', label: null },
    { verb: 'job.start', target: job.id, label: 'named in the log' },
  ])
  const { actions } = await reader().data('{ actions(first: 1) { nodes { label } } }')
  expect(actions.nodes).toEqual([{ label: 'named in the log' }])
})
