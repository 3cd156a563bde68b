import type { Id } from '../base/json'
import { defaultsOf, type HttpUse, type Io, type Source } from '../contract'
import type { WorkerEngine } from './engine'

/** A read continues only while its next request gets a slot within this time, ms: the gate waits no longer than this. */
const NEAR_MS = 2000

/**
 * What a read may use.
 * @param endsAt after this `more()` is false, ms since the epoch
 * @param held answers `known` and `inFlight` for a task: by default nothing is stored and nothing in flight
 */
export function createIo(
  engine: WorkerEngine,
  source: Source,
  use: HttpUse,
  endsAt: number,
  held: Pick<Io, 'known' | 'inFlight'> = { known: async () => new Set<Id>(), inFlight: async () => new Map() },
): Io {
  const isNear = (api: string | undefined) => ((api === undefined ? undefined : use.nextAt[api])?.getTime() ?? 0) <= Date.now() + NEAR_MS
  return {
    http: engine.http(source, use),
    ...held,
    held: engine.db,
    more: (api = use.asked) => !engine.stopping() && Date.now() < endsAt && isNear(api),
    settings: (engine.settings ?? defaultsOf)(source),
    log: engine.log,
    signal: engine.signal,
  }
}
