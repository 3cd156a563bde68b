import type { Config } from '../config/config'
import type { Http, HttpFactory, HttpUse } from '../contract'
import type { Gate } from '../gate/gate'
import type { Limits } from '../gate/limits'
import { bound } from '../tracing'
import { type Client, createClient } from './client'
import { inProcess } from './in-process'
import { atPace } from './pace'
import { request } from './request'
import { warmUp } from './warm'

/**
 * Makes the clients of every source of this process. Connections and the bound on concurrency are shared by all steps.
 */
export function createHttpFactory({ gate, limits, config }: { gate: Gate; limits: Limits; config: Config }): HttpFactory {
  const clients = new Map<string, Client>()
  const warm = warmUp()
  return (source, use) => (name) => {
    const api = source.apis[name]
    if (!api) throw new Error(`The source ${source.name} has no API ${name}: name it in its apis.`)
    const client = clients.get(name) ?? createClient(name, api, config, limits)
    clients.set(name, client)
    return clientFor(client, gate, use, warm)
  }
}

const clientFor = (client: Client, gate: Gate, use: HttpUse, warm: Promise<void>): Http => ({
  base: client.base,
  request: (wanted) => {
    const send = bound(async () => {
      await warm
      return request(client, gate, wanted, use)
    })
    return atPace(client.name, use, () => inProcess(client, use, send))
  },
})
