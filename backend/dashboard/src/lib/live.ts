import { connection, markLost, session } from '../api/client'
import { readOverview } from '../shell/overview'

const FIRST_MS = 500
const MAX_MS = 10_000
/** Streams are silent while nothing changes; one that may be half open is opened again, which brings a snapshot. */
const SILENT_MS = 45_000

/**
 * Keeps an EventSource open until stopped: with growing pauses after a loss, and closed while the page is hidden, because
 * a browser has six connections to a server for all its tabs.
 * @returns a function that stops it
 */
export function openLive(path: string, names: readonly string[], onEvent: (name: string, data: unknown) => void): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let over = false

  const close = () => {
    clearTimeout(timer)
    source?.close()
    source = undefined
  }
  const stop = () => {
    over = true
    close()
    document.removeEventListener('visibilitychange', onVisible)
  }
  const later = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(open, ms)
  }
  const onError = () => {
    close()
    failures += 1
    // An EventSource does not say why it failed; an ordinary request does, and updates session and connection.
    void readOverview()
    later(Math.min(MAX_MS, FIRST_MS * 2 ** (failures - 1)) * (0.75 + Math.random() / 2))
  }
  function open(): void {
    close()
    if (over || document.visibilityState === 'hidden' || session.get() === 'out') return
    source = new EventSource(path)
    source.onerror = onError
    source.onopen = () => later(SILENT_MS)
    for (const name of names) source.addEventListener(name, (event) => heard(name, event))
    source.addEventListener('unreachable', onUnreachable)
    if (!names.includes('end')) source.addEventListener('end', stop)
  }
  function heard(name: string, event: MessageEvent<string>): void {
    failures = 0
    // The event may have been sent before the loss; an ordinary request shows whether the server is back.
    if (connection.get().lost !== null) void readOverview()
    if (name === 'end') stop()
    else later(SILENT_MS)
    onEvent(name, event.data ? JSON.parse(event.data) : null)
  }
  /** The server answers, but its database is unreachable. */
  function onUnreachable(event: MessageEvent<string>): void {
    markLost((JSON.parse(event.data) as { reason: string }).reason)
  }
  function onVisible(): void {
    if (document.visibilityState === 'hidden') close()
    else if (!source) open()
  }

  document.addEventListener('visibilitychange', onVisible)
  open()
  return stop
}
