import { RetryLater } from '../../base/errors'
import type { Reader, Tx } from '../../base/sql'
import type { Head } from './client'

/** How long an identity is believed without being asked for again. */
const FRESH = `interval '1 day'`

/** What was read of a collection of a repo, and at which head. */
export interface Synced extends Head {
  /** Records it showed, and how many of them were rejected. */
  records: number
  rejected: number
}

/** A repo as it is held. */
export interface HeldRepo {
  did: string
  /** Its host, where its identity is fresh. */
  pds: string | null
  handle: string | null
  status: string
  synced: Record<string, Synced>
  syncedAt: Date | null
  /** Collections a relay has listed it for. */
  listed: string[]
}

/** An identity that was read, or what became of its account. */
export interface Identified {
  did: string
  pds?: string
  handle?: string | null
  status: string
}

/** What was read of a repo to its end. */
export interface SyncedRepo {
  did: string
  /** Absent where its host names no head: nothing is noted. */
  rev?: string
  synced: Record<string, Synced>
  /** Collections that were left out because nothing had listed them. */
  unlisted: string[]
}

/** Repos that a relay lists for a collection, as a job of several collections learns of them. */
export interface ListedRepos {
  collection: string
  dids: string[]
  /** When the job began its discovery. */
  began: string
  /** Those that the job has read without this collection and reads again for it. */
  late: string[]
}

/** Whether a collection was read to its end at this head. */
export const isSyncedAt = (synced: Synced | undefined, { rev, cid }: Head): boolean => synced?.rev === rev && synced.cid === cid

export async function heldRepos(db: Reader, dids: readonly string[]): Promise<Map<string, HeldRepo>> {
  const rows = await db.query<HeldRepo>(
    `select did, case when resolved_at > clock_timestamp() - ${FRESH} then pds end as pds, handle, status, synced, synced_at as "syncedAt", listed
       from atproto.repos where did = any($1)`,
    [dids],
  )
  return new Map(rows.map((row) => [row.did, row]))
}

/** Where and how accounts are. An account without a host is to be resolved again. */
export async function writeIdentities(tx: Tx, found: readonly Identified[]): Promise<void> {
  if (found.length === 0) return
  const sorted = [...new Map(found.map((one) => [one.did, one])).values()].sort((a, b) => (a.did < b.did ? -1 : 1))
  await tx.query(
    `insert into atproto.repos as held (did, pds, handle, status, resolved_at)
     select did, pds, handle, status, case when pds is not null then clock_timestamp() end
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as n(did, pds, handle, status)
     on conflict (did) do update
        set pds = coalesce(excluded.pds, held.pds), handle = case when excluded.did = any($5) then excluded.handle else held.handle end, status = excluded.status,
            resolved_at = excluded.resolved_at`,
    [
      sorted.map((one) => one.did),
      sorted.map((one) => one.pds ?? null),
      sorted.map((one) => one.handle ?? null),
      sorted.map((one) => one.status),
      // A document without a handle clears the stored one.
      sorted.filter((one) => one.handle !== undefined).map((one) => one.did),
    ],
  )
}

/**
 * What was read to its end, and at which head; an account that could be read is active.
 * @throws {RetryLater} when a relay has listed a collection meanwhile that was left out
 */
export async function writeSynced(tx: Tx, repos: readonly SyncedRepo[]): Promise<void> {
  for (const { did, rev, synced, unlisted } of repos) {
    const [row] = await tx.query<{ listed: string[] }>(
      `insert into atproto.repos as held (did, status, rev, synced, synced_at) 
       values ($1, 'active', $2, $3, case when $2::text is not null then clock_timestamp() end)
       on conflict (did) do update
          set status = 'active', rev = coalesce(excluded.rev, held.rev), synced = held.synced || excluded.synced,
              synced_at = coalesce(excluded.synced_at, held.synced_at)
       returning listed`,
      [did, rev ?? null, JSON.stringify(synced)],
    )
    if (unlisted.some((collection) => row?.listed.includes(collection)))
      throw new RetryLater('listed_meanwhile', `another collection of ${did} was listed while the repo was read`)
  }
}

/** Repos of the job that were read since it began, without this collection. */
export async function readWithout(db: Reader, { collection, dids, began }: Omit<ListedRepos, 'late'>): Promise<string[]> {
  const rows = await db.query<{ did: string }>(
    `select did from atproto.repos where did = any($1) and synced_at >= $2 and not synced ? $3`,
    [dids, began, collection],
  )
  return rows.map(({ did }) => did)
}

/**
 * Notes which collection repos are listed for. The rows are locked, so that a repo whose reading ends at this moment ends
 * wholly before or wholly after.
 * @throws {RetryLater} when one has ended without this collection since that was checked
 */
export async function writeListed(tx: Tx, listed: ListedRepos): Promise<void> {
  const { collection, dids, late } = listed
  if (dids.length === 0) return
  await tx.query(
    `insert into atproto.repos as held (did, status, listed) select did, 'active', array[$2] from unnest($1::text[]) did
     on conflict (did) do update set listed = array_append(held.listed, $2) where not $2 = any(held.listed)`,
    [[...new Set(dids)].sort(), collection],
  )
  const missed = (await readWithout(tx, listed)).filter((did) => !late.includes(did))
  if (missed.length > 0) throw new RetryLater('read_meanwhile', `${missed.length} repos were read while ${collection} was listed for them`)
}
