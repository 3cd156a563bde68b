import type { Reader, Tx } from '../../engine/source'

/** How long an identity is believed without being asked for again. */
const FRESH = `interval '1 day'`

/** What was read of a collection of a repo, and at which revision. */
export interface Synced {
  rev: string
  /** Records it showed, and those of them that were set aside. */
  records: number
  aside: number
}

/** A repo as it is held. */
export interface HeldRepo {
  did: string
  /** Its host, where its identity is fresh. */
  pds: string | null
  handle: string | null
  status: string
  synced: Record<string, Synced>
}

/** An identity that was read, or what became of its account. */
export interface Identified {
  did: string
  pds?: string
  handle?: string | null
  status: string
}

/** Collections of a repo that were read to their end. */
export interface SyncedRepo {
  did: string
  rev: string
  synced: Record<string, Synced>
}

export async function heldRepos(db: Reader, dids: readonly string[]): Promise<Map<string, HeldRepo>> {
  const rows = await db.query<HeldRepo>(
    `select did, case when resolved_at > clock_timestamp() - ${FRESH} then pds end as pds, handle, status, synced from atproto.repos where did = any($1)`,
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
        set pds = coalesce(excluded.pds, held.pds), handle = coalesce(excluded.handle, held.handle), status = excluded.status,
            resolved_at = excluded.resolved_at`,
    [
      sorted.map((one) => one.did),
      sorted.map((one) => one.pds ?? null),
      sorted.map((one) => one.handle ?? null),
      sorted.map((one) => one.status),
    ],
  )
}

/** What was read to its end, and at which head; an account that could be read is active. */
export async function writeSynced(tx: Tx, repos: readonly SyncedRepo[]): Promise<void> {
  for (const { did, rev, synced } of repos) {
    await tx.query(
      `insert into atproto.repos as held (did, status, rev, synced, synced_at) values ($1, 'active', $2, $3, clock_timestamp())
       on conflict (did) do update
          set status = 'active', rev = excluded.rev, synced = held.synced || excluded.synced, synced_at = excluded.synced_at`,
      [did, rev, JSON.stringify(synced)],
    )
  }
}
