import { isDue, type Reader } from '../base/sql'
import type { Db } from '../database/db'
import type { Posted } from './post'

/*
 * Deliveries in Postgres. A claim moves the due time of a delivery ahead and counts the attempt; no transaction is open during the
 * request. If the process dies meanwhile, the claim expires and the event is sent again.
 */

/** How long a claim lasts, s; longer than any attempt. */
const LEASE_S = 30

export interface Claimed {
  id: string
  webhookId: string
  key: string
  /** The exact text that is signed and sent. */
  body: string
  /** Including this one. */
  attempts: number
  url: string
  /** As it is stored: sealed, or plain. */
  secret: string
}

/**
 * Claims due deliveries, the longest due first for each webhook.
 * @param room how many at most
 * @param free how many more of a webhook may be in hand
 * @param usual the same for webhooks not named
 */
export async function claimDue(db: Reader, room: number, free: Readonly<Record<string, number>>, usual: number): Promise<Claimed[]> {
  return await db.query<Claimed>(
    `with due as materialized (
       select d.id from backhaul.webhooks w cross join lateral (select coalesce(($2::jsonb ->> w.id::text)::int, $3) as places) f
        cross join lateral (
          select id, due_at from backhaul.deliveries
           where webhook_id = w.id and state = 'pending' and ${isDue('due_at')} order by due_at, event_id limit f.places
             for update skip locked) d
        where w.active and f.places > 0 order by f.places desc, d.due_at limit $1
     )
     update backhaul.deliveries d
        set attempts = attempts + 1, tried_at = clock_timestamp(), due_at = clock_timestamp() + interval '${LEASE_S} seconds'
       from due, backhaul.webhooks w where d.id = due.id and w.id = d.webhook_id
     returning d.id, d.webhook_id as "webhookId", d.key, d.payload::text as body, d.attempts, w.url, w.secret`,
    [room, JSON.stringify(free), usual],
  )
}

/** Creates a test delivery, claimed already so that no deliverer sends it. */
export async function claimTest(db: Reader, webhookId: string): Promise<Claimed | undefined> {
  const [claimed] = await db.query<Claimed>(
    `with made as (
       insert into backhaul.deliveries (webhook_id, key, payload, attempts, tried_at, due_at)
       select w.id, 'test', jsonb_build_object('id', 'test-' || gen_random_uuid(), 'key', 'test', 'data', jsonb_build_object('webhook', w.id),
                'at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
              1, clock_timestamp(), clock_timestamp() + interval '${LEASE_S} seconds'
         from backhaul.webhooks w where w.id = $1 returning *)
     select m.id, m.webhook_id as "webhookId", m.key, m.payload::text as body, m.attempts, w.url, w.secret
       from made m join backhaul.webhooks w on w.id = m.webhook_id`,
    [webhookId],
  )
  return claimed
}

export type Outcome = 'delivered' | 'retried' | 'failed'

/**
 * Records the outcome of an attempt with its delivery and its webhook, unless the claim was lost and another attempt has begun.
 * @param inMs time until the next attempt
 */
export async function settle(db: Reader, it: Claimed, outcome: Outcome, posted: Posted, inMs = 0): Promise<void> {
  await db.query(
    `with settled as (
       update backhaul.deliveries
          set state = $3::backhaul.delivery_state, status = $4, error = $5, took_ms = $6, due_at = clock_timestamp() + $7 * interval '1 millisecond'
        where id = $1 and attempts = $2 and state = 'pending' returning webhook_id)
     update backhaul.webhooks w
        set failing_since = case when $5::text is null then null else coalesce(w.failing_since, clock_timestamp()) end,
            failures = case when $5::text is null then 0 else w.failures + 1 end, error = $5
       from settled s where w.id = s.webhook_id and ($5::text is not null or w.failing_since is not null)`,
    [it.id, it.attempts, outcome === 'retried' ? 'pending' : outcome, posted.status, posted.error, posted.tookMs, Math.round(inMs)],
  )
}

/** Releases a claim without counting the attempt. */
export async function unclaim(db: Reader, it: Claimed): Promise<void> {
  await db.query(
    `update backhaul.deliveries set attempts = attempts - 1, due_at = clock_timestamp() where id = $1 and attempts = $2 and state = 'pending'`,
    [it.id, it.attempts],
  )
}

/** Records 410 Gone: the receiver gets nothing more until somebody activates its webhook again. */
export async function settleGone(db: Db, it: Claimed, posted: Posted): Promise<void> {
  await db.tx(async (tx) => {
    await settle(tx, it, 'failed', posted)
    await tx.query(`update backhaul.webhooks set active = false where id = $1`, [it.webhookId])
  })
}
