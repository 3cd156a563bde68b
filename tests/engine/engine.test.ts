import { Fatal, Throttled } from '../../backend/base/errors'
import * as jobs from '../../backend/engine/jobs/verbs'
import { wake } from '../../backend/engine/wake'
import { type Counting, countingSource, countingTask, createCounted, flaky } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

let it_: Suite
const counting: Counting = { pages: 5, rowsPerPage: 10, tasks: [] }
const source = countingSource(counting)
let name = 0

const start = async (given: Partial<Counting>, options: jobs.StartOptions = {}) => {
  Object.assign(
    counting,
    {
      pages: 5,
      rowsPerPage: 10,
      laneWidth: undefined,
      laneWidths: undefined,
      lanesAtOnce: undefined,
      backlog: undefined,
      onRead: undefined,
      onWrite: undefined,
    },
    given,
  )
  const job = await jobs.startJob(it_, source, { name: `job ${++name}` }, options)
  await wake(it_.db, it_.broker)
  return job.id
}
const rowsOf = async (prefix: string) =>
  (await it_.db.query<{ n: number }>('select count(*)::int as n from counted where key like $1', [`${prefix}%`]))[0]?.n
const tasksOf = (job: string) =>
  it_.db.query<{ key: string; state: string; attempts: number; step: number; reason: string; error: string; error_kind: string }>(
    `select key, state, attempts, step, reason, error, error_kind from backhaul.tasks where job_id = $1 and stream <> '$finish' order by key`,
    [job],
  )

beforeAll(async () => {
  it_ = await suite([source])
  await createCounted(it_.db)
  await it_.worker({ concurrency: 3 })
})
afterAll(() => it_.close())

it('reads a job to its end and reports it', async () => {
  const job = await start({ tasks: [countingTask('a1', 'x'), countingTask('a2', 'y')] })
  expect(await it_.ended(job)).toBe('completed')
  expect(await rowsOf('a')).toBe(100)
  expect(await jobs.report(it_, job)).toMatchObject({ pages: 10, seen: 100, new: 100, verified: true, tasks: { total: 2, done: 2 } })
})

it('runs as many tasks of a lane at once as the lane is wide, where it has a width of its own', async () => {
  let open: () => void = () => undefined
  const gate = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined)
  })
  const tasks = ['wide', 'narrow', 'other'].flatMap((lane) => [1, 2, 3, 4, 5].map((n) => countingTask(`${lane}-${n}`, lane)))
  const job = await start({ pages: 1, tasks, laneWidth: 2, laneWidths: { wide: 4, narrow: 1, absent: 9 }, onRead: () => gate })
  const ready = await it_.db.query<{ lane: string; n: number }>(
    `select lane, count(*)::int as n from backhaul.tasks where job_id = $1 and state = 'ready' group by lane order by lane`,
    [job],
  )
  open()
  expect(ready).toEqual([
    { lane: 'narrow', n: 1 },
    { lane: 'other', n: 2 },
    { lane: 'wide', n: 4 },
  ])
  expect(await it_.ended(job)).toBe('completed')
})

it('refuses a lane in which nothing could run', async () => {
  await expect(start({ tasks: [countingTask('none')], laneWidths: { lane: 0 } })).rejects.toThrow('a width of 0 for the lane lane')
})

it('says failed, partial and completed for what became of the tasks', async () => {
  const fail = async (key: string) => {
    if (key.endsWith('bad')) throw new Fatal('gone', 'the record is gone for good')
    return key.endsWith('skip') ? ({ next: null, skipped: 'the account is closed' } as object) : undefined
  }
  const failed = await start({ tasks: [countingTask('b-bad')], onRead: fail })
  const partial = await start({ tasks: [countingTask('c-bad', 'x'), countingTask('c-ok', 'y')], onRead: fail })
  const skipped = await start({ tasks: [countingTask('d-skip', 'x'), countingTask('d-ok', 'y')], onRead: fail })
  expect(await it_.ended(failed)).toBe('failed')
  expect(await it_.ended(partial)).toBe('partial')
  expect(await it_.ended(skipped)).toBe('completed')
  expect(await jobs.report(it_, partial)).toMatchObject({
    verified: false,
    failures: [{ kind: 'gone', error: 'the record is gone for good' }],
  })
  expect(await jobs.report(it_, skipped)).toMatchObject({ verified: true, skipped: { 'the account is closed': 1 } })
})

