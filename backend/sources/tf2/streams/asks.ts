import { RetryLater, Throttled } from '../../../base/errors'
import type { Io, Reject } from '../../../contract'
import { type Asked, readListing } from '../client'
import type { Wanted } from '../cursor'
import { contentOf } from '../records'
import type { Statement } from '../store'
import { type ItemPage, type ItemStep, keep } from './snapshot'

/*
 * Listings one by one. Only a 404 says that one is gone; whatever else goes wrong leaves its row as it is.
 */

/** Listings of one step: a turn gives way between steps, and a listing that somebody waits for must not wait for others. */
const AT_ONCE = 1
/** Times one listing may fail before it is left as unknown. */
const TRIES = 3
const AGAIN_MS = 1_000

/** An error that is not about one listing. */
const concernsAll = (error: RetryLater): boolean => error.kind === 'unauthorized' || error.kind === 'blocked_page'

export async function readAsks(step: ItemStep, io: Io): Promise<ItemPage> {
  const { cursor } = step
  const listed = cursor.listed as NonNullable<typeof cursor.listed>
  const now = Date.now()
  const due = listed.wanted.filter((one) => (one.at ?? 0) <= now)
  if (due.length === 0) throw new Throttled('backpack.tf to answer', new Date(Math.min(...listed.wanted.map((one) => one.at ?? 0))))
  const outcomes = new Map<string, Asked | { again: Wanted }>()
  for (const one of due.slice(0, AT_ONCE)) {
    if (outcomes.size > 0 && !io.more()) break
    try {
      outcomes.set(one.id, await readListing(io, one.id))
    } catch (error) {
      if (error instanceof Throttled && outcomes.size > 0) break
      if (!(error instanceof RetryLater) || concernsAll(error)) throw error
      io.log.warn(`listing ${one.id} cannot be read now: ${error.message}`, { kind: error.kind })
      const tries = one.tries + 1
      outcomes.set(
        one.id,
        tries < TRIES ? { again: { ...one, tries, at: now + AGAIN_MS * 2 ** tries } } : { kind: 'unknown', why: error.kind },
      )
      break
    }
  }
  return pageOf(step, outcomes)
}

function pageOf({ cursor }: ItemStep, outcomes: ReadonlyMap<string, Asked | { again: Wanted }>): ItemPage {
  const listed = cursor.listed as NonNullable<typeof cursor.listed>
  const statements: Statement[] = []
  const rejected: Reject[] = []
  const wanted: Wanted[] = []
  const counts: Record<string, number> = {}
  const add = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  let kept = cursor.kept
  for (const one of listed.wanted) {
    const outcome = outcomes.get(one.id)
    if (!outcome || 'again' in outcome) {
      wanted.push(outcome?.again ?? one)
      continue
    }
    add(`listings_${outcome.kind}`)
    if (outcome.kind === 'found')
      statements.push({ id: one.id, moment: outcome.moment, content: contentOf(outcome.listing), document: outcome.document })
    else if (outcome.kind === 'gone') statements.push({ id: one.id, moment: outcome.moment })
    else if (outcome.kind === 'bad') rejected.push({ key: one.id, reason: 'schema', detail: outcome.detail, raw: outcome.raw })
    else
      kept = keep(
        kept,
        one.stale
          ? `a row that the snapshot does not show could not be confirmed (${outcome.why})`
          : `a listing could not be read (${outcome.why})`,
        1,
      )
  }
  return { batch: { statements, began: cursor.began, counts }, rejected, next: { ...cursor, kept, listed: { ...listed, wanted } } }
}
