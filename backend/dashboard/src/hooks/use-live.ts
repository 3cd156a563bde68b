import { useEffect, useRef } from 'preact/hooks'
import { connection } from '../api/client'
import { openLive } from '../lib/live'
import { useStore } from '../lib/store'

type Handlers = Record<string, (data: never) => void>

/**
 * Listens to a path of server-sent events while it is not null. Events are JSON; every (re)connection starts with the
 * server's snapshot. The event `end` closes it.
 */
export function useLive(path: string | null, handlers: Handlers): void {
  const latest = useRef(handlers)
  latest.current = handlers
  const { times } = useStore(connection)
  const names = Object.keys(handlers).join(' ')
  // `times` makes it connect again once the server is back.
  useEffect(() => {
    if (path === null) return
    return openLive(path, names.split(' '), (name, data) => latest.current[name]?.(data as never))
  }, [path, names, times])
}
