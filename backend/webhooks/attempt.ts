import { count } from '../base/count'
import type { Log } from '../base/log'
import { KeyMissing, type Sealer, Unsealable } from '../base/seal'
import type { Db } from '../database/db'
import { type Posted, post } from './post'
import { fromStored } from './secret'
import { signature } from './sign'
import { type Claimed, type Outcome, settle, settleGone, unclaim } from './store'

/** Attempts for one delivery: with the waits below about 12 hours. */
export const MAX_ATTEMPTS = 18
const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 3_600_000
const GONE = 410

/** How long a delivery waits after its n-th attempt, ms: 10 s, tripling up to an hour, randomly 20% more or less to spread the load. */
export const waitAfter = (attempts: number, random: () => number = Math.random): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 3 ** (attempts - 1)) * (0.8 + 0.4 * random())

export interface Sending {
  db: Db
  log: Log
  /** Allows loopback and private addresses and plain http. */
  allowPrivate: boolean
  userAgent: string
  /** Opens the secrets of webhooks. */
  sealer: Sealer
  /** Aborts requests. */
  signal?: AbortSignal
  timeoutMs?: number
}

/** Sends one claimed delivery; nothing is sent while the secret that signs it cannot be opened. */
export async function sendOne(it: Claimed, { userAgent, sealer, ...options }: Sending): Promise<Posted> {
  let secret: string
  try {
    secret = fromStored(it.secret, it.webhookId, sealer)
  } catch (error) {
    if (!(error instanceof KeyMissing || error instanceof Unsealable)) throw error
    return { status: null, error: `its secret cannot be read: ${error.message}`, tookMs: 0 }
  }
  const headers = {
    'User-Agent': userAgent,
    'Backhaul-Delivery': it.id,
    'Backhaul-Event': it.key,
    'Backhaul-Signature': signature(secret, it.body, Date.now()),
  }
  return await post(it.url, it.body, headers, options)
}

/**
 * Sends one claimed delivery and records its outcome. With 410 Gone the receiver wants no more requests (RFC 9110, 15.5.11), so its
 * webhook is deactivated: deliveries that wait for it are kept and sent once somebody activates it again.
 * @returns undefined when a stop aborted it and the claim was released
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
    sending.log.warn('Deactivated a webhook that answered 410 Gone', fields)
  } else await settle(sending.db, it, outcome, posted, outcome === 'retried' ? waitAfter(it.attempts) : 0)
  count('backhaul_webhook_deliveries_total', { outcome })
  if (outcome === 'failed' && posted.status !== GONE)
    sending.log.warn(`Webhook delivery failed after its last attempt: ${posted.error}`, fields)
  if (outcome === 'retried') sending.log.debug(`Webhook delivery will be retried: ${posted.error}`, fields)
  return outcome
}

function outcomeOf(it: Claimed, posted: Posted): Outcome {
  if (posted.error === null) return 'delivered'
  return posted.status === GONE || it.attempts >= MAX_ATTEMPTS ? 'failed' : 'retried'
}
