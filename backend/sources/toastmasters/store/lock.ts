import type { Tx } from '../../../base/sql'

/** Waits until no other transaction holds the lock of this name, and holds it until the end of this one. */
export async function lock(tx: Tx, name: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`toastmasters ${name}`])
}
