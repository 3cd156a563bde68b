import { setTimeout as rest } from 'node:timers/promises'
import { messageOf } from '../../base/errors'
import type { Listener, ListenerIo } from '../../contract'

/** A connection that broke without a word is known by its silence: every second brings events, ms. */
const SILENCE_MS = 90_000
/** Frames read and not yet confirmed by the broker, at most; then the socket is read no further. */
const MAX_FRAMES = 200
const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 60_000
/** A second connection from one address is refused; who holds the other one may need this long to notice, ms. */
const LIMIT_PAUSE_MS = 60_000
const MAX_FRAME_BYTES = 8 * 1024 * 1024

/** Why a connection ended. */
interface End {
  why: string
  /** It brought events. */
  worked: boolean
  isRefused: boolean
}

/**
 * One connection: what comes is published as it is, until it ends. While the broker confirms nothing the socket is not read, so that
 * the site's buffer and then its patience fill up, and not our memory.
 */
function listenOnce(io: ListenerIo, url: string, silenceMs: number): Promise<End> {
  // Only the worker that listens needs the package.
  const { WebSocket } = require('ws') as typeof import('ws')
  return new Promise((resolve) => {
    const socket = new WebSocket(url, {
      headers: { 'User-Agent': io.userAgent, 'batch-test': 'true' },
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: 30_000,
    })
    let waiting = 0
    let worked = false
    let isRefused = false
    let why = 'the connection closed'
    let silence = setTimeout(() => undefined, 0)
    const heard = () => {
      clearTimeout(silence)
      silence = setTimeout(() => {
        why = `nothing came for ${silenceMs / 1000} s`
        socket.terminate()
      }, silenceMs)
    }
    const stop = () => socket.terminate()
    io.signal.addEventListener('abort', stop, { once: true })
    heard()
    socket.on('open', () => io.log.info('Listening to backpack.tf', { url }))
    socket.on('ping', heard)
    socket.on('message', (data: Buffer) => {
      // Silence of the site is meant, not of our own broker.
      heard()
      if (data.includes('client-limit-exceeded')) isRefused = true
      else worked = true
      waiting++
      if (waiting >= MAX_FRAMES) {
        socket.pause()
        clearTimeout(silence)
      }
      io.publish('tf2_listing_events_queue', data).then(
        () => {
          waiting--
          if (socket.isPaused && waiting < MAX_FRAMES / 2) {
            socket.resume()
            heard()
          }
        },
        // Only a stop ends the publishing of a frame.
        () => socket.terminate(),
      )
    })
    socket.on('error', (error) => {
      why = messageOf(error)
    })
    socket.on('close', () => {
      clearTimeout(silence)
      io.signal.removeEventListener('abort', stop)
      resolve({ why, worked, isRefused })
    })
  })
}

/**
 * Follows every listing that changes on backpack.tf, from now on: what happened while nobody listened is found by backfills.
 * @param silenceMs a connection that brings nothing for so long is made again
 */
export const following = (silenceMs: number): Listener => ({
  about: 'Follows the backpack.tf websocket and queues its events',
  enabled: 'TF2_LIVE',
  async run(io) {
    const url = String(io.settings.BACKPACK_TF_WS_URL)
    for (let pause = FIRST_PAUSE_MS; !io.signal.aborted; ) {
      const { why, worked, isRefused } = await listenOnce(io, url, silenceMs)
      if (io.signal.aborted) return
      pause = isRefused ? LIMIT_PAUSE_MS : worked ? FIRST_PAUSE_MS : Math.min(pause * 2, MAX_PAUSE_MS)
      const inMs = Math.round(pause * (0.5 + Math.random()))
      const reason = isRefused ? 'backpack.tf allows one connection from an address, and another one is open' : why
      io.log.warn(`Connection to backpack.tf lost: ${reason}; will connect again`, { inSeconds: Math.round(inMs / 100) / 10 })
      // An abort ends the rest early.
      await rest(inMs, undefined, { signal: io.signal }).catch(() => undefined)
    }
  },
})

export const live = following(SILENCE_MS)
