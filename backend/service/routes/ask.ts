import { setTimeout as pause } from 'node:timers/promises'
import { Throttled } from '../../base/errors'
import { requireContact } from '../../config/apis'
import type { Http, HttpUse, Source } from '../../contract'
import type { Service } from '../base/context'

/** A person waits no longer than this for an answer, ms, and this long of it for the limits. */
const TIMEOUT_MS = 30_000
const PATIENCE_MS = 10_000

/** Makes clients for what a person asks for. */
export const askFor =
  ({ upstreams, config, log }: Pick<Service, 'upstreams' | 'config' | 'log'>, source: Source) =>
  (api: string): Http => {
    const use = (slotAt?: Date): HttpUse => ({
      class: 'live',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      nextAt: {},
      traffic: {},
      log,
      slotAt,
    })
    return {
      base: upstreams.http(source, use())(api).base,
      async request(wanted) {
        requireContact(source, config)
        const ends = Date.now() + PATIENCE_MS
        for (let slotAt: Date | undefined; ; ) {
          try {
            return await upstreams.http(source, use(slotAt))(api).request(wanted)
          } catch (error) {
            if (!(error instanceof Throttled) || error.until.getTime() > ends) throw error
            slotAt = error.slotAt
            // The gate itself waits for a slot that is near.
            await pause(Math.max(0, error.until.getTime() - Date.now() - 1000))
          }
        }
      },
    }
  }
