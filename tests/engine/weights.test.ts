import fc from 'fast-check'
import { signOn } from '../../backend/engine/heartbeat'
import * as jobs from '../../backend/engine/jobs/verbs'
import { chargeShare, markWoken, unmarkWoken } from '../../backend/engine/store'
import { wake } from '../../backend/engine/wake'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * Jobs with weights share what is scarce in proportion to them, whatever their turns cost, and nobody is paid for having rested.
 */

const QUEUE = 'zkillboard_backfill_queue'
const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [], lanesAtOnce: 100 }
const source = countingSource(counting)
let it_: Suite
let n = 0

const start = async (weight: number | undefined, tasks = 3) => {
  counting.weight = weight
  const name = `job ${n++}`
  counting.tasks = Array.from({ length: tasks }, (_, task) => countingTask(`${name}/${task}`, `lane ${task}`))
  return (await jobs.startJob(it_, source, { name })).id
}

/** Serves one turn with so many pages to whoever is woken first. @returns the job */
async function serve(pages: number): Promise<string> {
  const due = await markWoken(it_.db, QUEUE)
  const [row] = await it_.db.query<{ job_id: string }>('select job_id from backhaul.tasks where id = $1', [due[0]?.id])
  const job = row?.job_id ?? ''
  await chargeShare(it_.db, job, QUEUE, pages)
  await unmarkWoken(
    it_.db,
    due.map(({ id }) => id),
  )
  return job
}

/** @returns pages by job */
async function serveAll(turns: readonly number[]): Promise<Map<string, number>> {
  const served = new Map<string, number>()
  for (const pages of turns) {
    const job = await serve(pages)
    served.set(job, (served.get(job) ?? 0) + pages)
  }
  return served
}

interface Held {
  id: bigint
  job: string
}

/** A turn begins. */
async function claim(id: bigint): Promise<Held> {
  const [row] = await it_.db.query<{ job: string }>('update backhaul.tasks set claim = 1 where id = $1 returning job_id as job', [id])
  return { id, job: row?.job ?? '' }
}

beforeEach(async () => {
  it_ = await suite([source], { scheduler: false })
  await createCounted(it_.db)
  // Enough capacity that all jobs of a test are admitted.
  await signOn(it_.db, { id: `elsewhere:${process.pid}:a`, app: 'worker-test', queues: [QUEUE], concurrency: 4 })
})
afterEach(() => it_.close())

it('pages are in proportion to weights, whatever a turn costs: no job is ahead by more than a turn of each', async () => {
  const weights = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 4 })
  const turns = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 30, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(weights, turns, async (all, costs) => {
      await it_.db.query('delete from backhaul.jobs')
      const ids: [string, number][] = []
      for (const weight of all) ids.push([await start(weight), weight])
      const served = await serveAll(costs)
      const most = Math.max(...costs)
      for (const [one, a] of ids)
        for (const [other, b] of ids)
          expect((served.get(one) ?? 0) / a - (served.get(other) ?? 0) / b).toBeLessThanOrEqual(most / a + most / b)
    }),
    { numRuns: 5 },
  )
})

it('a job that comes later, or had nothing to do for a while, gets its share from then on and nothing for the time before', async () => {
  const old = await start(1)
  await serveAll(Array.from({ length: 50 }, () => 1))
  const later = await start(1)
  expect((await serveAll(Array.from({ length: 20 }, () => 1))).get(later)).toBe(10)
  await it_.db.query(`update backhaul.tasks set due_at = clock_timestamp() + interval '1 hour' where job_id = $1`, [later])
  await serveAll(Array.from({ length: 50 }, () => 1))
  await it_.db.query(`update backhaul.tasks set due_at = clock_timestamp() where job_id = $1`, [later])
  const again = (await serveAll(Array.from({ length: 20 }, () => 1))).get(old) ?? 0
  expect([9, 10, 11]).toContain(again)
})

