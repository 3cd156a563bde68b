import { Fatal, Refused, RetryLater, Throttled } from '../../backend/base/errors'
import type { Log } from '../../backend/base/log'
import type { Source } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import type { WorkerEngine } from '../../backend/engine/engine'
import { heartbeat, newWorkerId, rescue, signOn } from '../../backend/engine/heartbeat'
import { cancel, pause, resume, retry, startJob, sweepCancelled } from '../../backend/engine/jobs/verbs'

import { step } from '../../backend/engine/step'
import { claimTask, FINISH, promote, releaseTask, type Task } from '../../backend/engine/store'
import { insertFinishTasks } from '../../backend/engine/upkeep/scheduler'
import { wake } from '../../backend/engine/wake'
import type { QueueName } from '../../queues/names'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import type { Shape } from './state'

/*
 * The engine's own functions on a real database, one operation at a time. Time passes by moving stamps in the rows.
 */

export type Reading = 'page' | 'fail' | 'skip' | 'park' | 'lose'
/** What one worker has in hand. */
export interface Hand {
  id: string
  task?: Task
  goOn: boolean
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }
const QUEUE: QueueName = 'zkillboard_backfill_queue'
const VERBS = { pause, resume, cancel, retry }
const identity = (id: string) => ({ id, app: 'worker-model', queues: [QUEUE], concurrency: 4 })

/** Runs its nth call to the end and then loses the connection, so that the reply is never heard. */
export function dying(db: Db, nth: number): Db {
  let calls = 0
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    const answer = await work()
    if (++calls === nth) throw new Error('Connection terminated unexpectedly')
    return answer
  }
  return {
    pool: db.pool,
    prisma: undefined as never,
    query: (sql, values) => call(() => db.query(sql, values)),
    tx: (work) => call(() => db.tx(work)),
    sequence() {
      // One page at a time.
      return { tx: (work) => this.tx((tx, end) => work(tx, end, async () => undefined)) }
    },
    close: () => db.close(),
  }
}

/** Does something around its nth transaction: before it begins, or just before it commits. */
export function around(db: Db, nth: number, { before, last }: { before?: () => Promise<unknown>; last?: () => Promise<unknown> }): Db {
  let calls = 0
  return {
    ...dying(db, 0),
    async tx(work) {
      const now = ++calls === nth
      if (now) await before?.()
      return await db.tx(async (tx) => {
        const answer = await work(tx, tx.query)
        if (now) await last?.()
        return answer
      })
    },
  }
}

let jobsStarted = 0

export class Real {
  jobId = ''
  hands: Hand[] = []
  published: string[] = []
  finishBreaks = false
  private reading: Reading = 'page'
  private readonly prefix = `${++jobsStarted}:`
  private readonly counting: Counting
  private readonly source: Source
  private readonly engine

  constructor(
    readonly db: Db,
    readonly shape: Shape,
  ) {
    this.counting = {
      pages: Number.MAX_SAFE_INTEGER,
      rowsPerPage: 1,
      laneWidth: shape.laneWidth,
      lanesAtOnce: shape.lanesAtOnce,
      tasks: this.tasksOf(undefined),
      onRead: async (key, page) => this.read(Number(key.slice(this.prefix.length)), page),
    }
    const source = countingSource(this.counting)
    Object.assign(source.streams.count as object, { laneIsHost: true })
    this.source = {
      ...source,
      ended: async () => {
        if (this.finishBreaks) throw new Fatal('finish', 'the hook is broken')
      },
    }
    const broker = {
      state: 'open',
      publish: async (messages: { body: { taskId: string } }[]) => {
        this.published.push(...messages.map(({ body }) => body.taskId))
        return messages.map(() => 'confirmed')
      },
    }
    this.engine = { db, broker: broker as never, sources: [this.source], log: quiet }
  }

  /** A job of the shape, and two workers. */
  async start(): Promise<void> {
    await createCounted(this.db)
    this.jobId = (await startJob(this.engine, this.source, { name: this.prefix })).id
    for (const worker of [0, 1]) await this.replace(worker)
  }

