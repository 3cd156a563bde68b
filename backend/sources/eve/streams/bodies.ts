import { RetryLater, Throttled } from '../../../base/errors'
import { type Io, issuesOf, type Reject } from '../../../contract'
import { readBody } from '../client'
import { hashesOf, listedUnder, rejectOf } from '../judge'
import { wantOf } from '../listing'
import { STRAGGLE_MS } from '../months'
import { body, entitiesOf, type Killmail, rowsOf } from '../records'
import type { Refusal } from '../store'
import type { Pending, WalkCursor } from './cursor'
import { isWanted } from './page'
import type { WalkPage, WalkStep } from './rules'

/** Bodies and rows of one step. */
const MAX_BODIES = 50
const MAX_ROWS = 20_000
/** Times a hash is asked for in all: ESI has answered 422 under load for killmails it had. */
const ASKS = 2
/** Failures of ESI over one killmail before it is rejected. */
const TRIES = 3
const SECOND_LOOK_MS = 60_000

type Outcome = { killmail: Killmail } | { reject: Reject } | { later: Pending }

/** Fetches bodies of pending killmails from ESI, as many as the moment allows. */
export async function readBodies(step: WalkStep, io: Io): Promise<WalkPage> {
  const { cursor } = step
  const due = cursor.pending.filter((one) => (one.at ?? 0) <= Date.now() + 1000).slice(0, MAX_BODIES)
  const outcomes = new Map<string, Outcome>()
  let rows = 0
  for (const one of due) {
    if (outcomes.size > 0 && (!io.more() || rows >= MAX_ROWS)) break
    try {
      const outcome = await ask(one, io)
      outcomes.set(one.id, outcome)
      if ('killmail' in outcome) rows += rowsOf(outcome.killmail)
    } catch (error) {
      // What has been fetched is kept; the wait is met again at the next step.
      if (error instanceof Throttled && outcomes.size > 0) break
      if (!(error instanceof RetryLater)) throw error
      io.log.warn(`ESI did not serve killmail ${one.id}, trying again later: ${error.message}`, { kind: error.kind })
      outcomes.set(one.id, failed(one, error))
      break
    }
  }
  return pageOf(step, outcomes)
}

async function ask(one: Pending, io: Io): Promise<Outcome> {
  const hashes = hashesOf(one)
  const hash = hashes[Math.min(one.refused, hashes.length - 1)] as string
  const answer = await readBody(io, one.id, hash)
  if ('refused' in answer) return refused(one, answer.refused, hashes.length)
  const parsed = body.safeParse(answer.raw)
  if (!parsed.success || String(parsed.data.killmail_id) !== one.id) {
    const fault = parsed.error ? issuesOf(parsed.error) : 'it is another killmail'
    return { reject: { ...rejectOf(one, `ESI's body: ${fault}`, answer.raw), reason: 'schema' } }
  }
  return { killmail: { id: one.id, hash, listedHash: listedUnder(one, hash), body: parsed.data, zkb: one.zkb } }
}

/** Another hash is tried at once, the same one a minute later. */
function refused(one: Pending, text: string, hashes: number): Outcome {
  const asked = one.refused + 1
  if (asked >= ASKS) return { reject: rejectOf(one, `ESI refused it twice: ${text}`) }
  return { later: { ...one, refused: asked, ...(asked < hashes ? {} : { at: Date.now() + SECOND_LOOK_MS }) } }
}

function failed(one: Pending, error: RetryLater): Outcome {
  const tries = one.tries + 1
  if (tries > TRIES) return { reject: { ...rejectOf(one, `ESI failed ${tries} times: ${error.message}`), reason: 'esi_failed' } }
  return { later: { ...one, tries, at: Date.now() + 15_000 * 2 ** tries } }
}

function pageOf({ cursor, params }: WalkStep, outcomes: Map<string, Outcome>): WalkPage {
  const want = wantOf(params)
  const next: WalkCursor = { ...cursor, pending: [] }
  const killmails: Killmail[] = []
  const rejected: Reject[] = []
  const refused: Refusal[] = []
  for (const one of cursor.pending) {
    const outcome = outcomes.get(one.id)
    if (!outcome || 'later' in outcome) {
      next.pending.push(outcome?.later ?? one)
      continue
    }
    const time = 'killmail' in outcome ? Date.parse(outcome.killmail.body.killmail_time) : undefined
    if (time === undefined || time >= want.from - STRAGGLE_MS) next.old = undefined
    if (time !== undefined) next.oldest = Math.min(next.oldest ?? time, time)
    if ('reject' in outcome) {
      rejected.push(outcome.reject)
      if (outcome.reject.reason !== 'esi_failed') refused.push({ id: one.id, hash: one.hash, reason: outcome.reject.reason })
    } else if (isWanted(time, want)) killmails.push(outcome.killmail)
    else next.counted--
  }
  if (cursor.old && next.old && next.pending.length === 0) next.over = true
  return { batch: { killmails, refused, again: !want.skipExisting }, next, rejected, lookups: entitiesOf(killmails) }
}
