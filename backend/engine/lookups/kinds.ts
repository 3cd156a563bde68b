import type { QueueName } from '../../../queues/names'
import { type Source, sourcesOn } from '../../contract'

/** The lookup kinds of all sources. */
export const lookupKinds = (sources: Iterable<Source>) => [...sources].flatMap((source) => Object.entries(source.lookups ?? {}))

/** The lookup whose ids travel on a queue; undefined for a queue of requests. */
export function lookupOn(sources: readonly Source[], queue: QueueName) {
  for (const source of sourcesOn(sources, queue)) {
    for (const [kind, definition] of Object.entries(source.lookups ?? {}))
      if (definition.queue === queue) return { source, kind, definition }
  }
  return undefined
}
