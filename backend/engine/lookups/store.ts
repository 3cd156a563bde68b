import type { Broker } from '../../../queues/broker'
import type { QueueName } from '../../../queues/names'
import type { Id } from '../../base/json'
import type { Reader, Tx } from '../../base/sql'
import type { Answers, LookupIds, Source } from '../../contract'
import { LAZY } from '../store'
import { CAPACITY, WAKE_AGAIN } from '../wake'

/*
 * One row per (kind, id), however many pages ask. Open means `asked > answered`; an answer sets `answered` to what had
 * been asked when it was claimed, so that a question asked meanwhile stays open.
 */

/** One number for all claims of lookups in a database; the kind is the second half of the lock. */
const CLAIM_LOCK = 7_265_002
/** Tries before an id is left alone for a day. */
const MAX_ATTEMPTS = 10
/** When an id that a source denies is asked for again, ms: soon where the same question had answers for others, later where it had none. */
const ASK_AGAIN_MS = { answering: 5_000, silent: 60_000 }

/**
 * Asks for ids. What is fresh, or open already, costs no write, except that an open row notes the job; an answer on its way
 * is as good as one asked for now.
 * @param by.force asks again also what is fresh or on its way
 */
export async function ask(tx: Tx, wanted: LookupIds, by: { jobId?: string; priority: number; force?: boolean }): Promise<void> {
  for (const kind of Object.keys(wanted).sort()) {
    const ids = [...new Set(wanted[kind])].sort()
    if (ids.length === 0) continue
    const jobs = by.jobId ? [by.jobId] : []
    await tx.query(
      `with wanted as (select unnest($2::text[]) as id), touch as (
         select l.id from backhaul.lookups l join wanted w on w.id = l.id
          where l.kind = $1 and case when l.asked > l.answered then not l.jobs @> $3::uuid[] or l.priority > $4 or ($5 and (l.claim is not null or l.attempts > 0))
                                     else $5 or coalesce(l.fresh_until, '-infinity') <= clock_timestamp() end
          order by l.id for update of l
       ), again as (
         update backhaul.lookups l
            set jobs = array(select distinct unnest(l.jobs || $3::uuid[])), priority = least(l.priority, $4),
                asked = case when l.asked > l.answered and not ($5 and l.claim is not null) then l.asked else l.asked + 1 end,
                asked_at = case when l.asked > l.answered then l.asked_at else clock_timestamp() end,
                due_at = case when l.asked > l.answered and not ($5 and l.attempts > 0) then l.due_at else clock_timestamp() end
           from touch where l.kind = $1 and l.id = touch.id
       )
       insert into backhaul.lookups (kind, id, jobs, priority)
       select $1, w.id, $3::uuid[], $4 from wanted w
        where not exists (select 1 from backhaul.lookups l where l.kind = $1 and l.id = w.id) order by w.id
       on conflict (kind, id) do nothing`,
      [kind, ids, jobs, by.priority, by.force ?? false],
    )
  }
}

/**
 * Up to `most` open ids of a kind that are due, in the order in which they are taken. The index lookups_claimable holds each
 * priority in that order, so as many rows are read as are taken, however many wait. What is done with them finds them by their
 * `place`: a join by id that was planned while the table was small reads all of it for each.
 */
export const openIds = (kind: string, most: string): string => `select d.* from generate_series(0, 9) as p(priority) cross join lateral (
    select ctid as place, * from backhaul.lookups
     where kind = ${kind} and priority = p.priority and asked > answered and claim is null and due_at <= clock_timestamp()
     order by due_at, id limit ${most}) d
  order by d.priority, d.due_at, d.id limit ${most}`

export interface ClaimedLookups {
  kind: string
  claim: bigint
  /** Those that failed least first: what always fails must not stand before the others. */
  ids: Id[]
  /** Those of which the source has said before that there is no such id. */
  denied: ReadonlySet<Id>
}

const byTries = (a: { id: Id; attempts: number }, b: { id: Id; attempts: number }): number =>
  a.attempts - b.attempts || (a.id < b.id ? -1 : 1)

/**
 * Takes up to `batch` open ids of a kind, those of the wake-up first. One claim at a time for each kind: two that look at the
 * same moment would halve a bulk between them.
 */
