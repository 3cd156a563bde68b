import type { Id } from '../base/json'
import { defaultsOf, type HttpUse, type Io, type Source } from '../contract'
import type { WorkerEngine } from './engine'

/** A read goes on only while its next request is granted within this long, ms: the gate sleeps no longer inline. */
const NEAR_MS = 2000

/**
 * What a read may use.
 * @param endsAt `more()` says no after this, ms since the epoch
 * @param known the stream's answer to `io.known`; absent: nothing is known
 */
export function createIo(
  engine: WorkerEngine,
  source: Source,
  use: HttpUse,
  endsAt: number,
  known: Io['known'] = async () => new Set<Id>(),
): Io {
  return {
    http: engine.http(source, use),
    known,
    held: engine.db,
    more: () => !engine.stopping() && Date.now() < endsAt && (use.nextAt?.getTime() ?? 0) <= Date.now() + NEAR_MS,
    settings: (engine.settings ?? defaultsOf)(source),
    log: engine.log,
    signal: engine.signal,
  }
}
