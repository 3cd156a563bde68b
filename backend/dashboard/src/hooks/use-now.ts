import { useEffect, useState } from 'preact/hooks'
import { serverNow } from '../lib/clock'

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

const tick = () => {
  for (const listener of listeners) listener()
}

/** The server's time, ms; the component is drawn again every second while `on`. One timer serves the page. */
export function useNow(on = true): number {
  const [, draw] = useState(0)
  useEffect(() => {
    if (!on) return
    const listener = () => draw((n) => n + 1)
    listeners.add(listener)
    timer ??= setInterval(tick, 1000)
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0) return
      clearInterval(timer)
      timer = undefined
    }
  }, [on])
  return serverNow()
}
