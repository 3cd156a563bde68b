import { setMaxListeners } from 'node:events'
import { messageOf } from '../base/errors'
import { logUnreachable } from '../base/log-errors'
import { attempt, type Sending } from './attempt'
import { type Claimed, claimDue, unclaim } from './store'

/*
 * Delivers events to webhooks. Several deliverers may run. Every event reaches its receiver at least once unless all attempts fail. The
 * order of events is not guaranteed, because a retried one does not delay the next.
 */

/** Concurrent requests, in all and for one webhook. */
const MAX = 128
const MAX_OF_ONE = 4
/** How often to check for due deliveries, ms. */
const CHECK_MS = 500
const UNREACHABLE_MS = 1_000
/** How long a stop waits for requests in progress, ms. */
const GRACE_MS = 5_000

export interface Deliverer {
  start(): void
  stop(): Promise<void>
}

/** A webhook whose last delivery did not succeed gets one request at a time, so that dead receivers do not take all the places. */
export function createDeliverer(options: Omit<Sending, 'signal'> & { graceMs?: number }): Deliverer {
  const { db, log } = options
  const aborted = new AbortController()
  // One listener for each request.
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
      // Expected: the database was lost before the outcome was recorded. The claim expires, and the event is sent again.
      log.warn(`Outcome of webhook delivery ${it.id} not recorded; it will be sent again: ${messageOf(error)}`)
    } finally {
      const left = (inHand.get(it.webhookId) ?? 1) - 1
      if (left > 0) inHand.set(it.webhookId, left)
      else inHand.delete(it.webhookId)
      wake()
    }
  }

  async function check(): Promise<number> {
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
        if ((await check()) === 0 && !stopping) await rest(CHECK_MS)
      } catch (error) {
        logUnreachable(log, 'Webhook deliveries wait for the database', error)
        await rest(UNREACHABLE_MS)
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
