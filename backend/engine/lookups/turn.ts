import { Fatal, Held, RetryLater, Throttled } from '../../base/errors'
import type { Id } from '../../base/json'
import type { Tx } from '../../base/sql'
import type { HttpUse, Lookup, Source } from '../../contract'
import { isUnreachable } from '../../database/passing'
import { span } from '../../tracing'
import { kindOf, type WorkerEngine } from '../engine'
import { createIo } from '../io'
import { lookupsAnswered, lookupsHeld, lookupsRetry, lookupsWait } from '../outcomes'
import { beganAt, holdLookups } from '../store'
import { answerLookups, ask, type ClaimedLookups, claimLookups, releaseLookups, sortAnswers } from './store'

/** The least wait after an error that no retry is likely to mend, ms. */
const FATAL_MS = 120_000

/**
 * One claim of lookups: the ids of the wake-up first, up to a bulk; read, then rows and answers in one transaction.
 * @param hold called with the claim while it is in hand
 */
export async function lookupTurn(
  engine: WorkerEngine,
  source: Source,
  kind: string,
  lookup: Lookup,
  first: readonly Id[],
  hold: Set<bigint>,
): Promise<void> {
  const began = performance.now()
  const held = await claimLookups(engine.db, kind, lookup.batch, first, engine.id)
  if (held.ids.length === 0) return
  hold.add(held.claim)
  const use: HttpUse = { class: 'backfill', who: `lookups ${kind}`, signal: engine.signal, nextAt: {}, traffic: {}, log: engine.log }
  try {
    await span(`lookup ${kind}`, { 'backhaul.ids': held.ids.length }, () => answer(engine, source, lookup, held, use))
  } catch (error) {
    if (isUnreachable(error)) throw error
    if (error instanceof Held && !engine.signal.aborted) {
      const { key, reason } = error
      const isHeld = await holdLookups(engine.db, held, { key, reason, since: await beganAt(engine.db, began) })
      if (isHeld) lookupsHeld(engine.log, kind, held.ids.length, key, reason)
      return
    }
    const waits = error instanceof Throttled || engine.signal.aborted
    const least =
      error instanceof Throttled ? Math.max(0, error.until.getTime() - Date.now()) : error instanceof Fatal && !waits ? FATAL_MS : 0
    const inMs = await releaseLookups(engine.db, held, { inMs: least, failed: !waits, error: waits ? undefined : String(error) })
    const back = { source: source.name, kind, ids: held.ids.length, inMs }
    if (waits) lookupsWait(engine.log, back, error, error instanceof Throttled ? error.on : undefined)
    else lookupsRetry(engine.log, back, error, { kind: kindOf(error), api: use.asked })
  } finally {
    hold.delete(held.claim)
  }
}

async function answer(engine: WorkerEngine, source: Source, lookup: Lookup, held: ClaimedLookups, use: HttpUse): Promise<void> {
  const endsAt = Date.now() + engine.turnMs
  const answers = await lookup.read(held.ids, createIo(engine, source, use, endsAt), held.denied)
  const { found, answered, failed = [] } = answers
  if (found.length + answered.length + answers.missing.length + failed.length === 0)
    throw new RetryLater('no_answer', `no answer for any of ${held.ids.length} ids`)
  engine.reached('before commit')
  const sorted = sortAnswers(held, answers)
  const missing = sorted.believed.missing.length
  const work = async (tx: Tx) => {
    await lookup.write(tx, sorted.believed)
    await ask(tx, answers.lookups ?? {}, { priority: 2 })
    if (!(await answerLookups(tx, held, sorted, lookup.freshMs))) throw new Error('lost the claim on the lookups while reading them')
  }
  await span('commit', {}, () => engine.db.tx(work))
  lookupsAnswered(engine.log, {
    source: source.name,
    kind: held.kind,
    asked: held.ids.length,
    answered: answered.length,
    missing,
    failed: failed.map(({ error }) => ({ kind: kindOf(error), error })),
    api: use.asked,
  })
  engine.reached('after commit')
}
