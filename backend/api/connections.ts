import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { problem } from './problems'

/** Concurrent requests of one connection; browsers send one after the other. */
const MAX_AT_ONCE = 4

const REQUEST_MS = 30_000

/** Time limits of a connection, ms. */
export const TIMEOUTS = {
  /** Of a whole request, head and body. */
  requestTimeout: REQUEST_MS,
  keepAliveTimeout: 10_000,
  /** Without a byte either way, because an answer that is not read takes memory. Event streams send pings more often. */
  connectionTimeout: 60_000,
  /**
   * Of the head, which Node swaps with that of the whole request where it is longer (60 s by default); and how often Node checks for
   * requests that take too long.
   */
  http: { headersTimeout: REQUEST_MS / 2, connectionsCheckingInterval: 5_000 },
  clientErrorHandler,
}

/**
 * Closes connections that pipeline too many requests: Node starts all requests that arrived in one chunk, hundreds of them, before it
 * notices whether the client reads any answer.
 */
export function boundConnections(app: FastifyInstance): void {
  const underWay = new WeakMap<Socket, number>()
  app.addHook('onRequest', async ({ raw: { socket } }, reply) => {
    const now = (underWay.get(socket) ?? 0) + 1
    if (now > MAX_AT_ONCE || socket.destroyed) {
      socket.destroy()
      reply.hijack()
      return
    }
    underWay.set(socket, now)
    reply.raw.once('close', () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1))
  })
}

const CLIENT_ERRORS: Record<string, [number, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, `The request did not arrive within ${REQUEST_MS / 1000} s.`],
  HPE_HEADER_OVERFLOW: [431, 'The head of the request is larger than 16 kB.'],
}

/** Answers input that is not HTTP or arrives too slowly, before there is a request. */
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [status, detail] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'This is not an HTTP/1.1 request.']
  const body = JSON.stringify(problem(status, detail))
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/problem+json; charset=utf-8`
  if (socket.writable) socket.write(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  socket.destroy(error)
}
