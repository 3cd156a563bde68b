import { z } from 'zod'
import { RetryLater, Throttled } from '../../backend/base/errors'
import { baseUrlOf, credentialOf } from '../../backend/config/apis'
import type { HttpUse, Source } from '../../backend/contract'
import { sources } from '../../backend/sources'
import { type Check, type Finding, refusalOf } from './checks'
import type { Context } from './context'

/** How often to ask again when the granted moment is further off than the gate waits. */
const TRIES = 15

type Found = Omit<Finding, 'check'>

async function ask(context: Context, source: Source, name: string): Promise<Found> {
  const { config, log } = context
  const api = source.apis[name]
  const path = api?.livePath ?? api?.probe?.path
  if (!api || !path) return { state: 'skipped', text: `${name}: has no cheap request to send` }
  const missing = refusalOf(() => credentialOf(name, api, config))
  if (missing) return { state: 'skipped', text: missing }
  const use: HttpUse = { class: 'live', signal: AbortSignal.timeout(120_000), nextAt: {}, traffic: {}, log }
  const http = context.service(sources).upstreams.http(source, use)(name)
  const address = `${baseUrlOf(api, config)}${path}`
  const began = Date.now()
  for (let left = TRIES; ; left--) {
    try {
      const { data } = await http.request({ path, types: path === api.livePath ? api.liveTypes : undefined, schema: z.unknown() })
      if (api.probe && path === api.probe.path && !api.probe.up(data))
        return { state: 'fault', text: `${name}: ${address} reports that it is down` }
      return { state: 'ok', text: `${name}: ${address} answers in ${Date.now() - began} ms, gate included` }
    } catch (error) {
      if (!(error instanceof Throttled) || left === 0 || error.until.getTime() - Date.now() > 30_000) return broken(name, address, error)
      use.slotAt = error.slotAt
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, error.until.getTime() - Date.now() - 1000)))
    }
  }
}

function broken(name: string, address: string, error: unknown): Found {
  if (error instanceof Throttled)
    return { state: 'warning', text: `${name}: held up by its gate until ${error.until.toISOString()}; see yarn gates` }
  const what = error instanceof RetryLater ? `${(error as Error).message} (${error.kind})` : (error as Error).message
  return { state: 'fault', text: `${name}: ${address}: ${what}` }
}

/** One cheap request to each API, through the gate like all requests. */
export const LIVE: Check = {
  name: 'live',
  needs: ['contact', 'limits', 'migrations'],
  async run(context) {
    const found: Found[] = []
    for (const source of sources) {
      for (const name of Object.keys(source.apis)) found.push(await ask(context, source, name))
    }
    return found
  },
}
