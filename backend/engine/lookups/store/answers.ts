import type { Id } from '../../../base/json'
import type { Tx } from '../../../base/sql'
import type { Answers } from '../../../contract'
import { RELEASED } from '../../store'
import { jitter, SET_BACK } from './attempts'
import type { ClaimedLookups } from './claims'

/** When an id that a source denies is asked for again, ms: soon where the same question had answers for others, later where it had none. */
const ASK_AGAIN_MS = { answering: 5_000, silent: 60_000 }

/** Answers by what becomes of their ids. */
export interface Sorted<F> {
  /** Only those count as missing that the source has denied twice: services have denied for a moment what they have. */
  believed: Answers<F>
  /** Denied for the first time. */
  doubted: Answers<F>['missing']
}

export function sortAnswers<F>({ denied }: ClaimedLookups, answers: Answers<F>): Sorted<F> {
  const { missing } = answers
  return {
    believed: { ...answers, missing: missing.filter((one) => denied.has(one.id)) },
    doubted: missing.filter((one) => !denied.has(one.id)),
  }
}

/**
 * Records answers. Ids denied for the first time are asked again soon, ids whose question failed by their own tries, and those
 * that got no answer at once.
 * @returns false when the claim was lost meanwhile
 */
export async function answerLookups(
  tx: Tx,
  held: ClaimedLookups,
  { believed, doubted }: Sorted<unknown>,
  freshMs: number,
): Promise<boolean> {
  const { answered, missing, failed = [] } = believed
  const claim = [held.kind, held.claim]
  // Locked in the order in which pages ask for them, so that neither waits for the other.
  const rows = await tx.query<{ id: Id; place: string }>(
    `select id, ctid::text as place from backhaul.lookups where kind = $1 and claim = $2 order by id for update`,
    claim,
  )
  if (rows.length < held.ids.length) return false
  const places = new Map(rows.map((row) => [row.id, row.place]))
  const placesOf = (ids: readonly Id[]) => ids.map((id) => places.get(id))
  const set = (fields: string, from: string, values: readonly unknown[]) =>
    tx.query(
      `update backhaul.lookups l set ${RELEASED}, ${fields}
         from ${from} where l.ctid = a.place and l.kind = $1 and l.claim = $2`,
      [...claim, ...values],
    )
  await set(
    `answered = l.claimed, attempts = 0, error = a.reason, denied_at = case when a.reason is null then null else l.denied_at end,
     fresh_until = coalesce(a.again, clock_timestamp() + $6 * interval '1 millisecond')`,
    'unnest($3::tid[], $4::text[], $5::timestamptz[]) as a(place, reason, again)',
    [
      placesOf([...answered, ...missing.map((one) => one.id)]),
      [...answered.map(() => null), ...missing.map((one) => one.reason)],
      [...answered.map(() => null), ...missing.map((one) => one.checkAgain ?? null)],
      freshMs,
    ],
  )
  if (doubted.length > 0) {
    await set(
      `denied_at = clock_timestamp(), error = 'the source says ' || a.reason || '; it is asked once more before it is believed',
       due_at = clock_timestamp() + $5 * interval '1 millisecond'`,
      'unnest($3::tid[], $4::text[]) as a(place, reason)',
      [
        placesOf(doubted.map((one) => one.id)),
        doubted.map((one) => one.reason),
        answered.length > 0 ? ASK_AGAIN_MS.answering : ASK_AGAIN_MS.silent,
      ],
    )
  }
  if (failed.length > 0) {
    await set(`error = a.error, ${SET_BACK}`, 'unnest($5::tid[], $6::text[]) as a(place, error)', [
      0,
      jitter(),
      placesOf(failed.map((one) => one.id)),
      failed.map(({ error }) => String(error)),
    ])
  }
  await tx.query(`update backhaul.lookups set ${RELEASED} where kind = $1 and claim = $2`, claim)
  return true
}
