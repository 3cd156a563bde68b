import { count } from '../base/count'
import type { Log } from '../base/log'
import type { Db } from '../database/db'
import { type Posted, post } from './post'
import { signature } from './sign'
import { type Claimed, type Outcome, settle, settleGone, unclaim } from './store'

/** Tries of one delivery: with the waits below about 12 hours. */
export const TRIES = 18
const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 3_600_000
const GONE = 410

/** How long a delivery waits after its n-th try, ms: 10 s, tripling to an hour, a fifth more or less so that they spread. */
export const waitAfter = (attempts: number, random: () => number = Math.random): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 3 ** (attempts - 1)) * (0.8 + 0.4 * random())

export interface Sending {
  db: Db
  log: Log
  /** Lets loopback, private addresses and plain http be reached. */
  allowPrivate: boolean
  userAgent: string
  /** Ends requests. */
  signal?: AbortSignal
  timeoutMs?: number
}

/** Sends one claimed delivery. */
export async function sendOne(it: Claimed, { userAgent, ...options }: Sending): Promise<Posted> {
  const headers = {
    'User-Agent': userAgent,
    'Backhaul-Delivery': it.id,
    'Backhaul-Event': it.key,
    'Backhaul-Signature': signature(it.secret, it.body, Date.now()),
  }
  return await post(it.url, it.body, headers, options)
}

/**
 * Sends one claimed delivery and writes how it ended. 410 Gone is the receiver's word that it is wanted no more (RFC 9110, 15.5.11), so
 * its webhook is made inactive: what waits for it is kept and goes out should somebody make it active again.
 * @returns undefined when it was ended by a stop and given back
 */
export async function attempt(it: Claimed, sending: Sending): Promise<Outcome | undefined> {
  const posted = await sendOne(it, sending)
  if (sending.signal?.aborted && posted.status === null) {
    await unclaim(sending.db, it)
    return undefined
  }
  const outcome = outcomeOf(it, posted)
  const fields = { webhook: it.webhookId.slice(0, 8), delivery: it.id, event: it.key, attempt: it.attempts }
  if (posted.status === GONE) {
    await settleGone(sending.db, it, posted)
    sending.log.warn('webhook answered 410 Gone and was made inactive', fields)
  } else await settle(sending.db, it, outcome, posted, outcome === 'retried' ? waitAfter(it.attempts) : 0)
  count('backhaul_webhook_deliveries_total', { outcome })
  if (outcome === 'failed' && posted.status !== GONE) sending.log.warn(`webhook delivery given up: ${posted.error}`, fields)
  if (outcome === 'retried') sending.log.debug(`webhook delivery will be tried again: ${posted.error}`, fields)
  return outcome
}

function outcomeOf(it: Claimed, posted: Posted): Outcome {
  if (posted.error === null) return 'delivered'
  return posted.status === GONE || it.attempts >= TRIES ? 'failed' : 'retried'
}
