import { until } from './until'

export interface Heard {
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  data: any
}

export interface Listening {
  status: number
  /** Every event so far. */
  heard: Heard[]
  /** Bytes taken so far. */
  bytes(): number
  /** Whether the server has ended it. */
  isOver(): boolean
  /** The first event that fits. */
  hear(name: string, fits?: (data: Heard['data']) => boolean): Promise<Heard>
  stop(): void
}

/** Follows server-sent events. @param hold resolves when reading may begin: a client that does not read until then */
export async function listen(
  url: string,
  headers: Record<string, string> = {},
  hold: Promise<unknown> = Promise.resolve(),
): Promise<Listening> {
  const stop = new AbortController()
  const answer = await fetch(url, { headers, signal: stop.signal })
  const heard: Heard[] = []
  let bytes = 0
  let over = false
  const read = async () => {
    await hold
    const decoder = new TextDecoder()
    let parts: string[] = []
    for await (const chunk of answer.body ?? []) {
      bytes += (chunk as Uint8Array).length
      const part = decoder.decode(chunk as Uint8Array, { stream: true })
      parts.push(part)
      // Joined only where a frame may have ended: large ones come in many parts.
      if (!part.includes('\n\n') && !part.startsWith('\n')) continue
      const frames = parts.join('').split('\n\n')
      parts = [frames.pop() ?? '']
      heard.push(...frames.flatMap(parse))
    }
  }
  void read().then(
    () => {
      over = true
    },
    // The server closed the connection, or the test stopped listening.
    () => {
      over = true
    },
  )
  return {
    status: answer.status,
    heard,
    bytes: () => bytes,
    isOver: () => over,
    hear: (name, fits = () => true) =>
      until(() => heard.find(({ event, data }) => event === name && fits(data)), { timeoutMs: 20_000, what: `the event ${name}` }),
    stop: () => stop.abort(),
  }
}

function parse(frame: string): Heard[] {
  const fields = new Map(frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
  const event = fields.get('event')
  return event === undefined ? [] : [{ event, data: JSON.parse(fields.get('data') ?? 'null') }]
}
