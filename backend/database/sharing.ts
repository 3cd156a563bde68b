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

interface State {
  users: number
  broken?: Error
}

/** Lends the connections of a pool: each to one user, and to those who follow it on the same one. */
export function createSharing(pool: Pool) {
  const lent = new Map<Shared, State>()

  async function open(): Promise<Shared> {
    const client = await pool.connect()
    const state: State = { users: 0 }
    const shared: Shared = {
      client,
      lose(error) {
        state.broken = error
      },
    }
    lent.set(shared, state)
    // Without a listener a connection lost between two statements would end the process.
    client.on('error', shared.lose)
    return shared
  }

  /** @param same a connection to use as well, while its user is not done yet; otherwise another one */
  return async function use<T>(work: (shared: Shared) => Promise<T>, same?: Shared): Promise<T> {
    const shared = same && lent.has(same) ? same : await open()
    const state = lent.get(shared) as State
    state.users++
    try {
      return await work(shared)
    } catch (error) {
      if (ENDS_CONNECTION.has((error as { code?: string }).code ?? '')) shared.lose(error as Error)
      throw error
    } finally {
      if (--state.users === 0) {
        lent.delete(shared)
        shared.client.off('error', shared.lose)
        shared.client.release(state.broken)
      }
    }
  }
}
