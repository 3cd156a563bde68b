import { Refused } from '../../base/errors'
import type { Tx } from '../../base/sql'
import { requireAccess } from '../../config/apis'
import { settingsReader } from '../../config/config'
import type { RouteContext, RouteFigures, RouteGate, Source } from '../../contract'
import { credentialsOf } from '../../engine/credentials/saved'
import { admit } from '../../engine/jobs/admission'
import { findJob, insertJobs, parseParams, type Started } from '../../engine/jobs/verbs'
import { logJobsStarted } from '../../engine/log'
import { openElsewhere, releaseHeld } from '../../engine/store'
import { workOf } from '../../engine/upkeep/source-work'
import { wake } from '../../engine/wake'
import type { Service } from '../base/context'
import { type JobDetail, jobDetail } from '../jobs/detail'
import { estimateJob } from '../jobs/estimate'
import { partitionsOf } from '../jobs/partitions'
import { inboxOf, PRIORITY, refusingKey, sendWakeUps } from '../jobs/start'
import { doVerb } from '../jobs/verbs'
import { type Actor, act, originOf } from '../suite/actions'
import { type GateInfo, listGates } from '../suite/gates'
import { askFor } from './ask'
import { listRouteJobs, readRouteJob } from './jobs'

/**
 * The context of one request to a route of this source.
 * @param request its id, and its W3C trace context
 */
export function createRouteContext(service: Service, source: Source, actor: Actor, request: { id: string; trace?: string }): RouteContext {
  const { trace } = request
  const { db, log } = service
  const begun = new WeakMap<Tx, Started[]>()
  const releasing = new WeakSet<Tx>()

  const missing = (id: string) => new Refused('missing', `there is no job ${id}`, 'id')

  /** The full id of a job of this source; its routes do not see the jobs of others. */
  async function ownId(id: string): Promise<string> {
    const job = await findJob(service, id)
    if (job.source !== source.name) throw missing(id)
    return job.id
  }

  async function commit<T>(work: (tx: Tx) => Promise<T>): Promise<{ result: T; jobs: Started[]; released: boolean }> {
    let jobs: Started[] = []
    let released = false
    const result = await db.tx(async (tx) => {
      // The transaction runs again after a deadlock; the jobs of the attempt before were rolled back.
      jobs = []
      begun.set(tx, jobs)
      const done = await work(tx)
      released = releasing.has(tx)
      return done
    })
    return { result, jobs, released }
  }

  async function announce(jobs: readonly Started[], released: boolean): Promise<void> {
    if (jobs.length === 0 && !released) return
    if (jobs.length > 0) {
      logJobsStarted(log, source.name, jobs)
      await admit(service)
    }
    const unsent = await sendWakeUps(service, () => wake(db, service.broker))
    if (unsent !== undefined) log.warn('Could not wake workers; the scheduler will', { source: source.name, reason: unsent })
  }

  async function release(tx: Tx, key: string): Promise<number> {
    releasing.add(tx)
    return await releaseHeld(tx, key)
  }

  return {
    db,
    who: actor.who,
    requestId: request.id,
    settings: settingsReader(service.config)(source),
    work: workOf(db, source.name),
    async act(verb, target, detail, work) {
      const committed = async () => {
        const done = await commit(work)
        await announce(done.jobs, done.released)
        return done
      }
      const done = await act(service, actor, verb, target, detail, committed, ({ jobs }) => target ?? jobs[0]?.id ?? null)
      return done.result
    },
    async start(tx, params, { priority = 'backfill', force, idempotencyKey } = {}) {
      const jobs = begun.get(tx)
      if (!jobs) throw new Error('a route starts jobs inside the transaction of act')
      requireAccess(source, service.config)
      const inbox = inboxOf({ source: source.name, params, force, priority, idempotencyKey })
      const options = { priority: PRIORITY[priority], force, inbox, trace, origin: originOf(actor) }
      const [job] = await refusingKey(idempotencyKey, () => insertJobs(tx, service, source, [parseParams(source, params)], options))
      jobs.push(job)
      return { id: job.id, status: job.status, created: job.created, added: job.added }
    },
    release,
    credentials: credentialsOf({ db, sealer: service.config.sealer }, source, release),
    http: askFor(service, source),
    estimate: (params, priority = 'backfill') => estimateJob(service, { source: source.name, params, priority: PRIORITY[priority] }),
    async steer(verb, id, only) {
      await doVerb(service, actor, verb, await ownId(id), only)
    },
    async gates() {
      const gates = await listGates(service)
      return gates.filter((gate) => source.apis[gate.api] !== undefined).map(gateOf)
    },
    inFlight: (stream, keys) => openElsewhere(db, source.name, null, stream, keys),
    jobs: (ask) => listRouteJobs(db, source.name, ask),
    async job(id) {
      const job = await readRouteJob(db, await ownId(id))
      if (!job) throw missing(id)
      return job
    },
    figures: async (id) => figuresOf(await jobDetail(service, await ownId(id))),
    partitions: async (id, part) => await partitionsOf(service, await ownId(id), part),
  }
}

const gateOf = ({ name, used, inFlight, concurrent, nextAt, blockedUntil, granted, waits, throttled }: GateInfo): RouteGate => ({
  name,
  used,
  inFlight,
  concurrent,
  nextAt,
  blockedUntil,
  granted,
  waits,
  throttled,
})

const figuresOf = (job: JobDetail): RouteFigures => ({
  pages: job.pages,
  seen: job.seen,
  new: job.new,
  updated: job.updated,
  unchanged: job.unchanged,
  known: job.known,
  rejected: job.rejected,
  deleted: job.deleted,
  expected: job.expected,
  fraction: job.fraction,
  rate: job.rate,
  leftMs: job.leftMs,
  requests: job.requests,
  counters: job.counters,
  stages: job.stages,
  held: heldOf(job),
})

function heldOf({ inHand }: JobDetail): RouteFigures['held'] {
  const held: RouteFigures['held'] = {}
  for (const { stream } of inHand) held[stream] = (held[stream] ?? 0) + 1
  return held
}
