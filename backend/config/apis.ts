import { Refused } from '../base/errors'
import { type Api, defaultsOf, type Source } from '../contract'
import type { Config } from './config'

type HasApis = Pick<Source, 'apis' | 'settings'>

/** The base URL of an API. */
export function baseUrlOf({ url }: Pick<Api, 'url'>, config: Config): string {
  if ('template' in url) return url.template
  const base = config.settings[url.setting]
  if (typeof base !== 'string')
    throw new Error(`${url.setting} is not a base URL: declare it in the settings of its source with baseUrl().`)
  return url.mock && base === url.mock.of && config.settings[url.mock.setting] === true ? url.mock.url : base
}

const credentialFault = (name: string, setting: string, url: string): string =>
  `${setting} is not set: ${name} at ${url} needs it; set ${setting} in .env.`

/**
 * The headers that carry the credential of an API; none where it needs none.
 * @throws {Refused} `setup` while it is missing
 */
export function credentialOf(name: string, api: Api, config: Config): Record<string, string> {
  if (!api.credential) return {}
  const { setting, header } = api.credential
  const value = config.settings[setting]
  if (typeof value !== 'string' || value === '') throw new Refused('setup', credentialFault(name, setting, baseUrlOf(api, config)), setting)
  return header(value)
}

/** Refuses to ask a real API without saying who we are. @throws {Refused} `setup` */
export function requireContact(source: HasApis, config: Config): void {
  if (config.contact) return
  const defaults = defaultsOf(source)
  for (const [name, api] of Object.entries(source.apis)) {
    const url = baseUrlOf(api, config)
    const setting = 'setting' in api.url ? api.url.setting : undefined
    if (setting !== undefined && url !== defaults[setting]) continue
    throw new Refused(
      'setup',
      `CONTACT is not set: ${name} at ${url} asks clients to identify themselves; set CONTACT in .env (or ${setting ?? 'its address'} to a sandbox).`,
      'CONTACT',
    )
  }
}

/** Refuses to ask an API whose credential is missing. @throws {Refused} `setup` */
export function requireCredentials(source: HasApis, config: Config): void {
  for (const [name, api] of Object.entries(source.apis)) credentialOf(name, api, config)
}

/** Refuses to ask the APIs of a source while CONTACT or a credential is missing. @throws {Refused} `setup` */
export function requireAccess(source: HasApis, config: Config): void {
  requireContact(source, config)
  requireCredentials(source, config)
}
