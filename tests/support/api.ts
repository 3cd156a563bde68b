import { join } from 'node:path'
import { type Api, createApi } from '../../backend/api/server'
import type { Log } from '../../backend/base/log'
import { readConfig } from '../../backend/config/config'
import type { Source } from '../../backend/contract'
import { openDb } from '../../backend/database/db'
import { createService, type Service } from '../../backend/service/base/context'
import { openBroker } from '../../queues/broker'
import { openDepths } from '../../queues/depths'
import { quiet } from './suite'

export interface Served {
  service: Service
  api: Api
  url: string
  /** A JSON request; the answer with its parsed body. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  close(): Promise<void>
}

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  body: any
}

/** The API in this process, listening on a port of its own, as `bin/api.ts` would wire it. */
export async function serve(
  services: { databaseUrl: string; rabbitmqUrl: string },
  sources: readonly Source[],
  env: Record<string, string> = {},
  log: Log = quiet,
): Promise<Served> {
  const config = readConfig(sources, {
    CONTACT: 'tests@example.org',
    DATABASE_URL: services.databaseUrl,
    RABBITMQ_URL: services.rabbitmqUrl,
    ...env,
  })
  const db = openDb(services.databaseUrl, { name: 'api', max: 6 })
  const broker = openBroker({ url: services.rabbitmqUrl, name: 'api', log: quiet })
  await broker.ready()
  const depths = openDepths({ url: services.rabbitmqUrl, name: 'api depths', log: quiet })
  const service = createService({ db, broker, sources, log }, config, depths)
  const api = await createApi({ service, version: '0.0.0', dashboard: env.DASHBOARD ?? join(__dirname, 'no-dashboard'), port: 0 })
  const url = await api.listen()
  return {
    service,
    api,
    url,
    ask: (method, path, body, headers) => ask(url, method, path, body, headers),
    async close() {
      await api.close()
      await service.upstreams.close()
      await Promise.all([broker.close(), depths.close()])
      await db.close()
    },
  }
}

async function ask(url: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const json: Record<string, string> = method === 'GET' ? {} : { 'content-type': 'application/json' }
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(url + path, { method, body: text, headers: { ...json, connection: 'close', ...headers } })
  const answered = await answer.text()
  const isJson = /json/.test(answer.headers.get('content-type') ?? '')
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(answered) : answered }
}
