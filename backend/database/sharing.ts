import type { Pool, PoolClient } from 'pg'
import { READ_ONLY } from './faults'

/**
 * After these errors a new connection is needed: a demoted server may have a new primary, and after a value that could not be sent the
 * driver believes a statement prepared that the server does not know (26000).
 */
const ENDS_CONNECTION = new Set([READ_ONLY, '26000'])

/** A connection in use. */
export interface Shared {
  readonly client: PoolClient
  /** Notes that it cannot be used again. */
  lose(error: Error): void
}

/** Lends the connections of a pool: each to one user, and to those who follow it on the same one. */
export function createSharing(pool: Pool) {
  const users = new Map<Shared, number>()

  async function open(): Promise<Shared & { broken?: Error }> {
    const client = await pool.connect()
    const shared: Shared & { broken?: Error } = {
      client,
      lose(error) {
        shared.broken = error
      },
    }
    // Without a listener a connection lost between two statements would end the process.
    client.on('error', shared.lose)
    return shared
  }

  /** @param same a connection to use as well, while its user is not done yet; otherwise another one */
  return async function use<T>(work: (shared: Shared) => Promise<T>, same?: Shared): Promise<T> {
    const shared = same && users.has(same) ? same : await open()
    users.set(shared, (users.get(shared) ?? 0) + 1)
    try {
      return await work(shared)
    } catch (error) {
      if (ENDS_CONNECTION.has((error as { code?: string }).code ?? '')) shared.lose(error as Error)
      throw error
    } finally {
      const left = (users.get(shared) ?? 0) - 1
      users.set(shared, left)
      if (left === 0) {
        users.delete(shared)
        shared.client.off('error', shared.lose)
        shared.client.release((shared as { broken?: Error }).broken)
      }
    }
  }
}
export type Use = ReturnType<typeof createSharing>
