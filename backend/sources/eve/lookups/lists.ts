import type { Id } from '../../../base/json'
import { type Bisected, bisect, type Io } from '../../../contract'

/** Refusals of one read where the route answers as well; each costs one of ESI's errors in a minute, of which there are 100. */
const MAX_REFUSALS = 30
/** How long a route that refuses whatever it is asked is left alone, ms; it doubles while it goes on so. */
const PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 600_000

/** One bulk route as this process knows it. */
export interface ListRoute {
  /** It refuses every list until then, ms since 1970. */
  until: number
  pauseMs: number
  /** An id that was answered alone meanwhile: a route that refuses it still refuses everything. */
  good?: Id
}

export const listRoute = (): ListRoute => ({ until: 0, pauseMs: 0 })

/** One bad id among `count` is found by halving them down to it; a few more refusals in a row are no matter of single ids. */
const isEnoughOf =
  (count: number) =>
  (refusals: number, found: number): boolean =>
    refusals >= (found > 0 ? MAX_REFUSALS : Math.ceil(Math.log2(count)) + 4)

/**
 * Asks a bulk route for ids. One that refuses every list is left alone for a while; what is unsure then is to be asked alone.
 * @param ask undefined when the route refuses the ids
 */
export async function askLists<T>(
  route: ListRoute,
  ids: readonly Id[],
  io: Io,
  ask: (ids: readonly Id[]) => Promise<T[] | undefined>,
): Promise<Bisected<T>> {
  const unsure = { found: [], bad: [], unsure: [...ids], left: [] }
  if (ids.length === 0 || route.until > Date.now()) return unsure
  if (route.good !== undefined && !(await ask([route.good]))) {
    pause(route, io)
    return unsure
  }
  const result = await bisect(ids, io, ask, isEnoughOf(ids.length))
  if (result.unsure.length > 0 && result.found.length === 0) pause(route, io)
  else if (result.found.length > 0) Object.assign(route, { pauseMs: 0, good: undefined })
  return result
}

function pause(route: ListRoute, io: Io): void {
  route.pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(PAUSE_MS, route.pauseMs * 2))
  route.until = Date.now() + route.pauseMs
  io.log.warn(`ESI refuses every list of ids; asking one by one for ${route.pauseMs / 60_000} min`)
}
