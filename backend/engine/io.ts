import type { Id } from '../base/json'
import { defaultsOf, type HttpUse, type Io, type Source } from '../contract'
import type { WorkerEngine } from './engine'

/** A read continues only while its next request gets a slot within this time, ms: the gate waits no longer than this. */
const NEAR_MS = 2000

/** A read that is of no task: nothing is stored, nothing in flight, nothing has ended. */
const NO_TASK: Partial<Io> & Pick<Io, 'known' | 'inFlight' | 'ended'> = {
  known: async () => new Set<Id>(),
  inFlight: async () => new Map(),
  ended: async () => ({ done: 0, skipped: 0, failed: 0, cancelled: 0, error: null, skip: null, unverified: null }),
}

/**
 * What a read may use.
 * @param endsAt after this `more()` is false, ms since the epoch
 * @param held answers what depends on the task
 */
export function createIo(engine: WorkerEngine, source: Source, use: HttpUse, endsAt: number, held = NO_TASK): Io {
  const isNear = (api: string | undefined) => ((api === undefined ? undefined : use.nextAt[api])?.getTime() ?? 0) <= Date.now() + NEAR_MS
  return {
    http: engine.http(source, use),
    held: engine.db,
    ...held,
    more: (api = use.asked) => !engine.stopping() && Date.now() < endsAt && isNear(api),
    settings: (engine.settings ?? defaultsOf)(source),
    log: engine.log,
    signal: engine.signal,
  }
}