it('goes on from the page where it failed, and a retry takes failed tasks only', async () => {
  let broken = true
  const reads: string[] = []
  const job = await start({
    tasks: [countingTask('e1', 'x'), countingTask('e2', 'y')],
    onRead: async (key, page) => {
      reads.push(`${key}/${page}`)
      if (broken && key === 'e2' && page === 3) throw new Fatal('broken', 'page 3 is broken')
      return undefined
    },
  })
  expect(await it_.ended(job)).toBe('partial')
  broken = false
  expect((await jobs.retry(it_, job)).tasks).toBe(1)
  expect(await it_.ended(job)).toBe('completed')
  expect(await rowsOf('e')).toBe(100)
  expect(reads.filter((read) => read === 'e2/2')).toHaveLength(1)
  expect(reads.filter((read) => read.startsWith('e1'))).toHaveLength(5)
})

it('tries again after an error and uses an attempt, but none for waiting', async () => {
  const seen: string[] = []
  const job = await start({
    pages: 1,
    tasks: [countingTask('f')],
    onRead: async () => {
      seen.push('read')
      if (seen.length === 1) throw new Throttled('the upstream', new Date(Date.now() + 10))
      if (seen.length === 2) {
        expect(await tasksOf(job)).toMatchObject([{ attempts: 0 }])
        throw flaky('timeout')
      }
      expect(await tasksOf(job)).toMatchObject([{ attempts: 1, error_kind: 'timeout' }])
      return undefined
    },
  })
  expect(await it_.ended(job)).toBe('completed')
})

it('fails a task after ten tries without a page, with the last error kept', async () => {
  const job = await start({
    tasks: [countingTask('g')],
    onRead: async () => {
      throw flaky('never')
    },
  })
  await it_.ended(job)
  expect(await tasksOf(job)).toMatchObject([{ state: 'failed', error_kind: 'never', error: 'the never test fault' }])
})

it('keeps lanes to their width, stages in order and the job to its lanes', async () => {
  const now = new Map<string, number>()
  let most = 0
  let lanesMost = 0
  const order: string[] = []
  const gate = async (key: string) => {
    const lane = key.slice(0, 2)
    now.set(lane, (now.get(lane) ?? 0) + 1)
    most = Math.max(most, now.get(lane) ?? 0)
    lanesMost = Math.max(lanesMost, [...now.values()].filter((n) => n > 0).length)
    order.push(key)
    await new Promise((resolve) => setImmediate(resolve))
    now.set(lane, (now.get(lane) ?? 0) - 1)
    return undefined
  }
  const lanes = ['h1', 'h2', 'h3']
  const tasks = lanes.flatMap((lane) => [0, 1].flatMap((stage) => [0, 1, 2].map((n) => countingTask(`${lane}-${stage}-${n}`, lane, stage))))
  const job = await start({ pages: 2, tasks, laneWidth: 1, lanesAtOnce: 2, onRead: gate })
  expect(await it_.ended(job)).toBe('completed')
  expect(most).toBe(1)
  expect(lanesMost).toBeLessThanOrEqual(2)
  for (const lane of lanes) {
    const mine = order.filter((key) => key.startsWith(lane))
    expect(mine).toEqual([...mine].sort())
  }
})

it('adds the tasks a page finds once, in the transaction of that page', async () => {
  const job = await start({
    pages: 2,
    tasks: [{ stream: 'count', key: 'i', cursor: { page: 0 } }],
    onRead: async (key) => (key === 'i' ? { tasks: [countingTask('i-1', 'x'), countingTask('i-2', 'y')] } : undefined),
  })
  expect(await it_.ended(job)).toBe('completed')
  expect((await tasksOf(job)).map((task) => task.key)).toEqual(['i', 'i-1', 'i-2'])
  expect(await rowsOf('i')).toBe(60)
})

