import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LiveEvent, Watch } from './live'

/*
 * Server-sent events of one client. Nothing is kept for a client that does not take what it is sent: what it misses is
 * left out, and once it reads again it is told what holds by then.
 */

const CHECK_MS = 1000
/** Lets proxies and clients know that the line stands. */
const PING_MS = 15_000
/** A client that takes nothing for so long is let go, ms. */
const STUCK_MS = 30_000
const LAST_MS = 2_000

export interface Stream {
  /** Sends an event, or notes that it was missed. */
  send(event: LiveEvent): void
  /** What the client has to be told again after it missed something. */
  follow(watches: readonly Watch[]): void
  end(): void
}

/**
 * Takes the answer out of Fastify's hands and keeps it open.
 * @param onEnd called once, whoever ended it
 * @param stuckMs how long a client may take nothing
 */
export function openStream(request: FastifyRequest, reply: FastifyReply, onEnd: () => void, stuckMs = STUCK_MS): Stream {
  const { raw } = reply
  reply.hijack()
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // nginx would keep events back to fill its buffers.
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

  /** A client that does not take the last of it is not waited for. */
  function end(): void {
    raw.end()
    setTimeout(() => raw.destroy(), LAST_MS).unref()
  }

  const timer = setInterval(check, CHECK_MS)
  raw.on('close', over)
  // A client that left before it came to this is told by no event.
  if (raw.destroyed || raw.closed) queueMicrotask(over)
  // A client that went away in the middle of a write; `close` follows.
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
