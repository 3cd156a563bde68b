import type { Reader, Tx } from '../../base/sql'
import type { CredentialInfo, CredentialState } from '../../contract'
import { releaseHeld, textOf } from '../store'

/*
 * The rows of credentials. Two fences protect them: tokens are saved only where `version` has not changed, so that a refresher that is
 * late still keeps what the upstream gave it; all else about a refresh is written only by the holder of its lease.
 */

/** How long one refresh has the row to itself. It is aborted earlier, so that only a dead process lets its lease expire. */
const LEASE = `interval '60 seconds'`

/** What holds the work that needs a credential. */
export const keyOf = (id: string): string => `credential/${id}`

/** What the tokens of a credential are sealed for. */
export const contextOf = (id: string): string => `credential ${id}`

export interface Row {
  source: string
  kind: string
  sealed: string
  state: CredentialState
  reason: string | null
  version: bigint
  /** Until the access token expires, ms; null: not known. */
  expiresInMs: number | null
  /** Until another refresh may begin, ms; 0 or less: now. */
  freeInMs: number
  /** Whether a refresh is under way; else the last one failed. */
  leased: boolean
}

const msUntil = (column: string): string => `(extract(epoch from ${column} - clock_timestamp()) * 1000)::float8`

export async function readRow(db: Reader, id: string): Promise<Row | undefined> {
  const [row] = await db.query<Row>(
    `select source, kind, sealed, state, reason, version, ${msUntil('expires_at')} as "expiresInMs",
            coalesce(${msUntil('lease_until')}, 0) as "freeInMs", lease_holder is not null as leased
       from backhaul.credentials where id = $1`,
    [id],
  )
  return row
}

/** One refresh: the row, the version it replaces, and its own id. */
export interface Lease {
  id: string
  version: bigint
  holder: string
}

/** Begins a refresh unless another one is under way or failed shortly before. One that never ended is noted as interrupted. */
export async function takeRefresh(db: Reader, { id, version, holder }: Lease): Promise<boolean> {
  const rows = await db.query(
    `update backhaul.credentials
        set lease_holder = $3, lease_until = clock_timestamp() + ${LEASE},
            interrupted_at = case when lease_holder is null then interrupted_at else coalesce(interrupted_at, lease_until) end
      where id = $1 and version = $2 and state = 'ready' and (lease_until is null or lease_until <= clock_timestamp()) returning 1`,
    [id, version, holder],
  )
  return rows.length > 0
}

/** Ends a refresh that failed. @param unclear the upstream may have replaced the tokens all the same */
export async function endRefresh(db: Reader, { id, holder }: Lease, pauseMs: number, unclear: boolean): Promise<void> {
  await db.query(
    `update backhaul.credentials
        set lease_holder = null, lease_until = clock_timestamp() + $3::float8 * interval '1 millisecond',
            interrupted_at = case when $4 then coalesce(interrupted_at, clock_timestamp()) else interrupted_at end
      where id = $1 and lease_holder = $2`,
    [id, holder, pauseMs, unclear],
  )
}

interface Sealed {
  sealed: string
  expiresAt: string | null
}

/** What every save sets. */
const SAVED = `version = c.version + 1, state = 'ready', reason = null, lease_holder = null, lease_until = null, interrupted_at = null,
  updated_at = clock_timestamp()`

/** Keeps the tokens of a refresh, also when its lease has expired. @returns their version; undefined when others were saved meanwhile */
export async function saveRefreshed(tx: Tx, { id, version }: Lease, { sealed, expiresAt }: Sealed): Promise<bigint | undefined> {
  const [row] = await tx.query<{ version: bigint; wasDead: boolean }>(
    `update backhaul.credentials c set sealed = $3, expires_at = $4::timestamptz, refreshed_at = clock_timestamp(), ${SAVED}
       from (select state from backhaul.credentials where id = $1 and version = $2 for update) old
      where c.id = $1 and c.version = $2 returning c.version, old.state = 'reauth_required' as "wasDead"`,
    [id, version, sealed, expiresAt],
  )
  if (row?.wasDead) await releaseHeld(tx, keyOf(id))
  return row?.version
}

/** Notes that a person must act. @param reason makes the sentence from when a refresh was interrupted @returns it; undefined: not ours */
export async function markDead(
  db: Reader,
  { id, version, holder }: Omit<Lease, 'holder'> & { holder?: string },
  reason: string,
  interrupted = '',
): Promise<string | undefined> {
  const [row] = await db.query<{ reason: string }>(
    `update backhaul.credentials
        set state = 'reauth_required', lease_holder = null, lease_until = null, updated_at = clock_timestamp(),
            reason = $3::text || case when interrupted_at is null then '' else $4::text end
      where id = $1 and version = $2 and state = 'ready' and ($5::text is null or lease_holder = $5) returning reason`,
    [id, version, textOf(reason), interrupted, holder ?? null],
  )
  return row?.reason
}

/** What a route saves. */
export interface NewRow extends Sealed {
  id: string
  source: string
  kind: string
}

/** @returns false when the id belongs to another source */
export async function saveRow(tx: Tx, { id, source, kind, sealed, expiresAt }: NewRow): Promise<boolean> {
  const rows = await tx.query(
    `insert into backhaul.credentials as c (id, source, kind, sealed, expires_at) values ($1, $2, $3, $4, $5::timestamptz)
     on conflict (id) do update set kind = excluded.kind, sealed = excluded.sealed, expires_at = excluded.expires_at, ${SAVED}
        where c.source = excluded.source returning 1`,
    [id, source, kind, sealed, expiresAt],
  )
  return rows.length > 0
}

/** @returns whether there was one */
export async function removeRow(tx: Tx, source: string, id: string): Promise<boolean> {
  return (await tx.query(`delete from backhaul.credentials where id = $1 and source = $2 returning 1`, [id, source])).length > 0
}

/** Those of these ids that exist, in their order. */
export const listRows = (db: Reader, source: string, ids: readonly string[]): Promise<CredentialInfo[]> =>
  db.query<CredentialInfo>(
    `select id, kind, state, reason, expires_at as "expiresAt", refreshed_at as "refreshedAt"
       from backhaul.credentials where source = $1 and id = any($2) order by array_position($2, id)`,
    [source, ids],
  )
