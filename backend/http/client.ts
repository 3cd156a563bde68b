import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import axios, { type AxiosInstance } from 'axios'
import Bottleneck from 'bottleneck'
import { Fatal } from '../base/errors'
import { secretsIn, secretsOf } from '../base/redact'
import { baseUrlOf, credentialOf } from '../config/apis'
import type { Config } from '../config/config'
import type { Api } from '../contract'
import type { Limits } from '../gate/limits'
import { guardedLookup, guardedUrl } from './guard'
import { createPatience, type Patience } from './patience'
import { createSuspects, type Suspects } from './suspects'
import { userAgent } from './user-agent'

/** One API and the settings by which this process calls it. */
export interface Client {
  readonly name: string
  readonly api: Api
  readonly base: string
  /** Whether its hosts come from data. */
  readonly manyHosts: boolean
  /** Secrets in the headers of every request, which no text may show. */
  readonly secrets: readonly string[]
  readonly axios: AxiosInstance
  /** Lengthens waits that are too short. */
  readonly patience: Patience
  /** Tells requests that fail by themselves from a host that is down. */
  readonly suspects: Suspects
  /** Limits the concurrent requests of this process. */
  readonly places: Bottleneck
  /** The address of a path, checked where the host comes from data. */
  urlOf(path: string, scopeOf?: string): string
}

/** Many servers close idle connections after 5 s. Ours are closed earlier, so that no request is sent on a closing one. */
const IDLE_MS = 4_000

/** A base like `https://{host}` takes its host from data; one like `http://127.0.0.1/{shop}` does not. */
const hostFromData = (base: string): boolean => base.split('/')[2]?.includes('{') ?? false

/** A proxy would resolve a guarded name itself, and cannot reach a sandbox on this machine. */
const mayUseProxy = (base: string): boolean => !hostFromData(base) && !/^(localhost|127\.|\[::1\])/.test(base.split('/')[2] ?? '')

const agentsFor = (base: string, allowPrivate: boolean) => {
  const options = { keepAlive: true, timeout: IDLE_MS, ...(hostFromData(base) ? { lookup: guardedLookup(allowPrivate) } : {}) }
  const agents = { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) }
  return mayUseProxy(base) ? agents : { ...agents, proxy: false as const }
}

function addressOf(name: string, base: string, allowPrivate: boolean) {
  return (path: string, scopeOf?: string): string => {
    if (!base.includes('{')) return base + path
    const [, plain = '', host = ''] = /^(http:\/\/)?(.*)$/s.exec(scopeOf ?? '') ?? []
    if (!/^([a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(host) || (plain && !hostFromData(base))) {
      throw new Fatal('forbidden_url', `${name} cannot be asked: not a host name: ${JSON.stringify(scopeOf ?? '')}`)
    }
    if (!hostFromData(base)) return base.replace(/\{\w+\}/, host) + path
    const url = (plain ? base.replace(/^https:\/\//, plain) : base).replace(/\{\w+\}/, host) + path
    return guardedUrl(url, { allowPrivate }).toString()
  }
}

/**
 * The client of one API: a pool of kept-alive connections, our User-Agent and credential, and a limit on concurrent requests.
 * @throws {Refused} `setup` while its credential is missing
 */
export function createClient(name: string, api: Api, config: Config, limits: Limits): Client {
  const base = baseUrlOf(api, config)
  if (api.credential && hostFromData(base))
    throw new Error(`${name} has a credential, and its hosts come from data: any of them would get it.`)
  const credential = credentialOf(name, api, config)
  return {
    name,
    api,
    base,
    manyHosts: hostFromData(base),
    secrets: [...secretsIn(Object.values(credential)), ...secretsOf(api.headers ?? {})],
    axios: axios.create({
      ...agentsFor(base, config.allowPrivateHosts),
      headers: {
        'User-Agent': userAgent(config.contact),
        Accept: 'application/json',
        'Accept-Encoding': 'gzip, br',
        ...api.headers,
        ...credential,
      },
      maxRedirects: 0,
      responseType: 'text',
      transformRequest: [(body: unknown) => body],
      transformResponse: [(text: unknown) => text],
      validateStatus: () => true,
    }),
    patience: createPatience(),
    suspects: createSuspects(),
    places: new Bottleneck({ maxConcurrent: api.inProcess ?? limits.get(name)?.concurrent ?? 10 }),
    urlOf: addressOf(name, base, config.allowPrivateHosts),
  }
}
