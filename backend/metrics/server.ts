import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Refused, Throttled } from '../base/errors'
import type { Log } from '../base/log'
import { isUnreachable } from '../database/passing'
import type { Service } from '../service/base/context'
import { CONTENT_TYPE, exposition } from './exposition'

/** How often to try for a port that is taken, ms: the api that has it may stop. */
const AGAIN_MS = 10_000
/** Time limit for receiving a scrape, and for the client to read it, ms. */
const SLOWEST_MS = 30_000

export interface MetricsServer {
  /** The port; undefined while another process has it. */
  readonly port: number | undefined
  close(): Promise<void>
}

/** Wrong tokens, counted by all entry points of the process. */
export interface Guesses {
  /** How long an address must wait, s. */
  waitOf(address: string): number
  failed(address: string, token: string): void
}

interface MetricsResponse {
  status: number
  text: string
  headers?: Record<string, string>
}

/**
 * Serves `METRICS_PORT/metrics` for Prometheus. With ADMIN_TOKEN set it requires that or READ_TOKEN as a bearer token;
 * otherwise it serves this machine only. A taken port is logged once and tried again: every api of a suite serves the same metrics.
 * @throws {Refused} `setup` when it cannot listen for another reason
 */
export async function serveMetrics(service: Service, guesses?: Guesses): Promise<MetricsServer> {
  const { config, log } = service
  const scrape = exposition(service)
  const server = createServer((request, response) => {
    answer(request, service, scrape, guesses).then(
      (it) => send(request, response, it),
      (error: Error) => {
        log.error(`Scrape failed: ${error.message}`)
        send(request, response, { status: 500, text: 'Internal error; the log of the api process has the details.\n' })
      },
    )
  })
  // A slow client, or one that does not read, holds nothing for long.
  server.requestTimeout = SLOWEST_MS
  server.setTimeout(SLOWEST_MS)
  const host = config.adminToken ? config.apiHost : '127.0.0.1'
  let again: NodeJS.Timeout | undefined
  const open = async (isFirst: boolean): Promise<void> => {
    if (await listen(server, config.metricsPort, host)) return log.info('Serving metrics', { at: `${host}:${config.metricsPort}/metrics` })
    if (isFirst) logTaken(log, host, config.metricsPort)
    again = setTimeout(() => void open(false), AGAIN_MS).unref()
  }
  await open(true)
  return {
    get port() {
      const address = server.address()
      return typeof address === 'object' ? address?.port : undefined
    },
    async close() {
      clearTimeout(again)
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

const logTaken = (log: Log, host: string, port: number): void =>
  log.warn(
    `METRICS_PORT ${port} on ${host} is taken, probably by another api, which serves the same metrics; trying again every ${AGAIN_MS / 1000} s`,
  )

/** @returns false when the port is taken; throws {Refused} `setup` for another fault */
function listen(server: Server, port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'EADDRINUSE') resolve(false)
      else
        reject(new Refused('setup', `The metrics cannot be served (${message}): check METRICS_PORT and API_HOST in .env.`, 'METRICS_PORT'))
    }
    server.once('error', failed)
    server.listen(port, host, () => {
      server.off('error', failed)
      resolve(true)
    })
  })
}

function send(request: IncomingMessage, response: ServerResponse, { status, text, headers }: MetricsResponse): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}

async function answer(
  request: IncomingMessage,
  service: Service,
  scrape: () => Promise<string>,
  guesses?: Guesses,
): Promise<MetricsResponse> {
  const refused = refusal(request, service, guesses)
  if (refused) return refused
  try {
    return { status: 200, text: await scrape(), headers: { 'content-type': CONTENT_TYPE } }
  } catch (error) {
    // The gate throws an error of its own for an unreachable database.
    if (!isUnreachable(error) && !(error instanceof Throttled)) throw error
    // Prometheus then shows `up` as 0 and no outdated figures.
    return { status: 503, text: `The database cannot be reached: ${(error as Error).message}\n`, headers: { 'retry-after': '5' } }
  }
}

function refusal(request: IncomingMessage, { config }: Service, guesses?: Guesses): MetricsResponse | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, text: 'Use GET.\n', headers: { allow: 'GET, HEAD' } }
  if (config.adminToken) {
    const from = request.socket.remoteAddress ?? ''
    const wait = guesses?.waitOf(from) ?? 0
    if (wait > 0)
      return { status: 429, text: `Too many wrong tokens from ${from}; wait ${wait} s.\n`, headers: { 'retry-after': `${wait}` } }
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]?.trim() ?? ''
    if (![config.adminToken, config.readToken].some((token) => token !== undefined && isSame(given, token))) {
      if (given !== '') guesses?.failed(from, given)
      const text = 'Send READ_TOKEN or ADMIN_TOKEN: Authorization: Bearer <token>.\n'
      return { status: 401, text, headers: { 'www-authenticate': 'Bearer realm="backhaul metrics"' } }
    }
  } else if (!isLocal(request)) {
    return { status: 403, text: 'Without ADMIN_TOKEN, metrics are served to this machine only.\n' }
  }
  if ((request.url ?? '').split('?')[0] !== '/metrics') return { status: 404, text: 'The metrics are at /metrics.\n' }
  return undefined
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
/** Takes the same time for every pair of tokens. */
const isSame = (given: string, token: string): boolean => timingSafeEqual(digest(given), digest(token))

/** Whether a request is from this machine and for a name of it: the name of a page elsewhere may point here. */
function isLocal(request: IncomingMessage): boolean {
  const from = request.socket.remoteAddress ?? ''
  const host = (request.headers.host ?? '').replace(/:\d+$/, '')
  return /^(::ffff:)?127\.|^::1$/.test(from) && /^(localhost|127(\.\d+){3}|\[::1\])$/i.test(host)
}
