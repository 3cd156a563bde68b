import { type Db, openDb } from '../../backend/database/db'
import { type TestDatabase, testDatabase } from '../support/env'
import { until } from '../support/until'
import { ONE, PAIR } from './mixes'
import { around, Real } from './real'
import type { Shape } from './state'

/*
 * Counterexamples that exploring found for broken rules, played on Postgres with the statements interleaved: what a random
 * story cannot show, because it runs one operation after the other.
 */

let env: TestDatabase
let db: Db
beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { name: 'races', max: 6 })
}, 120_000)
afterAll(async () => {
  await db?.close()
  await env?.close()
})

async function start(shape: Shape): Promise<Real> {
  const real = new Real(db, shape)
  await real.start()
  return real
}

const states = async (real: Real) => (await real.snapshot()).tasks.map(({ state }) => state)
const blocked = () =>
  until(
    async () => {
      const rows = await db.query(
        `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'`,
      )
      return rows.length > 0
    },
    { what: 'a statement to wait for a lock' },
  )

/** Claims the task and reads one page of it. */
async function page(real: Real, task: number, reading: 'page' | 'fail'): Promise<void> {
  await real.claim(0, task)
  await real.step(0, reading)
}

it('a finish task that waited for a retry sees the tasks that are to be done again', async () => {
  const real = await start(PAIR)
  await page(real, 0, 'page')
  await real.step(0, 'fail')
  await real.insertFinish()
  await real.claim(1, 2)
  let finish: Promise<void> | undefined
  await real.verb(
    'retry',
    0,
    around(db, 1, {
      last: async () => {
        finish = real.step(1, 'page')
        await blocked()
      },
    }),
  )
  await finish
  expect((await real.snapshot()).job).toBe('running')
  expect(await states(real)).toEqual(['done', 'waiting', 'none'])
})

it('a cancel between the check for a finish task and its insert leaves no task behind', async () => {
  const real = await start(ONE)
  await page(real, 0, 'page')
  await real.step(0, 'page')
  await real.insertFinish(around(db, 1, { before: () => real.verb('cancel') }))
  expect(await states(real)).toEqual(['done', 'none'])
})

it('a cancel that comes while the finish task is inserted sweeps it', async () => {
  const real = await start(ONE)
  await page(real, 0, 'page')
  await real.step(0, 'page')
  let cancel: Promise<boolean> | undefined
  await real.insertFinish(
    around(db, 1, {
      last: async () => {
        cancel = real.verb('cancel')
        await blocked()
      },
    }),
  )
  await cancel
  expect(await states(real)).toEqual(['done', 'cancelled'])
})

it('a retry beside a promote keeps the lane to its width', async () => {
  const real = await start(PAIR)
  await real.claim(0, 0)
  await real.verb('pause')
  await real.step(0, 'fail')
  await real.verb('resume')
  await real.verb('retry', 0, around(db, 1, { last: () => real.promote() }))
  expect((await states(real)).filter((state) => state === 'ready')).toHaveLength(1)
})

/** The finish hook breaks; `between` happens before the failure is written. */
async function finishBreaks(real: Real, between: () => Promise<unknown>): Promise<void> {
  await real.insertFinish()
  await real.claim(1, 1)
  real.finishBreaks = true
  await real.step(1, 'page', true, around(db, 2, { before: between }))
  real.finishBreaks = false
}

it('a finish task that fails while its job is paused leaves the job able to end', async () => {
  const real = await start(ONE)
  await page(real, 0, 'page')
  await real.step(0, 'page')
  await finishBreaks(real, () => real.verb('pause'))
  await real.verb('resume')
  await real.insertFinish()
  expect(await real.claim(0, 1)).toBe(true)
  await real.step(0, 'page')
  expect((await real.snapshot()).job).toBe('completed')
})

it('a finish task that fails after a retry does not end the job', async () => {
  const real = await start(ONE)
  await page(real, 0, 'fail')
  await finishBreaks(real, () => real.verb('retry'))
  expect((await real.snapshot()).job).toBe('running')
})
