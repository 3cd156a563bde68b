import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { problem } from './problems'

/** Requests of one connection that may be under way at once; browsers send one after the other. */
const MAX_AT_ONCE = 4

const REQUEST_MS = 30_000

/** What the API grants a connection; ms. */
export const PATIENCE = {
  /** For a whole request, head and body. */
  requestTimeout: REQUEST_MS,
  keepAliveTimeout: 10_000,
  /** Without a byte either way: an answer that is not read is memory. Streams send pings more often. */
  connectionTimeout: 60_000,
  /**
   * The head's time, which Node exchanges with that of the whole request where it is longer (60 s unless told), and how
   * often requests that take too long are looked for.
   */
  http: { headersTimeout: REQUEST_MS / 2, connectionsCheckingInterval: 5_000 },
  clientErrorHandler,
}

/**
 * Ends connections that ask on and on: Node takes up all requests that came in one piece, hundreds of them, before it
 * looks whether the client reads any answer.
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
  HPE_HEADER_OVERFLOW: [431, 'The head of the request has more than 16 kB.'],
}

/** Answers what is no HTTP, and what came too slowly, before there is a request. */
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [status, detail] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'This is no HTTP/1.1 request.']
  const body = JSON.stringify(problem(status, detail))
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/problem+json; charset=utf-8`
  if (socket.writable) socket.write(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  socket.destroy(error)
}
