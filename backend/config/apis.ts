import { Refused } from '../base/errors'
import { type Api, defaultsOf, type Source } from '../contract'
import type { Config } from './config'

/** The base URL requests of this API go to. */
export function baseUrlOf({ url }: Pick<Api, 'url'>, config: Config): string {
  if ('template' in url) return url.template
  const base = config.settings[url.setting]
  if (typeof base !== 'string') throw new Error(`${url.setting} is no base URL: declare it in the settings of its source with baseUrl().`)
  return base
}

/**
 * Refuses to ask a real API without saying who we are.
 * @throws {Refused} `setup`
 */
export function requireAccess(source: Pick<Source, 'apis' | 'settings'>, config: Config): void {
  if (config.contact) return
  const defaults = defaultsOf(source)
  for (const [name, api] of Object.entries(source.apis)) {
    const url = baseUrlOf(api, config)
    const setting = 'setting' in api.url ? api.url.setting : undefined
    if (setting !== undefined && url !== defaults[setting]) continue
    throw new Refused(
      'setup',
      `CONTACT is not set: ${name} at ${url} asks every client to name an address; set CONTACT in .env (or ${setting ?? 'its address'} to a sandbox).`,
      'CONTACT',
    )
  }
}