it('pauses between pages, resumes, and a second call changes nothing', async () => {
  const job = await start({ pages: 400, rowsPerPage: 1, tasks: [countingTask('j')] })
  await until(async () => ((await tasksOf(job))[0]?.step ?? 0) > 5)
  await jobs.pause(it_, job)
  await jobs.pause(it_, job)
  await until(async () => (await it_.db.query('select 1 from backhaul.tasks where job_id = $1 and claim is not null', [job])).length === 0)
  const [at] = await tasksOf(job)
  expect(at?.step).toBeLessThan(400)
  await jobs.resume(it_, job)
  await jobs.resume(it_, job)
  expect(await it_.ended(job)).toBe('completed')
  expect(await rowsOf('j')).toBe(400)
})

it('cancels: nothing is written afterwards, and the report says so', async () => {
  const job = await start({ pages: 5000, rowsPerPage: 1, tasks: [countingTask('k', 'x'), countingTask('l', 'x')] })
  await until(async () => ((await tasksOf(job))[0]?.step ?? 0) > 5)
  await jobs.cancel(it_, job)
  const after = await rowsOf('k')
  await jobs.cancel(it_, job)
  expect(await it_.status(job)).toBe('cancelled')
  expect((await tasksOf(job)).map((task) => task.state)).toEqual(['cancelled', 'cancelled'])
  const marker = await start({ tasks: [countingTask('m')] })
  await it_.ended(marker)
  expect(await rowsOf('k')).toBe(after)
  expect(await jobs.report(it_, job)).toMatchObject({ status: 'cancelled', verified: false })
  await expect(jobs.resume(it_, job)).rejects.toThrow(/is cancelled; resume needs it to be/)
})

it('answers a second request for the same thing with the job that is active', async () => {
  Object.assign(counting, { pages: 400, rowsPerPage: 1, tasks: [countingTask('n')], onRead: undefined })
  const params = { name: 'the same' }
  const [first, second] = await Promise.all([jobs.startJob(it_, source, params), jobs.startJob(it_, source, params)])
  expect(second.id).toBe(first.id)
  expect([first.created, second.created].sort()).toEqual([false, true])
  const forced = await jobs.startJob(it_, source, params, { force: true })
  expect(forced.id).not.toBe(first.id)
  await Promise.all([first.id, forced.id].map((id) => jobs.cancel(it_, id)))
})

it('rejects records with their bodies and says that the job is not verified', async () => {
  const job = await start({
    pages: 1,
    tasks: [countingTask('o')],
    onRead: async () => ({ rejected: [{ key: '7', reason: 'schema', raw: { text: 'nul \0 inside' } }] }),
  })
  expect(await it_.ended(job)).toBe('completed')
  expect(await jobs.report(it_, job)).toMatchObject({ rejected: 1, rejectedBy: { schema: 1 }, verified: false })
  const [reject] = await it_.db.query<{ raw: string }>('select raw from backhaul.rejects where job_id = $1', [job])
  expect(reject?.raw).toContain('nul')
})

it('rests discovery while enough tasks wait', async () => {
  let most = 0
  const job = await start({
    pages: 6,
    rowsPerPage: 1,
    backlog: 4,
    lanesAtOnce: 1,
    tasks: [{ stream: 'count', key: 'p', cursor: { page: 0 } }],
    onRead: async (key, page) => {
      const [row] = await it_.db.query<{ n: number }>(
        `select count(*)::int as n from backhaul.tasks where job_id = $1 and state = 'waiting'`,
        [job],
      )
      most = Math.max(most, row?.n ?? 0)
      return key === 'p' ? { tasks: [0, 1, 2].map((n) => countingTask(`p-${page}-${n}`, 'x')) } : undefined
    },
  })
  expect(await it_.ended(job, 60_000)).toBe('completed')
  expect(most).toBeLessThanOrEqual(4 + 3)
  expect(await rowsOf('p')).toBe(6 + 18 * 6)
})

it('publishes the events of a page and of the job, in order, from the outbox', async () => {
  const job = await start({
    pages: 2,
    tasks: [countingTask('q')],
    onWrite: (_, page) => ({ events: [{ key: 'counting.page', payload: { page } }] }),
  })
  await it_.ended(job)
  const rows = await until(async () => {
    const all = await it_.db.query<{ key: string; published_at: Date | null }>(
      `select key, published_at from backhaul.events_outbox where payload->>'job' = $1 or key = 'counting.page' order by id`,
      [job],
    )
    return all.every((row) => row.published_at) && all
  })
  expect(rows.map((row) => row.key)).toEqual(['counting.page', 'counting.page', 'job.completed'])
})

