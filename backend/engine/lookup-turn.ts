import { isAway } from '../db'
import type { WorkerEngine } from './engine'
import { Fatal, RetryLater, Throttled } from './errors'
import { said } from './events'
import { createIo } from './io'
import { answerLookups, ask, type ClaimedLookups, claimLookups, releaseLookups } from './lookups'
import type { HttpUse, Id, Lookup, Source } from './source'
import { backoffMs } from './step'

/**
 * One claim of lookups: the ids of the bell first, up to a bulk; read, then rows and answers in one transaction.
 * @param hold is told of the claim while it is in hand
 */
export async function lookupTurn(
  engine: WorkerEngine,
  source: Source,
  kind: string,
  lookup: Lookup,
  first: readonly Id[],
  hold: Set<bigint>,
): Promise<void> {
  const held = await claimLookups(engine.db, kind, lookup.batch, first, engine.id)
  if (held.ids.length === 0) return
  hold.add(held.claim)
  try {
    await answer(engine, source, lookup, held)
  } catch (error) {
    if (isAway(error)) throw error
    const waits = error instanceof Throttled || engine.signal.aborted
    const inMs =
      error instanceof Throttled
        ? Math.max(0, error.until.getTime() - Date.now())
        : engine.signal.aborted
          ? 0
          : backoffMs(error instanceof Fatal ? 8 : 3)
    await releaseLookups(engine.db, held, { inMs, failed: !waits, error: waits ? undefined : String(error) })
    said.lookupsWait(engine.log, kind, held.ids.length, error as Error, inMs)
  } finally {
    hold.delete(held.claim)
  }
}

async function answer(engine: WorkerEngine, source: Source, lookup: Lookup, held: ClaimedLookups): Promise<void> {
  const endsAt = Date.now() + engine.turnMs
  const use: HttpUse = { class: 'backfill', signal: engine.signal, traffic: {}, log: engine.log }
  const answers = await lookup.read(held.ids, { ...createIo(engine, source, use, endsAt), held: engine.db })
  if (answers.answered.length + answers.missing.length === 0)
    throw new RetryLater('no_answer', `no answer for any of ${held.ids.length} ids`)
  engine.reached('before commit')
  await engine.db.tx(async (tx) => {
    await lookup.write(tx, answers)
    await ask(tx, answers.lookups ?? {}, { priority: 2 })
    if (!(await answerLookups(tx, held, answers, lookup.freshMs))) throw new Error('its lookups were taken away while they were read')
  })
  engine.reached('after commit')
  said.lookups(engine.log, held.kind, held.ids.length, answers.answered.length, answers.missing.length)
}
