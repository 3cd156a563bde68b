import { type Cache, createCache } from '../../base/cache'

interface Pool {
  db: object
}

const cleared = new WeakMap<object, Set<Cache<unknown>>>()

/** One value for each database pool, created at first use and collected with the pool. */
export function perDatabase<T extends object>(make: () => T): (service: Pool) => T {
  const values = new WeakMap<object, T>()
  return ({ db }) => {
    const value = values.get(db) ?? make()
    values.set(db, value)
    return value
  }
}

/** A cache of query results, one for each pool. @param minMs how long a result is fresh at least */
export const databaseCache = <T>(minMs: number): ((service: Pool) => Cache<T>) => {
  const cacheOf = perDatabase(() => createCache<T>({ minMs }))
  return (service) => {
    const cache = cacheOf(service)
    const all = cleared.get(service.db) ?? new Set()
    cleared.set(service.db, all.add(cache))
    return cache
  }
}

/** Clears every cache of a database: once it is unreachable, earlier results are no longer true. */
export function clearCaches({ db }: Pool): void {
  for (const cache of cleared.get(db) ?? []) cache.clear()
}

/** Jobs by status, for each filter; cleared by every action, because its author reads them next. */
export const jobCounts = databaseCache<Record<string, number>>(1000)
