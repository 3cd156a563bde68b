import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { connection, get, Problem } from '../api/client'
import { serverNow } from '../lib/clock'
import { useStore } from '../lib/store'

export interface Fetched<T> {
  data: T | undefined
  /** The path of the data; differs from the requested path while that is loading. */
  of: string | null
  /** When the data was read, by the server's clock, ms. */
  at: number
  /** When the data was asked for, by `performance.now()`. */
  askedAt: number
  /** Why the last request failed; earlier data stays. */
  problem: Problem | undefined
  busy: boolean
  /** Reads again now. */
  refresh(): Promise<void>
  /** Replaces the data, for example with the answer to a write. */
  put(data: T): void
}

interface Options<T> {
  /** Read again this often while the page is visible, ms. */
  everyMs?: number
  /** Which of two answers about the same resource stays, for data that a stream updates too; by default the one that came last. */
  choose?: (shown: T | undefined, next: T) => T
}

interface State<T> {
  path: string | null
  of: string | null
  data?: T
  at: number
  askedAt: number
  problem?: Problem
  busy: boolean
}

const RETRY_MS = [500, 1000, 2000, 4000, 8000]
const lastCome = <T>(_: T | undefined, next: T): T => next
const visible = () => document.visibilityState === 'visible'

/**
 * Reads a path of the API. Data stays while the same resource is read again, also with another query; it is cleared when
 * another resource is requested. Reads again by itself after a lost connection.
 */
export function useFetch<T>(path: string | null, { everyMs, choose = lastCome }: Options<T> = {}): Fetched<T> {
  const [state, setState] = useState<State<T>>({ path, of: null, at: 0, askedAt: 0, busy: true })
  const { times } = useStore(connection)
  const abort = useRef<AbortController | null>(null)
  const failures = useRef(0)

  const read = useCallback(async (): Promise<void> => {
    if (path === null) return
    abort.current?.abort()
    const mine = new AbortController()
    abort.current = mine
    setState((old) => (base(old.path) === base(path) ? { ...old, path, busy: true } : { path, of: null, at: 0, askedAt: 0, busy: true }))
    const askedAt = performance.now()
    try {
      const data = await get<T>(path, mine.signal)
      failures.current = 0
      setState((old) => ({ path, of: path, data: choose(old.data, data), at: serverNow(), askedAt, busy: false }))
    } catch (error) {
      if (mine.signal.aborted) return
      failures.current += 1
      setState((old) => ({ ...old, busy: false, problem: error instanceof Problem ? error : new Problem(0, String(error), '') }))
    }
  }, [path, choose])

  // `times` makes it read again once the server is back.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let over = false
    const again = () => {
      if (over) return
      const wait = connection.get().lost ? RETRY_MS[Math.min(failures.current, RETRY_MS.length) - 1] : everyMs
      if (wait) timer = setTimeout(() => (visible() || connection.get().lost ? void read().then(again) : again()), wait)
    }
    const onVisible = () => void (visible() && everyMs && read())
    void read().then(again)
    document.addEventListener('visibilitychange', onVisible)
    return () => {
      over = true
      clearTimeout(timer)
      abort.current?.abort()
      document.removeEventListener('visibilitychange', onVisible)
    }
  }, [read, everyMs, times])

  const put = useCallback(
    (data: T) => setState((old) => ({ ...old, data: choose(old.data, data), at: serverNow(), problem: undefined })),
    [choose],
  )
  const mine = base(state.path) === base(path)
  return {
    data: mine ? state.data : undefined,
    of: state.of,
    at: state.at,
    askedAt: state.askedAt,
    problem: mine ? state.problem : undefined,
    busy: state.busy,
    refresh: read,
    put,
  }
}

const base = (path: string | null): string | undefined => path?.split('?')[0]
