import { createApi } from '../../backend/api/server'
import type { Service } from '../../backend/service/context'
import { bury } from '../../queues/dead'
import type { QueueName } from '../../queues/names'

/** The API on a port of its own. */
export interface ServedApi {
  url: string
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Sets a message aside, as a worker does that cannot read it. */
  deadLetter(queue: QueueName, body: string, messageId: string): Promise<void>
  /** How many follow something. */
  watchers(): number
  close(): Promise<void>
}

/** Serves the API with no dashboard built. */
export async function serveApi(service: Service): Promise<ServedApi> {
  const api = await createApi({ service, version: 'test', dashboard: '/nowhere', port: 0 })
  const url = await api.listen()
  return {
    url,
    fetch: (path, init) => fetch(`${url}${path}`, init),
    async deadLetter(queue, body, messageId) {
      await bury(service.broker, { queue, body: Buffer.from(body), messageId }, 'made for a test')
    },
    watchers: () => api.live.watchers,
    close: () => api.close(),
  }
}