it('a job that waited for a limit keeps what it is behind, some turns of it', async () => {
  const [ahead, behind, far] = [await start(1), await start(1), await start(1)]
  const stand = async (job: string, served: number) => {
    await chargeShare(it_.db, job, QUEUE, 1)
    await it_.db.query('update backhaul.shares set served = $2::float8, began = $2::float8 - 1 where job_id = $1', [job, served])
  }
  await stand(ahead, 100)
  await stand(behind, 97)
  await stand(far, 10)
  const parked = `waiting_on = 'etsy:key', waiting_since = clock_timestamp(), due_at = clock_timestamp()`
  const serveParked = async (turns: number) => {
    const served = new Map<string, number>()
    for (let turn = 0; turn < turns; turn++) {
      await it_.db.query(`update backhaul.tasks set ${parked}`)
      const job = await serve(1)
      served.set(job, (served.get(job) ?? 0) + 1)
    }
    return [ahead, behind, far].map((job) => served.get(job) ?? 0)
  }
  // The queue stands at 99: one is 3 turns behind, the other one counts as 91.
  expect(await serveParked(12)).toEqual([0, 3, 9])
  // One that is new and waited has not been behind.
  const fresh = await start(1)
  await it_.db.query(`update backhaul.tasks set ${parked}`)
  await markWoken(it_.db, QUEUE)
  const [row] = await it_.db.query<{ served: number }>('select served::float8 as served from backhaul.shares where job_id = $1', [fresh])
  expect(row?.served).toBe(99)
  await it_.db.query('delete from backhaul.jobs where id = $1', [fresh])
  await it_.db.query('update backhaul.tasks set woken_at = null, wakes = 0')
  // What rested keeps nothing.
  await it_.db.query('update backhaul.shares set served = 50, began = 49 where job_id = $1', [far])
  await it_.db.query('update backhaul.tasks set waiting_on = null, waiting_since = null, due_at = clock_timestamp()')
  const turns = await serveAll([1, 1, 1])
  expect([ahead, behind, far].map((job) => turns.get(job) ?? 0)).toEqual([1, 1, 1])
})

it('turns that are under way count by what a turn costs: the weights hold also where each job could have a place', async () => {
  const ids = [await start(4), await start(4), await start(1), await start(1)]
  const served = new Map<string, number>()
  const inHand: Held[] = []
  for (let turn = 0; turn < 80; turn++) {
    const due = await markWoken(it_.db, QUEUE)
    for (const { id } of due.slice(0, 4 - inHand.length)) {
      inHand.push(await claim(id))
    }
    const { id, job } = inHand.shift() as Held
    await chargeShare(it_.db, job, QUEUE, 10)
    served.set(job, (served.get(job) ?? 0) + 1)
    await it_.db.query('update backhaul.tasks set claim = null where id = $1', [id])
    await it_.db.query('update backhaul.tasks set woken_at = null, wakes = 0')
  }
  const [a = 0, b = 0, c = 0, d = 0] = ids.map((id) => served.get(id) ?? 0)
  expect((a + b) / (c + d)).toBeGreaterThanOrEqual(3)
})

it('where turns end in any order, what a job is behind by a long turn stays its own', async () => {
  const orders = fc.array(fc.nat(3), { minLength: 120, maxLength: 120 })
  await fc.assert(
    fc.asyncProperty(orders, async (ends) => {
      await it_.db.query('delete from backhaul.jobs')
      const weights = new Map<string, number>()
      for (const weight of [4, 4, 4, 1, 1, 1]) weights.set(await start(weight), weight)
      const served = new Map<string, number>()
      const inHand: Held[] = []
      for (const end of ends) {
        for (const { id } of (await markWoken(it_.db, QUEUE)).slice(0, 4 - inHand.length)) inHand.push(await claim(id))
        const [{ id, job }] = inHand.splice(end % inHand.length, 1) as [Held]
        const pages = weights.get(job) as number
        served.set(job, (served.get(job) ?? 0) + pages)
        await it_.db.query('update backhaul.tasks set claim = null, due_at = clock_timestamp() where id = $1', [id])
        await chargeShare(it_.db, job, QUEUE, pages)
        await it_.db.query('update backhaul.tasks set woken_at = null, wakes = 0')
      }
      const rounds = [...weights].map(([job, weight]) => (served.get(job) ?? 0) / weight)
      // Four turns are in hand at any time, and a job's last ones may be among them.
      expect(Math.max(...rounds) - Math.min(...rounds)).toBeLessThanOrEqual(5)
    }),
    { numRuns: 3 },
  )
})

