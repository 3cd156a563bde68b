import { createHash } from 'node:crypto'
import { Throttled } from '../../../base/errors'
import type { SettingValues } from '../../../contract'
import type { etsySettings } from './settings'

/*
 * The key of our Etsy app. All accounts share it, and with it one limit.
 */

/** How often work that lacks the key is tried again, ms: with it, the process is a new one. */
const MISSING_MS = 60_000

export type EtsyKey = Pick<SettingValues<typeof etsySettings>, 'ETSY_API_KEY' | 'ETSY_SHARED_SECRET'>

/** What is missing, in a sentence; undefined: nothing. */
export function missingKey({ ETSY_API_KEY: keystring, ETSY_SHARED_SECRET: secret }: EtsyKey): string | undefined {
  const missing = [...(keystring ? [] : ['ETSY_API_KEY (the keystring)']), ...(secret ? [] : ['ETSY_SHARED_SECRET'])]
  if (missing.length === 0) return undefined
  const verb = missing.length === 1 ? 'is' : 'are'
  return `${missing.join(' and ')} ${verb} not set: Etsy answers no request without the keystring and the shared secret of your app; set them in .env and restart.`
}

/** The key in two parts. @throws {Throttled} while one is missing: nothing is lost, and work goes on once both are set */
export function keyOf(settings: SettingValues): { keystring: string; secret: string } {
  const { ETSY_API_KEY: keystring = '', ETSY_SHARED_SECRET: secret = '' } = settings as EtsyKey
  const why = missingKey({ ETSY_API_KEY: keystring, ETSY_SHARED_SECRET: secret })
  if (why === undefined) return { keystring, secret }
  throw new Throttled('ETSY_API_KEY and ETSY_SHARED_SECRET to be set', new Date(Date.now() + MISSING_MS), undefined, why)
}

/** The header with the key. @throws {Throttled} as `keyOf` */
export function keyHeader(settings: SettingValues): Record<string, string> {
  const { keystring, secret } = keyOf(settings)
  return { 'x-api-key': `${keystring}:${secret}` }
}

/** What the limit counts by: a label of the key, which differs for another key and does not show it. @throws {Throttled} as `keyOf` */
export const keyLabel = (settings: SettingValues): string =>
  `key-${createHash('sha256').update(keyOf(settings).keystring).digest('hex').slice(0, 8)}`