describe('lanes', () => {
  it('lets a task go on in another lane: its place goes to the next of the old one, and it waits for one in the new', async () => {
    const lanes: string[] = []
    const laneOf = async (key: string) =>
      (
        await it_.db.query<{ lane: string }>(
          `select lane from backhaul.tasks where key = $1 and job_id = (select max(id::text)::uuid from backhaul.jobs where id = $2)`,
          [key, job],
        )
      )[0]?.lane
    const job: string = await start({
      pages: 2,
      lanesAtOnce: 1,
      tasks: [countingTask('lane-m1', 'old'), countingTask('lane-m2', 'old')],
      onRead: async (key, page) => {
        lanes.push(`${key}/${page} ${await laneOf(key)}`)
        return key === 'lane-m1' && page === 0 ? ({ lane: 'young' } as never) : undefined
      },
    })
    expect(await it_.ended(job)).toBe('completed')
    expect(lanes).toEqual(['lane-m1/0 old', 'lane-m2/0 old', 'lane-m2/1 old', 'lane-m1/1 young'])
    expect(await rowsOf('lane-m')).toBe(40)
  })

  it('counts a task that is born skipped or failed, and never claims it; a retry tries the failed one', async () => {
    let mended = false
    const reads: string[] = []
    const job = await start({
      pages: 1,
      tasks: [countingTask('born-0')],
      onRead: async (key) => {
        reads.push(key)
        if (key !== 'born-0' || mended) return undefined
        const born = (to: string, ended: object) => ({ ...countingTask(to), ended })
        return {
          tasks: [
            born('born-1', { skipped: 'the record is held', kind: 'exists' }),
            born('born-2', { failed: 'no_host', error: 'it names no host' }),
            born('born-3', { skipped: 'unchanged' }),
          ],
        } as never
      },
    })
    expect(await it_.ended(job)).toBe('partial')
    expect(reads).toEqual(['born-0'])
    expect(await jobs.report(it_, job)).toMatchObject({
      tasks: { total: 4, done: 1, skipped: 2, failed: 1 },
      skipped: { 'the record is held': 1, unchanged: 1 },
      skippedBy: { exists: 1 },
      failures: [{ task: 'count born-2', kind: 'no_host', error: 'it names no host' }],
    })
    mended = true
    await jobs.retry(it_, job)
    expect(await it_.ended(job)).toBe('completed')
    expect(reads).toEqual(['born-0', 'born-2'])
  })

  it('ends a task skipped by its last page, with what it counted', async () => {
    const job = await start({
      pages: 1,
      tasks: [countingTask('skips'), countingTask('skips of a kind')],
      onRead: async (key) =>
        ({ skipped: key === 'skips' ? 'unchanged' : { kind: 'unavailable', reason: 'the host has no such page' }, known: 10 }) as never,
    })
    expect(await it_.ended(job)).toBe('completed')
    expect(await jobs.report(it_, job)).toMatchObject({
      skipped: { unchanged: 1, 'the host has no such page': 1 },
      skippedBy: { unavailable: 1 },
      tasks: { done: 0, skipped: 2 },
      known: 20,
      verified: true,
    })
  })

  it('fails the tasks of a lane whose host is unreachable together, after as many tries as one task has; other lanes go on', async () => {
    const stream = source.streams.count as { laneIsHost?: boolean }
    stream.laneIsHost = true
    let reads = 0
    const job = await start({
      pages: 1,
      laneWidth: 3,
      tasks: [...Array.from({ length: 30 }, (_, n) => countingTask(`unreachable-${n}`, 'unreachable')), countingTask('there', 'there')],
      onRead: async (key) => {
        if (!key.startsWith('unreachable')) return undefined
        reads++
        throw flaky('connection')
      },
    })
    expect(await it_.ended(job)).toBe('partial')
    stream.laneIsHost = undefined
    expect(await jobs.report(it_, job)).toMatchObject({ tasks: { done: 1, failed: 30 } })
    // Thirty tasks by themselves would have tried three hundred times.
    expect(reads).toBeLessThan(30)
    const kinds = await it_.db.query(`select distinct error_kind as kind from backhaul.tasks where job_id = $1 and state = 'failed'`, [job])
    expect(kinds).toEqual([{ kind: 'connection' }])
  })

  it('fails tasks found later for a lost host at their first try, unless it has answered since', async () => {
    const stream = source.streams.count as { laneIsHost?: boolean }
    stream.laneIsHost = true
    const reads: string[] = []
    const failures = (job: string) => async () =>
      (await it_.db.query<{ n: number }>(`select count(*)::int as n from backhaul.tasks where job_id = $1 and state = 'failed'`, [job]))[0]
        ?.n
    const later = (name: string) => Array.from({ length: 6 }, (_, n) => countingTask(`unreachable-${name}-${n}`, 'unreachable'))
    const job = await start({
      pages: 1,
      laneWidth: 1,
      tasks: [countingTask('unreachable', 'unreachable'), { stream: 'count', key: 'list', cursor: { page: 0 } }],
      onRead: async (key, page) => {
        if (key === 'list') {
          const seen = failures(job)
          await until(async () => (await seen()) === 1 + page * 6, { timeoutMs: 30_000, what: 'the tasks of the lane to fail' })
          return page === 0
            ? ({ next: { page: 1 }, tasks: later('0') } as never)
            : { tasks: [countingTask('back', 'unreachable'), ...later('1')] }
        }
        if (key === 'back') return undefined
        reads.push(key)
        throw flaky('connection')
      },
    })
    expect(await it_.ended(job)).toBe('partial')
    stream.laneIsHost = undefined
    expect(await jobs.report(it_, job)).toMatchObject({ tasks: { done: 2, failed: 13 } })
    const triesOf = (name: string) => reads.filter((key) => key.startsWith(name))
    expect([triesOf('unreachable-0').length, new Set(triesOf('unreachable-0')).size]).toEqual([1, 1])
    // It answered in between, so the first of these is tried as often as any other task.
    expect(triesOf('unreachable-1-0')).toHaveLength(10)
  })

  it('does not fail a lane whose host has just answered a task that then failed by itself', async () => {
    const stream = source.streams.count as { laneIsHost?: boolean }
    stream.laneIsHost = true
    const job = await start({
      pages: 2,
      laneWidth: 1,
      tasks: [countingTask('broken', 'shared'), countingTask('ill', 'shared'), countingTask('well', 'shared')],
      onRead: async (key, page) => {
        if (key === 'broken' && page === 1) throw new Fatal('broken', 'the page is broken')
        if (key === 'ill') throw flaky('connection')
        return undefined
      },
    })
    expect(await it_.ended(job)).toBe('partial')
    stream.laneIsHost = undefined
    expect(await jobs.report(it_, job)).toMatchObject({ tasks: { done: 1, failed: 2 }, failedBy: { broken: 1, connection: 1 } })
    await it_.db.tx((tx) => tx.query('truncate counted'))
  })

  it('does not fail a lane for one task, while its host answers others or fails for that one only', async () => {
    const stream = source.streams.count as { laneIsHost?: boolean }
    stream.laneIsHost = true
    const others = Array.from({ length: 12 }, (_, n) => countingTask(`well-${n}`, 'shared'))
    const run = (kind: string) =>
      start({
        pages: 1,
        laneWidth: 2,
        tasks: [countingTask(`ill-${kind}`, 'shared'), ...others],
        onRead: async (key) => {
          if (key.startsWith('ill')) throw flaky(kind)
          return undefined
        },
      })
    for (const kind of ['http_500', 'connection']) {
      const job = await run(kind)
      expect(await it_.ended(job)).toBe('partial')
      expect(await jobs.report(it_, job)).toMatchObject({ tasks: { done: 12, failed: 1 }, failedBy: { [kind]: 1 } })
      await it_.db.tx((tx) => tx.query('truncate counted'))
    }
    stream.laneIsHost = undefined
  })
})
