import type { WorkerEngine } from './engine'
import type { HttpUse, Id, Io, Source } from './source'

/** A read goes on only while its next request is granted within this long, ms: the gate sleeps no longer inline. */
const NEAR_MS = 2000

/**
 * What a read may use.
 * @param endsAt `more()` says no after this, ms since the epoch
 * @param held the read's two questions about what is held; absent: nothing is
 */
export function createIo(
  engine: WorkerEngine,
  source: Source,
  use: HttpUse,
  endsAt: number,
  held: Partial<Pick<Io, 'known' | 'due'>> = {},
): Io {
  return {
    http: engine.http(source, use),
    known: async () => new Set<Id>(),
    due: async () => [],
    ...held,
    more: () => !engine.stopping() && Date.now() < endsAt && (use.nextAt?.getTime() ?? 0) <= Date.now() + NEAR_MS,
    log: engine.log,
    signal: engine.signal,
  }
}
