import { type Config, settingsReader } from '../config/config'
import type { Credentials, Http, HttpFactory, HttpRequest, HttpUse, Source } from '../contract'
import type { Gate } from '../gate/gate'
import type { Limits } from '../gate/limits'
import { bound } from '../tracing'
import { asAccount, withTokens } from './account'
import { type Client, createClient } from './client'
import { inProcess } from './in-process'
import { atPace } from './pace'
import { request } from './request'
import { warmUp } from './warm'

/** What the clients of a process share. */
interface Parts {
  gate: Gate
  limits: Limits
  config: Config
  /** The tokens of accounts; absent in a process that sends no request for one. */
  credentials?: Credentials
}

/**
 * Makes the clients of every source of this process. Connections and the bound on concurrency are shared by all steps.
 */
export function createHttpFactory(parts: Parts): HttpFactory {
  const clients = new Map<string, Client>()
  const warm = warmUp()
  const factory: HttpFactory = (source, use) => (name) => {
    const api = source.apis[name]
    if (!api) throw new Error(`The source ${source.name} has no API ${name}: name it in its apis.`)
    const client = clients.get(name) ?? createClient(name, api, parts.config, parts.limits)
    clients.set(name, client)
    const send = <T>(wanted: HttpRequest<T>) => sendInTurn(client, parts.gate, wanted, use, warm)
    return {
      base: client.base,
      request: (wanted) => (wanted.account === undefined ? send(wanted) : sendAs(wanted, client, { parts, source, use, factory, send })),
    }
  }
  return factory
}

type Send = Http['request']

const sendInTurn = <T>(client: Client, gate: Gate, wanted: HttpRequest<T>, use: HttpUse, warm: Promise<void>) => {
  const work = bound(async () => {
    await warm
    return request(client, gate, wanted, use)
  })
  return atPace(client.name, use, () => inProcess(client, use, work))
}

interface Caller {
  parts: Parts
  source: Source
  use: HttpUse
  factory: HttpFactory
  send: Send
}

/** Sends a request for an account. */
async function sendAs<T>(wanted: HttpRequest<T>, client: Client, { parts, source, use, factory, send }: Caller) {
  const { account: id = '' } = wanted
  const { account } = client.api
  if (!account) throw new Error(`A request to ${client.name} names an account, and the API has none: describe it in its api.`)
  if (!parts.credentials) throw new Error(`A request to ${client.name} names an account, and this process has no credentials.`)
  const settings = settingsReader(parts.config)(source)
  return await asAccount(parts.credentials, { source, kind: account.kind, id, use, http: factory }, (tokens) =>
    send(withTokens(client, account, wanted, tokens, settings)),
  )
}
