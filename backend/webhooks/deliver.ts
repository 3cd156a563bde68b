import { setMaxListeners } from 'node:events'
import { messageOf } from '../base/errors'
import { logUnreachable } from '../base/log-errors'
import { attempt, type Sending } from './attempt'
import { type Claimed, claimDue, unclaim } from './store'

/*
 * Delivers events to webhooks. Several may run. Every event reaches its receiver at least once unless it stays unreachable for all
 * tries; the order in which events arrive is not promised, because one that is tried again does not hold up the next.
 */

/** Requests under way at once, in all and for one webhook. */
const MAX = 128
const MAX_OF_ONE = 4
/** How often deliveries are looked for, ms. */
const LOOK_MS = 500
const AWAY_MS = 1_000
/** What a stop leaves to requests under way, ms. */
const GRACE_MS = 5_000

export interface Deliverer {
  start(): void
  stop(): Promise<void>
}

/** One that has not answered well yet, or not the last time, gets one request at a time: dead receivers must not take all the places. */
export function createDeliverer(options: Omit<Sending, 'signal'> & { graceMs?: number }): Deliverer {
  const { db, log } = options
  const aborted = new AbortController()
  // One for each request under way.
  setMaxListeners(MAX, aborted.signal)
  const inHand = new Map<string, number>()
  const proven = new Set<string>()
  const sends = new Set<Promise<void>>()
  let stopping = false
  let wake: () => void = () => undefined
  let running = Promise.resolve()

  const placesOf = (id: string) => (proven.has(id) ? MAX_OF_ONE : 1) - (inHand.get(id) ?? 0)
  const free = () => Object.fromEntries([...new Set([...inHand.keys(), ...proven])].map((id) => [id, placesOf(id)]))

  async function send(it: Claimed): Promise<void> {
    inHand.set(it.webhookId, (inHand.get(it.webhookId) ?? 0) + 1)
    try {
      const outcome = await attempt(it, { ...options, signal: aborted.signal })
      if (outcome === 'delivered') proven.add(it.webhookId)
      else proven.delete(it.webhookId)
    } catch (error) {
      // The database was lost before the outcome was written: the claim runs out, and the event is sent again.
      log.warn(`webhook delivery ${it.id} is not settled: ${messageOf(error)}`)
    } finally {
      const left = (inHand.get(it.webhookId) ?? 1) - 1
      if (left > 0) inHand.set(it.webhookId, left)
      else inHand.delete(it.webhookId)
      wake()
    }
  }

  async function look(): Promise<number> {
    const claimed = sends.size < MAX ? await claimDue(db, MAX - sends.size, free(), 1) : []
    if (stopping) {
      await Promise.all(claimed.map((it) => unclaim(db, it)))
      return 0
    }
    for (const it of claimed) {
      const sent: Promise<void> = send(it).finally(() => sends.delete(sent))
      sends.add(sent)
    }
    return claimed.length
  }

  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  async function loop(): Promise<void> {
    while (!stopping) {
      try {
        if ((await look()) === 0 && !stopping) await rest(LOOK_MS)
      } catch (error) {
        logUnreachable(log, 'webhook deliveries wait', error)
        await rest(AWAY_MS)
      }
    }
  }

  return {
    start() {
      running = loop()
    },
    async stop() {
      stopping = true
      wake()
      await running
      const timer = setTimeout(() => aborted.abort(), options.graceMs ?? GRACE_MS)
      await Promise.all(sends)
      clearTimeout(timer)
    },
  }
}