  private tasksOf(parent: number | undefined) {
    return this.shape.tasks.flatMap(({ lane, stage, childOf }, n) => {
      const { lane: _, ...task } = countingTask(`${this.prefix}${n}`, undefined, stage)
      return childOf === parent ? [lane === null ? task : { ...task, lane: `lane ${lane}` }] : []
    })
  }

  private async read(task: number, page: number) {
    if (this.reading === 'fail') throw new Fatal('broken', 'the page is broken')
    if (this.reading === 'lose') throw new RetryLater('connection', 'the host is unreachable')
    if (this.reading === 'park') throw new Throttled('the upstream', new Date(Date.now() + 3_600_000))
    const { pages = 1, movesTo } = this.shape.tasks[task] ?? {}
    return {
      ...(page + 1 >= pages || this.reading === 'skip' ? { next: null } : {}),
      ...(this.reading === 'skip' ? { skipped: 'there is nothing' } : {}),
      ...(page === 0 && movesTo !== undefined ? { lane: `lane ${movesTo}` } : {}),
      tasks: page === 0 ? this.tasksOf(task) : [],
    }
  }

  private async replace(worker: number): Promise<void> {
    this.hands[worker] = { id: newWorkerId(), goOn: false }
    await signOn(this.db, identity(this.hands[worker].id))
  }

  async claim(worker: number, task: number, heard = true): Promise<boolean> {
    const hand = this.hands[worker] as Hand
    const claimed = await claimTask(this.db, await this.idOf(task), hand.id)
    if (heard) Object.assign(hand, { task: claimed, goOn: true })
    return claimed !== undefined
  }

  async step(worker: number, reading: Reading, heard = true, db: Db = heard ? this.db : dying(this.db, 1)): Promise<void> {
    const hand = this.hands[worker] as Hand
    const none = new AbortController().signal
    const calm = {
      turnMs: 60_000,
      attempts: 1,
      stopping: () => false,
      signal: none,
      reached: () => undefined,
      http: () => () => ({}) as never,
    }
    const engine: WorkerEngine = { ...this.engine, ...calm, db, id: hand.id }
    this.reading = reading
    try {
      const { held, goOn } = await step(engine, hand.task as Task, {
        endsAt: Date.now() + 60_000,
        sequence: db.sequence(),
        readsAhead: false,
        ran: { at: -Infinity },
        follow: () => undefined,
      })
      Object.assign(hand, { task: held, goOn })
    } catch (error) {
      if (heard) throw error
      Object.assign(hand, { task: undefined, goOn: false })
    }
  }

  async release(worker: number): Promise<void> {
    const hand = this.hands[worker] as Hand
    await releaseTask(this.db, hand.task as Task, { traffic: {} })
    hand.task = undefined
  }

  async crash(worker: number): Promise<void> {
    await this.silence(worker)
    await this.replace(worker)
  }

  private silence = (worker: number) =>
    this.db.query(`update backhaul.workers set heartbeat_at = heartbeat_at - interval '1 hour' where id = $1`, [this.hands[worker]?.id])
  private age = () =>
    this.db.query(`update backhaul.tasks set claimed_at = claimed_at - interval '1 minute' where job_id = $1`, [this.jobId])

  async rescue(suspect?: number): Promise<void> {
    await this.age()
    for (const { id } of this.hands) await signOn(this.db, identity(id))
    if (suspect !== undefined) await this.silence(suspect)
    await rescue(this.db)
    for (const { id } of this.hands) await signOn(this.db, identity(id))
  }

  async heartbeat(worker: number): Promise<void> {
    await this.age()
    const { id, task } = this.hands[worker] as Hand
    await heartbeat(this.db, identity(id), { tasks: new Set(task ? [task.id] : []), lookups: new Set() })
  }

