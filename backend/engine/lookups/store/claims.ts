import type { Id } from '../../../base/json'
import { isDue, type Reader } from '../../../base/sql'
import { HELD_BY, HELD_BY_NOBODY, RELEASED, YOUNG } from '../../store'
import { jitter, SET_BACK } from './attempts'

/** One number for all claims of lookups in a database; the kind is the second half of the lock. */
const CLAIM_LOCK = 7_265_002

/**
 * Up to `most` open ids of a kind that are due, in the order in which they are taken. The index lookups_claimable holds each
 * priority in that order, so as many rows are read as are taken, however many wait. What is done with them finds them by their
 * `place`: a join by id that was planned while the table was small reads all of it for each.
 */
export const openIds = (kind: string, most: string): string => `select d.* from generate_series(0, 9) as p(priority) cross join lateral (
    select ctid as place, * from backhaul.lookups
     where kind = ${kind} and priority = p.priority and asked > answered and claim is null and ${isDue('due_at')}
     order by due_at, id limit ${most}) d
  order by d.priority, d.due_at, d.id limit ${most}`

export interface ClaimedLookups {
  kind: string
  claim: bigint
  /** Those that failed least first: what always fails must not stand before the others. */
  ids: Id[]
  /** Those that the source has denied before: there is no such id. */
  denied: ReadonlySet<Id>
}

const byTries = (a: { id: Id; attempts: number }, b: { id: Id; attempts: number }): number =>
  a.attempts - b.attempts || (a.id < b.id ? -1 : 1)

/**
 * Takes up to `batch` open ids of a kind, those of the wake-up first. One claim at a time for each kind: two at the
 * same moment would split a bulk between them.
 */
export async function claimLookups(db: Reader, kind: string, batch: number, first: readonly Id[], holder: string): Promise<ClaimedLookups> {
  const rows = await db.query<{ id: Id; claim: bigint; denied: boolean; attempts: number }>(
    `with alone as materialized (select pg_advisory_xact_lock(${CLAIM_LOCK}, hashtext($1))),
          token as materialized (select nextval('backhaul.claims') as claim from alone), woken as materialized (
       select l.ctid as place from alone, backhaul.lookups l
        where l.kind = $1 and l.id = any($3) and l.asked > l.answered and l.claim is null and l.due_at <= clock_timestamp()
        order by l.priority, l.due_at, l.id limit $2
     ), others as (
       select o.place from alone, lateral (${openIds('$1', '$2')}) o where o.id <> all($3) limit $2 - (select count(*) from woken)
     ), held as (
       select l.ctid as place from backhaul.lookups l
        where l.ctid = any (array(select place from woken union all select place from others)) and l.kind = $1 and l.asked > l.answered
          and l.claim is null order by l.id for update of l skip locked
     )
     update backhaul.lookups l set claim = token.claim, holder = $4, claimed = l.asked, claimed_at = clock_timestamp(), held_by = null
       from token where l.ctid = any (array(select place from held)) returning l.id, l.claim, l.denied_at is not null as denied, l.attempts`,
    [kind, batch, first, holder],
  )
  return {
    kind,
    claim: rows[0]?.claim ?? 0n,
    ids: rows.sort(byTries).map((row) => row.id),
    denied: new Set(rows.filter((row) => row.denied).map((row) => row.id)),
  }
}

/** Opens a claim's ids again, due in `inMs`, or by the tries of each where that is later: `failed` uses one of them. @returns the longest wait, ms */
export async function releaseLookups(
  db: Reader,
  held: ClaimedLookups,
  back: { inMs: number; failed: boolean; error?: string },
): Promise<number> {
  const rows = await db.query<{ inMs: number }>(
    `with held as materialized (select ctid as place from backhaul.lookups where kind = $1 and claim = $2 order by id for update)
     update backhaul.lookups l
        set ${RELEASED}, error = coalesce($5, error),
            ${back.failed ? SET_BACK : "due_at = clock_timestamp() + $3::float8 * $4::float8 * interval '1 millisecond'"}
      where l.ctid = any (array(select place from held)) and l.kind = $1 and l.claim = $2
     returning (extract(epoch from l.due_at - clock_timestamp()) * 1000)::float8 as "inMs"`,
    [held.kind, held.claim, back.inMs, back.failed ? jitter() : 1, back.error ?? null],
  )
  return Math.max(0, ...rows.map((row) => row.inMs))
}

/** Releases lookups claimed under this holder by claims that it does not know of: the reply to their claim was lost. */
export async function releaseUnknownLookups(db: Reader, holder: string, known: readonly bigint[]): Promise<void> {
  await releaseWhere(db, `holder = $1 and claimed_at < clock_timestamp() - ${YOUNG} and claim <> all($2)`, [holder, known])
}

/** Releases what a worker holds. @returns how many */
export const releaseLookupsHeldBy = (db: Reader, holder: string): Promise<number> => releaseWhere(db, HELD_BY, [holder])

/** Releases what workers hold that no longer exist. @returns how many */
export const releaseAbandonedLookups = (db: Reader): Promise<number> => releaseWhere(db, HELD_BY_NOBODY, [])

/** Locked in the order in which others lock them, so that neither waits for the other. */
async function releaseWhere(db: Reader, whose: string, values: unknown[]): Promise<number> {
  const rows = await db.query(
    `with held as materialized (select kind, id from backhaul.lookups where claim is not null and ${whose} order by kind, id for update)
     update backhaul.lookups l set ${RELEASED} from held where l.kind = held.kind and l.id = held.id returning l.id`,
    values,
  )
  return rows.length
}
