import { useEffect, useState } from 'preact/hooks'
import { Problem, post, Unreachable } from '../api/client'

export interface Estimated<T> {
  /** For exactly these parameters; undefined while they change or are refused. */
  estimate: T | undefined
  problem: Problem | Unreachable | undefined
  busy: boolean
}

const PAUSE_MS = 350

/**
 * What a request would cost, asked for after a pause in typing.
 * @param path of the route that estimates it
 * @param body the request as JSON text; null while there is nothing to ask
 */
export function useEstimate<T>(path: string, body: string | null): Estimated<T> {
  const [state, setState] = useState<Omit<Estimated<T>, 'busy'> & { of: string | null }>({
    of: null,
    estimate: undefined,
    problem: undefined,
  })
  useEffect(() => {
    if (body === null) return
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const estimate = await post<T>(path, JSON.parse(body), { signal: stop.signal })
        setState({ of: body, estimate, problem: undefined })
      } catch (error) {
        if (stop.signal.aborted) return
        if (!(error instanceof Problem || error instanceof Unreachable)) throw error
        setState({ of: body, estimate: undefined, problem: error })
      }
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [path, body])
  if (body === null) return { estimate: undefined, problem: undefined, busy: false }
  return {
    estimate: state.of === body ? state.estimate : undefined,
    problem: state.of === body ? state.problem : undefined,
    busy: state.of !== body,
  }
}