  /** @returns which tasks of the job were published by this */
  async woken(by: () => Promise<unknown>): Promise<number[]> {
    this.published = []
    await by()
    await this.db.query(
      `update backhaul.tasks set woken_at = woken_at + interval '1 hour' where job_id = $1 and woken_at <= clock_timestamp()`,
      [this.jobId],
    )
    const rows = await this.db.query<{ id: bigint; key: string }>(`select id, key from backhaul.tasks where job_id = $1`, [this.jobId])
    return rows.flatMap(({ id, key }) => (this.published.includes(id.toString()) ? [this.numberOf(key)] : [])).sort()
  }
  wake = (): Promise<unknown> => wake(this.db, this.engine.broker)
  mayWakeAgain = async (task: number) => this.db.query(`update backhaul.tasks set woken_at = null where id = $1`, [await this.idOf(task)])
  becomesDue = async (task: number) =>
    this.db.query(`update backhaul.tasks set due_at = clock_timestamp() where id = $1`, [await this.idOf(task)])
  promote = (): Promise<void> => promote(this.db, this.jobId)
  insertFinish = (db = this.db): Promise<void> => insertFinishTasks({ ...this.engine, db })
  sweepCancelled = (): Promise<void> => sweepCancelled(this.engine)

  /** @returns false when the verb was refused; `nth` loses the connection after that call */
  async verb(verb: keyof typeof VERBS, nth = 0, db = nth > 0 ? dying(this.db, nth) : this.db): Promise<boolean> {
    try {
      await VERBS[verb]({ ...this.engine, db }, this.jobId)
      return true
    } catch (error) {
      if (error instanceof Refused) return false
      if (nth > 0) return true
      throw error
    }
  }

  private numberOf = (key: string): number => (key === '' ? this.shape.tasks.length : Number(key.slice(this.prefix.length)))

  private async idOf(task: number): Promise<bigint> {
    const finish = task === this.shape.tasks.length
    const [row] = await this.db.query<{ id: bigint }>(`select id from backhaul.tasks where job_id = $1 and stream = $2 and key = $3`, [
      this.jobId,
      finish ? FINISH : 'count',
      finish ? '' : `${this.prefix}${task}`,
    ])
    return row?.id ?? 0n
  }

  /** What the database says, in the words of the model. */
  async snapshot() {
    const [job] = await this.db.query<{ status: string; started: boolean; reported: boolean }>(
      `select status, started_at is not null as started, report is not null as reported from backhaul.jobs where id = $1`,
      [this.jobId],
    )
    const rows = await this.db.query<{
      key: string
      state: string
      lane: string | null
      step: number
      holder: string | null
      claimed: boolean
      due: boolean
      woken: boolean
    }>(
      `select key, state, lane, step, holder, claim is not null as claimed, due_at <= clock_timestamp() as due, woken_at is not null as woken
         from backhaul.tasks where job_id = $1`,
      [this.jobId],
    )
    const pages = await this.db.query<{ key: string; page: number }>(`select key, page from counted where key like $1`, [`${this.prefix}%`])
    const tasks = Array.from({ length: this.shape.tasks.length + 1 }, (_, n) => {
      const row = rows.find(({ key }) => this.numberOf(key) === n)
      const written = pages.filter(({ key }) => this.numberOf(key) === n).reduce((bits, { page }) => bits | (1 << page), 0)
      if (!row) return { state: 'none' }
      const ready = row.state === 'ready'
      const holder = row.holder === null ? 'nobody' : String(this.hands.findIndex(({ id }) => id === row.holder))
      const finish = n === this.shape.tasks.length
      return {
        state: row.state,
        lane: row.lane === null ? null : Number(row.lane.slice('lane '.length)),
        step: finish ? 0 : row.step,
        written,
        claimed: row.claimed,
        holder,
        due: ready && row.due,
        woken: ready && row.woken,
      }
    })
    const hands = this.hands.map(({ task, goOn }) => (task ? `${this.numberOf(task.key)}/${task.step} ${goOn ? 'reads' : 'over'}` : 'idle'))
    return { job: job?.status, started: job?.started, reported: job?.reported, tasks, hands }
  }
}
