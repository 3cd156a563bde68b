import { type Db, openDb } from '../backend/db'
import { claimLookups, releaseLookups, ringLookups } from '../backend/engine/lookups'
import { readLookups } from '../backend/engine/progress'
import { lookupsOf } from '../backend/engine/report'
import type { Reader } from '../backend/engine/source'
import { rowsReadBy } from '../bench/rows-read'
import type { Broker } from '../queues/broker'
import { type TestEnv, testEnv } from './support/env'

/*
 * What is asked of the database reads as many rows as it takes or shows, however many wait. Rows are counted, not time.
 */

const KIND = 'character'
const BATCH = 50
let env: TestEnv
let db: Db
const broker = { state: 'connected', publish: async (messages) => messages.map(() => 'confirmed' as const) } as Broker

beforeAll(async () => {
  env = await testEnv()
  db = openDb(env.databaseUrl, { name: 'scale' })
})
afterAll(async () => {
  await db.close()
  await env.close()
})

/** Jobs that wait, each with ten ids that it asked for, of which one is answered. */
async function wait(from: number, to: number): Promise<string> {
  await db.query(
    `with j as (insert into backhaul.jobs (source, params, bounded_by) select 'eve', '{}', 'zkillboard_backfill_queue' from generate_series($1::int, $2::int - 1)
                returning id)
     insert into backhaul.lookups (kind, id, jobs, priority, answered, asked_at)
     select $3, $1 * 10 + row_number() over (), array[j.id], n % 10, case when n = 9 then 1 else 0 end, now() - interval '1 minute'
       from j, generate_series(0, 9) n`,
    [from, to, KIND],
  )
  const [row] = await db.query<{ id: string }>('select id from backhaul.jobs order by arrival desc limit 1')
  return row?.id ?? ''
}

const works = (job: string): Record<string, (reader: Reader) => Promise<unknown>> => ({
  'a wake-up of lookups': (reader) => ringLookups(reader, broker, KIND, { queue: 'esi_character_info_queue', batch: BATCH }),
  'a claim of lookups': async (reader) => {
    const held = await claimLookups(reader, KIND, BATCH, [], 'somebody')
    await releaseLookups(db, held, { inMs: 0, failed: false })
  },
  'a count for a list': (reader) => readLookups(reader, [job]),
  "a report's count of lookups": (reader) => lookupsOf(reader, job),
})

test('lookups that wait: as many rows are read with 20,000 of them as with 1,000', async () => {
  const few = await wait(0, 100)
  await db.query('analyze backhaul.jobs, backhaul.lookups')
  const before: Record<string, number> = {}
  for (const [name, work] of Object.entries(works(few))) before[name] = await rowsReadBy(db, work)
  const last = await wait(100, 2_000)
  for (const [name, work] of Object.entries(works(last))) {
    const rows = await rowsReadBy(db, work)
    expect({ name, rows, grows: rows > (before[name] ?? 0) + 200 }).toEqual({ name, rows, grows: false })
  }
}, 60_000)
