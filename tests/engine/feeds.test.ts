import { z } from 'zod'
import { Refused } from '../../backend/base/errors'
import { defineFeed, type Source } from '../../backend/contract'
import { listDead } from '../../queues/dead'
import { countingSource } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* Messages that are data and no requests: written in batches, acknowledged after the commit. */

const QUEUE = 'tf2_listing_events_queue'
const item = z.object({ n: z.number() })
/** What the database is told to refuse, in the write. */
const POISON = 13

const feed = defineFeed<{ n: number }>({
  about: 'numbers, for tests',
  queue: QUEUE,
  batch: 10,
  lingerMs: 20,
  maxBytes: 2000,
  read(body) {
    if (!Array.isArray(body)) throw new Refused('input', 'The message is no list of numbers.')
    const parsed = body.map((one) => item.safeParse(one))
    return {
      items: parsed.flatMap((one) => (one.success ? [one.data] : [])),
      rejected: parsed.flatMap((one, place) => (one.success ? [] : [{ key: `#${place}`, reason: 'schema', raw: body[place] }])),
    }
  },
  async write(tx, items) {
    if (items.some(({ n }) => n === POISON)) throw new Error('the write of 13 fails')
    const rows = await tx.query(`insert into fed (n) select n from unnest($1::int[]) n order by n on conflict do nothing returning n`, [
      items.map(({ n }) => n),
    ])
    return { new: rows.length, updated: 0, unchanged: items.length - rows.length, events: [{ key: 'fed.batch', payload: items.length }] }
  },
})
const source: Source = {
  ...countingSource({ pages: 1, rowsPerPage: 1, tasks: [] }),
  feeds: { numbers: feed },
  workers: { 'worker-numbers': { queues: [QUEUE], concurrency: 1 } },
}

let it_: Suite
beforeAll(async () => {
  it_ = await suite([source])
  await it_.db.query('create table fed (n int primary key)')
  await it_.worker()
}, 60_000)
afterAll(() => it_?.close())
beforeEach(() => it_.db.tx((tx) => tx.query('truncate fed, backhaul.rejects, backhaul.events_outbox')))

const send = async (...bodies: (Buffer | unknown)[]) => {
  const sent = await it_.broker.publish(
    bodies.map((body) => ({ queue: QUEUE, body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)) })),
  )
  expect(new Set(sent)).toEqual(new Set(['confirmed']))
}
const fed = async () => (await it_.db.query<{ n: number }>('select n from fed order by n')).map(({ n }) => n)
const held = (count: number) => until(async () => (await fed()).length === count, { what: `${count} rows` })
const dead = async () => (await listDead(it_.rabbitmqUrl, QUEUE)).map((letter) => letter.reason)

test('many messages are few transactions, and every item is written', async () => {
  await send(...Array.from({ length: 95 }, (_, n) => [{ n: 100 + n }]))
  await held(95)
  const [row] = await it_.db.query<{ n: number }>(`select count(*)::int as n from backhaul.events_outbox where key = 'fed.batch'`)
  expect(row?.n).toBeLessThanOrEqual(20)
})

test('a bad item is a reject without a job; the others of its message are written', async () => {
  await send([{ n: 1 }, { n: 'two' }, { n: 3 }])
  await held(2)
  expect(await it_.db.query('select job_id, source, stream, key, reason from backhaul.rejects')).toEqual([
    { job_id: null, source: 'counting', stream: 'numbers', key: '#1', reason: 'schema' },
  ])
})

test('a message that is none, too long or cannot be written is a dead letter; those of its batch are written', async () => {
  await send([{ n: 1 }], { n: 2 }, Buffer.from('{'), Buffer.from(`["${'x'.repeat(2000)}"]`), [{ n: POISON }], [{ n: 4 }])
  await held(2)
  await until(async () => (await dead()).length === 4, { what: 'four dead letters' })
  expect((await dead()).sort()).toEqual([
    expect.stringContaining('Internal error; replay after the fix: the write of 13 fails'),
    expect.stringContaining('The message has 2004 bytes; the limit is 2000.'),
    'The message is no list of numbers.',
    expect.stringContaining('The message is not JSON'),
  ])
  expect(await fed()).toEqual([1, 4])
})

test('what is in hand when the worker stops is written, and comes once', async () => {
  const other = await it_.worker({ app: 'worker-numbers' })
  await send(...Array.from({ length: 300 }, (_, n) => [{ n: 1000 + n }]))
  await other.stop()
  await held(300)
})
