import { z } from 'zod'
import { Held, RetryLater } from '../../backend/base/errors'
import type { Id } from '../../backend/base/json'
import type { Answers, Lookup, Source } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import { ask } from '../../backend/engine/lookups/store'
import { releaseHeld } from '../../backend/engine/store'
import { holds } from '../../backend/engine/upkeep/alert-checks'
import { listDead } from '../../queues/dead'
import { countingSource } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * However many pages ask for an id, it is looked up once while its answer is fresh; a question asked meanwhile stays open.
 */

const reads: Id[][] = []
let onRead: (ids: readonly Id[]) => Promise<Answers<Id>>
const lookup: Lookup<Id> = {
  queue: 'esi_character_info_queue',
  id: z.string().regex(/^[\w:-]+$/, 'must be a word'),
  batch: 100,
  freshMs: 60_000,
  read: (ids) => {
    reads.push([...ids])
    return onRead(ids)
  },
  async write(tx, answers) {
    await tx.query('insert into named (id) select unnest($1::text[]) on conflict do nothing', [answers.found])
  },
}
const base = countingSource({ pages: 1, rowsPerPage: 1, tasks: [] })
const source: Source = {
  ...base,
  lookups: { thing: lookup },
  workers: { 'worker-thing': { queues: ['esi_character_info_queue'], concurrency: 2 } },
}
let it_: Suite
let db: Db

const ids = (from: number, to: number): Id[] => Array.from({ length: to - from }, (_, place) => String(from + place))
const askFor = (wanted: Id[], force = false) => db.tx((tx) => ask(tx, { thing: wanted }, { priority: 2, force }))
const open = async () => (await db.query<{ n: number }>('select count(*)::int as n from backhaul.lookups where asked > answered'))[0]?.n
const settled = () => until(async () => (await open()) === 0, { timeoutMs: 20_000, what: 'all answers' })

beforeAll(async () => {
  it_ = await suite([source])
  db = it_.db
  await db.query('create table named (id text primary key)')
  await it_.worker()
})
afterAll(() => it_.close())
beforeEach(() => {
  reads.length = 0
  onRead = async (wanted) => ({ found: [...wanted], answered: [...wanted], missing: [] })
})

it('asks in full bulks while ids come in, and the rest once it is quiet', async () => {
  await Promise.all([askFor(ids(0, 150)), askFor(ids(100, 230)), askFor(ids(0, 230))])
  await settled()
  expect(reads.map((one) => one.length).sort((a, b) => b - a)).toEqual([100, 100, 30])
})

it('does not ask again what is fresh, unless forced', async () => {
  await askFor(ids(0, 50))
  expect(await open()).toBe(0)
  await askFor(['7'], true)
  await settled()
  expect(reads).toEqual([['7']])
})

it('leaves a question open that is asked while the answer is on its way', async () => {
  let again = true
  onRead = async (wanted) => {
    if (again) await askFor([...wanted], true)
    again = false
    return { found: [...wanted], answered: [...wanted], missing: [] }
  }
  await askFor(['1000'])
  await settled()
  expect(reads).toEqual([['1000'], ['1000']])
})

it('holds the ids of a read that needs a person, without a try, until the key is released', async () => {
  let isHeld = true
  let during = async (): Promise<unknown> => undefined
  const reason = 'account toy 1 must be connected again'
  onRead = async (wanted) => {
    if (isHeld) {
      await during()
      throw new Held('credential/toy/1', reason)
    }
    return { found: [...wanted], answered: [...wanted], missing: [] }
  }
  const release = () => db.tx((tx) => releaseHeld(tx, 'credential/toy/1'))
  await askFor(['h1', 'h2'])
  await until(async () => (await holds(db)).length === 1, { what: 'the ids are held' })
  expect(await db.query(`select held_by, attempts, error from backhaul.lookups where id in ('h1', 'h2')`)).toEqual(
    ids(0, 2).map(() => ({ held_by: 'credential/toy/1', attempts: 0, error: reason })),
  )
  isHeld = false
  expect(await release()).toBe(2)
  await settled()
  expect(await holds(db)).toEqual([])
  // A release during the read is not lost.
  isHeld = true
  during = async () => {
    isHeld = false
    await release()
  }
  await askFor(['h3'])
  await settled()
  expect(reads.filter((one) => one.includes('h3'))).toHaveLength(2)
})

