import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LiveEvent, Watch } from './live'

/*
 * Server-sent events of one client. Events that a slow client does not read are dropped rather than kept; once it reads again it gets
 * the current values.
 */

const CHECK_MS = 1000
/** Tells proxies and clients that the connection is alive. */
const PING_MS = 15_000
/** A client that reads nothing for this long is disconnected, ms. */
const STUCK_MS = 30_000
/** How long a client has to read the last event, ms. */
const LAST_MS = 2_000

export interface Stream {
  /** Sends an event, or notes that the client missed it. */
  send(event: LiveEvent): void
  /** Sets the watches whose current values are sent again after the client missed events. */
  follow(watches: readonly Watch[]): void
  end(): void
}

/**
 * Takes the answer over from Fastify and keeps it open.
 * @param onEnd called once, whichever side ended it
 * @param stuckMs how long a client may read nothing
 */
export function openStream(request: FastifyRequest, reply: FastifyReply, onEnd: () => void, stuckMs = STUCK_MS): Stream {
  const { raw } = reply
  reply.hijack()
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // nginx would buffer events otherwise.
    'x-accel-buffering': 'no',
  })
  raw.write('retry: 2000\n\n')
  let watches: readonly Watch[] = []
  let missedSince: number | undefined
  let pingedAt = performance.now()
  let isOver = false

  function over(): void {
    if (isOver) return
    isOver = true
    clearInterval(timer)
    onEnd()
  }

  function check(): void {
    const now = performance.now()
    if (raw.writableNeedDrain) {
      missedSince ??= now
      if (now - missedSince > stuckMs) raw.destroy()
      return
    }
    if (missedSince !== undefined) {
      missedSince = undefined
      for (const event of watches.flatMap((watch) => watch.snapshot())) send(event)
    }
    if (now - pingedAt < PING_MS) return
    pingedAt = now
    raw.write(': ping\n\n')
  }

  function send(event: LiveEvent): void {
    if (isOver || raw.destroyed) return
    if (raw.writableNeedDrain) missedSince ??= performance.now()
    else raw.write(event.frame)
    if (event.event === 'end' || event.event === 'closed') end()
  }

  /** Does not wait for a client that does not read the last event. */
  function end(): void {
    raw.end()
    setTimeout(() => raw.destroy(), LAST_MS).unref()
  }

  const timer = setInterval(check, CHECK_MS)
  raw.on('close', over)
  // The client may have left already; then no event follows.
  if (raw.destroyed || raw.closed) queueMicrotask(over)
  // Expected: the client left in the middle of a write; `close` follows.
  raw.on('error', () => undefined)
  request.raw.socket.setKeepAlive(true, PING_MS)
  return {
    send,
    follow(these) {
      watches = these
    },
    end,
  }
}
