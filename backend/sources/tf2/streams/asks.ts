import { RetryLater, Throttled } from '../../../base/errors'
import type { Io, Reject } from '../../../contract'
import { type Asked, readListing } from '../client'
import type { ItemCursor, Wanted } from '../cursor'
import { contentOf } from '../records'
import type { Statement } from '../store'
import { type ItemPage, type ItemStep, keep } from './snapshot'

/*
 * Listings one by one. Only a 404 says that one is gone; whatever else goes wrong leaves its row as it is.
 */

/** Times one listing may fail before it is left as unknown. */
const TRIES = 3
const AGAIN_MS = 1_000

/** An error that is not about one listing. */
const concernsAll = (error: RetryLater): boolean => error.kind === 'unauthorized' || error.kind === 'blocked_page'

type Outcome = Asked | { kind: 'again'; wanted: Wanted }

/**
 * One listing a step: a turn yields between steps, and a listing that somebody waits for must not wait for others.
 * @throws {Throttled} when none may be asked for now
 */
export async function readAsk(step: ItemStep, io: Io): Promise<ItemPage> {
  const { wanted } = step.cursor.listed as NonNullable<ItemCursor['listed']>
  const now = Date.now()
  const one = wanted.find(({ at = 0 }) => at <= now)
  if (!one) throw new Throttled('backpacktf', new Date(Math.min(...wanted.map(({ at = 0 }) => at))))
  return pageOf(step, one, await readOne(one, io))
}

async function readOne(one: Wanted, io: Io): Promise<Outcome> {
  try {
    return await readListing(io, one.id)
  } catch (error) {
    if (!(error instanceof RetryLater) || concernsAll(error)) throw error
    io.log.warn(`listing ${one.id} cannot be read now: ${error.message}`, { kind: error.kind })
    const tries = one.tries + 1
    if (tries >= TRIES) return { kind: 'unknown', why: error.kind }
    return { kind: 'again', wanted: { ...one, tries, at: Date.now() + AGAIN_MS * 2 ** tries } }
  }
}

function pageOf({ cursor }: ItemStep, one: Wanted, outcome: Outcome): ItemPage {
  const listed = cursor.listed as NonNullable<ItemCursor['listed']>
  const { kind } = outcome
  if (kind === 'again') {
    const wanted = listed.wanted.map((other) => (other === one ? outcome.wanted : other))
    return { batch: { statements: [], began: cursor.began }, next: { ...cursor, listed: { ...listed, wanted } } }
  }
  const statements: Statement[] = []
  const rejected: Reject[] = []
  let kept = cursor.kept
  if (kind === 'found')
    statements.push({ id: one.id, moment: outcome.moment, content: contentOf(outcome.listing), document: outcome.document })
  else if (kind === 'gone') statements.push({ id: one.id, moment: outcome.moment })
  else if (kind === 'bad') rejected.push({ key: one.id, reason: 'schema', detail: outcome.detail, raw: outcome.raw })
  else
    kept = keep(
      kept,
      one.stale
        ? `a row that the snapshot does not show could not be confirmed (${outcome.why})`
        : `a listing could not be read (${outcome.why})`,
      1,
    )
  return {
    batch: { statements, began: cursor.began, counts: { [`listings_${kind}`]: 1 } },
    rejected,
    next: { ...cursor, kept, listed: { ...listed, wanted: listed.wanted.filter((other) => other !== one) } },
  }
}