it('believes a source that denies an id when it does so twice, and forgets a denial once there is an answer', async () => {
  const reasonOf = async (id: string) =>
    (
      await db.query<{ error: string | null; open: boolean }>(
        'select error, asked > answered as open from backhaul.lookups where id = $1',
        [id],
      )
    )[0]
  onRead = async (wanted) => {
    const isFirst = reads.filter((one) => one.includes('5000')).length === 1
    const denied = wanted.filter((id) => id === '5000' || (id === '5001' && isFirst))
    const found = wanted.filter((id) => !denied.includes(id))
    return { found, answered: found, missing: denied.map((id) => ({ id, reason: 'unknown' })) }
  }
  await askFor(['5000', '5001', '5002'])
  await until(async () => (await reasonOf('5000'))?.error?.includes('once more'), { what: 'the first denial' })
  expect(await reasonOf('5002')).toEqual({ error: null, open: false })
  await settled()
  expect(reads).toEqual([
    ['5000', '5001', '5002'],
    ['5000', '5001'],
  ])
  expect(await reasonOf('5000')).toEqual({ error: 'unknown', open: false })
  expect(await reasonOf('5001')).toEqual({ error: null, open: false })
  expect(await db.query(`select id from backhaul.lookups where id in ('5000', '5001') and denied_at is not null`)).toEqual([{ id: '5000' }])
})

it('asks an id whose question fails again by its own tries, and the others as ever; at once when forced', async () => {
  const row = async (id: string) =>
    (
      await db.query<{ attempts: number; inMs: number; error: string | null }>(
        `select attempts, (extract(epoch from due_at - clock_timestamp()) * 1000)::float8 as "inMs", error from backhaul.lookups where id = $1`,
        [id],
      )
    )[0]
  let isBroken = true
  onRead = async (wanted) => {
    const bad = isBroken ? wanted.filter((id) => id === '6000') : []
    const good = wanted.filter((id) => id !== bad[0])
    return {
      found: good,
      answered: good,
      missing: [],
      failed: bad.map((id) => ({ id, error: new RetryLater('http_500', 'a test fault') })),
    }
  }
  await askFor(['6000', '6001'])
  await until(async () => ((await row('6000'))?.attempts ?? 0) > 0, { what: 'the first failure' })
  expect(await row('6001')).toMatchObject({ attempts: 0, error: null })
  const first = await row('6000')
  expect(first?.error).toContain('a test fault')
  expect(first?.inMs).toBeGreaterThan(1000)
  await db.query(`update backhaul.lookups set attempts = 8, due_at = now() where id = '6000'`)
  await until(async () => (await row('6000'))?.attempts === 9, { what: 'a later failure' })
  expect((await row('6000'))?.inMs).toBeGreaterThan(290_000)
  await askFor(['6002'])
  await until(async () => (await row('6002'))?.error === null && (await open()) === 1, { what: 'the others' })
  expect(reads.filter((ids) => ids.includes('6000'))).toHaveLength(2)
  isBroken = false
  await askFor(['6000'], true)
  await settled()
  expect(await row('6000')).toMatchObject({ attempts: 0, error: null })
})

it('keeps ids without an answer open, and notes what does not exist', async () => {
  onRead = async (wanted) => {
    if (reads.length === 1) throw new RetryLater('timeout', 'a test fault', new Date())
    const [first, ...others] = wanted
    return { found: others, answered: others, missing: [{ id: first ?? '', reason: 'unknown' }] }
  }
  await askFor(['2000', '2001'])
  await settled()
  const rows = await db.query<{ id: string; error: string | null }>(
    `select id, error from backhaul.lookups where id in ('2000', '2001') order by id`,
  )
  expect(rows).toEqual([
    { id: '2000', error: 'unknown' },
    { id: '2001', error: null },
  ])
})

it('takes raw ids from a message, all of them or none', async () => {
  await it_.broker.publish([{ queue: 'esi_character_info_queue', body: { ids: [3000, '3001'] } }])
  await until(async () => (await db.query(`select 1 from named where id in ('3000', '3001')`)).length === 2, { what: 'both rows' })
  await it_.broker.publish([{ queue: 'esi_character_info_queue', body: { ids: [3002, 'no word'] } }])
  await it_.broker.publish([{ queue: 'esi_character_info_queue', body: { ids: ['did:plc:3003'] } }])
  await until(async () => (await db.query(`select 1 from named where id = 'did:plc:3003'`)).length === 1, { what: 'the next message' })
  expect(await db.query(`select 1 from backhaul.lookups where id = '3002'`)).toEqual([])
  const letter = await until(async () => (await listDead(it_.rabbitmqUrl)).find((one) => String(one.body).includes('3002')))
  expect(letter.reason).toBe('ids: "no word" must be a word')
})

it('rejects raw ids that cannot be written down, so that nothing is lost', async () => {
  await db.query('alter table backhaul.lookups rename to gone')
  try {
    await it_.broker.publish([{ queue: 'esi_character_info_queue', body: { ids: [4000] } }])
    const letter = await until(async () => (await listDead(it_.rabbitmqUrl)).find((one) => String(one.body).includes('4000')))
    expect(letter.reason).toContain('Internal error; replay after the fix')
  } finally {
    await db.query('alter table backhaul.gone rename to lookups')
  }
})