export async function claimLookups(db: Reader, kind: string, batch: number, first: readonly Id[], holder: string): Promise<ClaimedLookups> {
  const rows = await db.query<{ id: Id; claim: bigint; denied: boolean; attempts: number }>(
    `with alone as materialized (select pg_advisory_xact_lock(${CLAIM_LOCK}, hashtext($1))),
          token as materialized (select nextval('backhaul.claims') as claim from alone), told as materialized (
       select l.ctid as place from alone, backhaul.lookups l
        where l.kind = $1 and l.id = any($3) and l.asked > l.answered and l.claim is null and l.due_at <= clock_timestamp()
        order by l.priority, l.due_at, l.id limit $2
     ), others as (
       select o.place from alone, lateral (${openIds('$1', '$2')}) o where o.id <> all($3) limit $2 - (select count(*) from told)
     ), held as (
       select l.ctid as place from backhaul.lookups l
        where l.ctid = any (array(select place from told union all select place from others)) and l.kind = $1 and l.asked > l.answered
          and l.claim is null order by l.id for update of l skip locked
     )
     update backhaul.lookups l set claim = token.claim, holder = $4, claimed = l.asked, claimed_at = clock_timestamp()
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

/**
 * One try more is used; the wait, at least `$3` ms, doubles with each, up to 10 min, and is a day from the last on. `$4` is its jitter,
 * one for all, so that a bulk stays together.
 */
const SET_BACK = `attempts = least(l.attempts + 1, ${MAX_ATTEMPTS}), due_at = clock_timestamp() + case when l.attempts + 1 >= ${MAX_ATTEMPTS}
  then interval '1 day' else greatest($3::float8, $4::float8 * least(600000, 4000 * 2 ^ l.attempts)) * interval '1 millisecond' end`
const jitter = (): number => 0.5 + Math.random()

/** Answers by what becomes of their ids. */
export interface Sorted<F> {
  /** With those alone missing of which the source has said so twice: services have denied for a moment what they have. */
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
      `update backhaul.lookups l set claim = null, holder = null, woken_at = null, wakes = 0, ${fields}
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
  await tx.query(
    `update backhaul.lookups set claim = null, holder = null, woken_at = null, wakes = 0 where kind = $1 and claim = $2`,
    claim,
  )
  return true
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
        set claim = null, holder = null, woken_at = null, wakes = 0, error = coalesce($5, error),
            ${back.failed ? SET_BACK : "due_at = clock_timestamp() + $3::float8 * $4::float8 * interval '1 millisecond'"}
      where l.ctid = any (array(select place from held)) and l.kind = $1 and l.claim = $2
     returning (extract(epoch from l.due_at - clock_timestamp()) * 1000)::float8 as "inMs"`,
    [held.kind, held.claim, back.inMs, back.failed ? jitter() : 1, back.error ?? null],
  )
  return Math.max(0, ...rows.map((row) => row.inMs))
}

/**
 * Ids gather until no new one came for 2 s or the oldest has waited 20 s; before that only full batches are rung. Asked of no more
 * ids than there is room for: that many are full batches.
 */
const SETTLED = `(max(asked_at) < clock_timestamp() - interval '2 seconds' or min(asked_at) < clock_timestamp() - interval '20 seconds'
  or min(priority) < 2 or max(attempts) > 0)`

/** Publishes wake-ups for the open ids of one kind, a batch a message; marked first, as in `ring`. @returns wake-ups the broker has confirmed */
export async function ringLookups(
  db: Reader,
  broker: Broker,
  kind: string,
  { queue, batch }: { queue: QueueName; batch: number },
): Promise<number> {
  if (broker.state === 'blocked') return 0
  const rung = await db.query<{ id: Id }>(
    `with ${LAZY}, capacity as (${CAPACITY}), room as materialized (
       select $2 * 2 * coalesce((select places from capacity where queue = $3), 1) as ids
     ), open as materialized (${openIds('$1', '(select ids from room)')}), ripe as (
       select case when ${SETTLED} then count(*) else count(*) / $2 * $2 end as ids from open
     ), chosen as (
       select place from (select * from open order by priority, due_at, id limit (select ids from ripe)) o where ${WAKE_AGAIN}
     ), held as (
       select l.ctid as place from backhaul.lookups l
        where l.ctid = any (array(select place from chosen)) and l.kind = $1 and l.claim is null order by l.id for update of l skip locked
     )
     update backhaul.lookups l set woken_at = clock_timestamp(), wakes = wakes + 1
       from lazy where l.ctid = any (array(select place from held)) returning l.id`,
    [kind, batch, queue],
  )
  const ids = rung.map((row) => row.id).sort()
  const batches = Array.from({ length: Math.ceil(ids.length / batch) }, (_, place) => ids.slice(place * batch, (place + 1) * batch))
  if (batches.length === 0) return 0
  const sent = await broker.publish(batches.map((part) => ({ queue, body: { kind, ids: part } })))
  const lost = batches.filter((_, place) => sent[place] !== 'confirmed').flat()
  if (lost.length > 0) {
    await db.query(
      `update backhaul.lookups set woken_at = null, wakes = greatest(0, wakes - 1) where kind = $1 and id = any($2) and claim is null`,
      [kind, lost],
    )
  }
  return sent.filter((one) => one === 'confirmed').length
}

/** The lookup kinds of all sources. */
export const lookupKinds = (sources: Iterable<Source>) => [...sources].flatMap((source) => Object.entries(source.lookups ?? {}))
