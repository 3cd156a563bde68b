import type { Progress, Turn } from '../../engine/jobs/progress'
import { rateMeter } from '../jobs/rates'
import { keeper } from './keep'

/*
 * What a process remembers between two looks: only figures to show, all of it found anew after a restart.
 */

const make = () => ({
  rates: rateMeter(),
  counts: keeper<Record<string, number>>(1000),
  lookups: keeper<ReadonlyMap<string, Progress['lookups']>>(500),
  turns: keeper<ReadonlyMap<string, Turn>>(1000),
  parts: keeper<unknown>(500),
  figures: keeper<unknown>(1000),
})

const memories = new WeakMap<object, ReturnType<typeof make>>()

/** What was found before says nothing any more: the database is unreachable. */
export function forgetFigures(service: { db: object }): void {
  const { counts, lookups, turns, parts, figures } = memoryOf(service)
  for (const kept of [counts, lookups, turns, parts, figures]) kept.forget()
}

/** One memory a database pool. */
export function memoryOf({ db }: { db: object }): ReturnType<typeof make> {
  const memory = memories.get(db) ?? make()
  memories.set(db, memory)
  return memory
}
