import { Throttled } from '../base/errors'
import type { HttpUse } from '../contract'
import type { Client } from './client'
import { noteHeldBack, noteWait } from './traffic'

/** The longest wait for a place in the process, ms: work that has to wait longer releases its worker. */
const QUEUE_MS = 2_000
const AGAIN_MS = 1_000

/**
 * Runs `work` when the process has a place for it, live work first. The place is taken before the gate is asked, so that no granted slot
 * expires in a queue.
 * @throws {Throttled} when no place is free within 2 s
 * @throws the signal's reason when it aborts before
 */
export function inProcess<T>(client: Client, use: HttpUse, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const began = performance.now()
    use.asked = client.name
    let waiting = true
    const leave = (error?: unknown) => {
      waiting = false
      clearTimeout(timer)
      use.signal.removeEventListener('abort', abort)
      noteWait(use, client.name, began)
      if (error) reject(error)
    }
    const abort = () => leave(use.signal.reason)
    const timer = setTimeout(() => {
      const until = new Date(Date.now() + AGAIN_MS)
      noteHeldBack(use, client.name, 'process', until)
      leave(new Throttled(client.name, until, undefined, `this process already has its maximum of ${client.name} requests in flight`))
    }, QUEUE_MS)
    use.signal.addEventListener('abort', abort, { once: true })
    if (use.signal.aborted) return abort()
    const place = async () => {
      if (!waiting) return
      leave()
      await work().then(resolve, reject)
    }
    client.places.schedule({ priority: use.class === 'live' ? 3 : 6 }, place).catch(reject)
  })
}
