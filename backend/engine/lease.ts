import type { Reader } from '../base/sql'

/*
 * Leases: work that only one process may do at a time. The holder renews its lease; the lease of a dead process expires. Leases need no
 * session, so they work behind a pooler.
 */

/**
 * Takes or renews a lease.
 * @param forMs how long it lasts unless it is renewed, ms
 * @returns whether it is held by `holder` now
 */
export async function takeLease(db: Reader, name: string, holder: string, forMs: number): Promise<boolean> {
  const rows = await db.query(
    `insert into backhaul.leases as l (name, holder, until) values ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
     on conflict (name) do update set holder = excluded.holder, until = excluded.until
       where l.holder = excluded.holder or l.until < clock_timestamp()
     returning name`,
    [name, holder, forMs],
  )
  return rows.length > 0
}

/** Releases a lease, so that another process need not wait until it expires. */
export async function releaseLease(db: Reader, name: string, holder: string): Promise<void> {
  await db.query(`delete from backhaul.leases where name = $1 and holder = $2`, [name, holder])
}