it('what asks nothing goes ahead of all others with its priority, whatever its job was served', async () => {
  const [served, other] = [await start(4, 1), await start(4, 3)]
  await chargeShare(it_.db, other, QUEUE, 1)
  await chargeShare(it_.db, served, QUEUE, 40)
  const first = async () => {
    const [due] = await markWoken(it_.db, QUEUE)
    const [row] = await it_.db.query<{ job: string }>('select job_id as job from backhaul.tasks where id = $1', [due?.id])
    await it_.db.query('update backhaul.tasks set woken_at = null, wakes = 0')
    return row?.job
  }
  expect(await first()).toBe(other)
  await it_.db.query('update backhaul.tasks set asks_nothing = true where job_id = $1', [served])
  expect(await first()).toBe(served)
})

it('what goes ahead of all with another priority costs nobody the advantage of its weight', async () => {
  const [heavy, light, live] = [await start(4), await start(1), await start(1)]
  await it_.db.query('update backhaul.jobs set priority = 0 where id = $1', [live])
  await it_.db.query(`update backhaul.tasks set priority = 0, due_at = clock_timestamp() + interval '1 hour' where job_id = $1`, [live])
  const served = new Map<string, number>()
  for (let turn = 0; turn < 50; turn++) {
    const job = await serve(1)
    served.set(job, (served.get(job) ?? 0) + 1)
    await chargeShare(it_.db, live, QUEUE, 5)
  }
  expect(served.get(heavy)).toBeGreaterThanOrEqual(39)
  expect(served.get(light)).toBeGreaterThanOrEqual(9)
})

it('workers read the pages of a job with three times the weight three times as often', async () => {
  const read: string[] = []
  counting.onRead = async (key) => {
    read.push(key)
    return undefined
  }
  const light = await start(1, 60)
  const heavy = await start(3, 60)
  const names = await it_.db.query<{ id: string; name: string }>(`select id, params ->> 'name' as name from backhaul.jobs`)
  const nameOf = (id: string) => names.find((row) => row.id === id)?.name
  const worker = await it_.worker({ concurrency: 1, turnMs: 1 })
  await wake(it_.db, it_.broker)
  await until(() => read.length >= 40, { what: '40 pages' })
  await worker.stop()
  const of = (id: string) => read.slice(0, 40).filter((key) => key.startsWith(`${nameOf(id)}/`)).length
  expect(of(heavy)).toBeGreaterThanOrEqual(27)
  expect(of(heavy)).toBeLessThanOrEqual(33)
  expect(of(light) + of(heavy)).toBe(40)
  counting.onRead = undefined
})

it('a turn is no longer than the weight of its job, so that few pages are in proportion as well', async () => {
  const read: string[] = []
  counting.pages = 30
  counting.onRead = async (key) => {
    read.push(key)
    return undefined
  }
  const [light, heavy] = [await start(1, 1), await start(3, 1)]
  const names = await it_.db.query<{ id: string; name: string }>(`select id, params ->> 'name' as name from backhaul.jobs`)
  const worker = await it_.worker({ concurrency: 1, turnMs: 60_000 })
  await wake(it_.db, it_.broker)
  await until(() => read.length >= 24, { what: '24 pages' })
  await worker.stop()
  const of = (id: string) => read.slice(0, 24).filter((key) => key.startsWith(`${names.find((row) => row.id === id)?.name}/`)).length
  expect([of(heavy), of(light)].map((pages) => Math.round(pages / 6))).toEqual([3, 1])
  counting.pages = 1
  counting.onRead = undefined
})

it('jobs without a weight are served in turn as before, and nothing is kept of them', async () => {
  const one = await start(undefined)
  const two = await start(undefined)
  const due = await markWoken(it_.db, QUEUE)
  const rows = await it_.db.query<{ job_id: string }>('select job_id from backhaul.tasks where id = any($1)', [due.map(({ id }) => id)])
  expect(new Set(rows.map((row) => row.job_id))).toEqual(new Set([one, two]))
  await chargeShare(it_.db, one, QUEUE, 5)
  expect(await it_.db.query('select 1 from backhaul.shares')).toEqual([])
})

it('a weight of 0 or less is refused', async () => {
  await expect(start(0)).rejects.toThrow('counting plans the weight 0: give a number above 0.')
})
