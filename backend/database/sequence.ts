import type { Tx } from '../base/sql'
import type { Shared } from './sharing'
import type { End, Standing } from './transaction'

/*
 * While a commit is on its way to the disk, its connection is idle. The next transaction of a sequence is sent meanwhile, on the same
 * connection: the server runs it after that commit, so that it sees all that was written before.
 */

type Work<T> = (tx: Tx, end: End, inOrder: () => Promise<void>) => Promise<T>
type Plain<T> = (tx: Tx, end: End) => Promise<T>

/** Transactions that follow one another; each may be called while the one before is under way. */
export interface Sequence {
  /**
   * As `Db.tx`. Nothing of it is committed unless the one before is: where that fails, this one fails with its error, and where that is
   * run again, so is this one, after it.
   * @param work its last statement is sent once the transaction before is committed; `inOrder` waits for that
   */
  tx<T>(work: Work<T>): Promise<T>
}

/** Runs work in one transaction, once. */
export type RunOnce = <T>(work: Plain<T>, place?: RunPlace) => Promise<T>
export interface RunPlace {
  mine: Standing
  /** The transaction that it follows on the same connection. */
  previous?: { standing: Standing; on: Shared }
  /** Told its connection. */
  onConnection(shared: Shared): void
}

/** A transaction of a sequence. */
interface Link {
  standing: Standing
  on?: Shared
  /** Its commit is on its way, or its first run is over. */
  sent: Promise<void>
  /** Whether its first run was committed. */
  first: Promise<boolean>
  whole: Promise<unknown>
}

/**
 * @param once runs a transaction once
 * @param again runs it until no deadlock or serialization failure ends it, after a pause
 * @param mayRepeat whether an error is one of those
 */
export function createSequence(once: RunOnce, again: <T>(work: Plain<T>) => Promise<T>, mayRepeat: (error: unknown) => boolean): Sequence {
  let last: Link | undefined

  /** Runs work for the first time, on the connection of the one before where its commit is on its way. */
  async function firstRun<T>(work: Work<T>, previous: Link | undefined, mine: Link): Promise<T> {
    await previous?.sent
    const { on, standing, first } = previous ?? {}
    const joined = on && standing && !standing.isFailed ? { on, standing } : undefined
    if (!joined) await previous?.whole
    const inOrder = async () => {
      if (joined && !(await first)) throw new Error('The transaction before this one was not committed.')
    }
    const run: Plain<T> = async (reader, end) => {
      const last: End = async (sql, values) => {
        await inOrder()
        return await end(sql, values)
      }
      const answer = await work(reader, last, inOrder)
      await inOrder()
      return answer
    }
    const onConnection = (shared: Shared) => {
      mine.on = shared
    }
    return await once(run, { mine: mine.standing, previous: joined, onConnection })
  }

  async function run<T>(work: Work<T>, previous: Link | undefined, first: Promise<T>): Promise<T> {
    try {
      return await first
    } catch (error) {
      const isOwn = previous === undefined || (await previous.first)
      if (isOwn && !mayRepeat(error)) throw error
      await previous?.whole
      return await again((reader, end) => work(reader, end, async () => undefined))
    }
  }

  return {
    tx(work) {
      const previous = last
      let resolve: () => void = () => undefined
      const sent = new Promise<void>((done) => {
        resolve = done
      })
      const mine = { standing: { isFailed: false, onSent: resolve }, sent } as Link
      last = mine
      const first = firstRun(work, previous, mine).finally(() => {
        mine.on = undefined
        resolve()
      })
      mine.first = first.then(
        () => true,
        // It is thrown below.
        () => false,
      )
      const whole = run(work, previous, first)
      mine.whole = whole
      whole.catch(() => undefined)
      return whole
    },
  }
}
