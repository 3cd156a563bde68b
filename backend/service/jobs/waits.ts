import { byClock, bySpan, type When, waitText } from '../../base/vocabulary'
import { baseUrlOf } from '../../config/apis'
import type { Config } from '../../config/config'
import type { Source } from '../../contract'
import type { Wait } from '../../engine/jobs/progress'
import { apiOf, type Limits } from '../../gate/limits'
import { appOf } from '../base/about'

/** What decides how long work waits. */
export interface Running {
  /** Queues with a live worker. */
  live: ReadonlyMap<string, number>
  sources: readonly Source[]
  limits: Limits
  config: Config
}

/** The host of an API or of a gate's row: `zkillboard.com`. Other names stay as they are. */
function hostOf(name: string, { sources, config }: Pick<Running, 'sources' | 'config'>): string {
  const [limit = name, scope] = name.split(/:(.*)/)
  const api = sources.map((source) => source.apis[apiOf(limit)]).find((found) => found !== undefined)
  if (!api) return name
  return scope || new URL(baseUrlOf(api, config)).host
}

/** `no worker takes from esi_type_info_queue; start one: …`. */
export function noWorkerText(queue: string, sources: readonly Source[]): string {
  const app = appOf(queue, sources)
  return `no worker takes from ${queue}${app ? `; start one: npx pm2 start ecosystem.config.js --only ${app}` : ''}`
}

function sentence(wait: Wait, running: Running, when: When): string {
  if (wait.kind === 'worker' && !running.live.has(wait.on)) return noWorkerText(wait.on, running.sources)
  return waitText(wait.kind === 'gate' ? { ...wait, on: hostOf(wait.on, running) } : wait, when)
}

/** `waiting for zkillboard.com until 12:03:10 UTC`: for a text that is read later. */
export const waitSentence = (wait: Wait, running: Running, now: Date): string => sentence(wait, running, byClock(wait.dueAt, now))

/** `waiting for zkillboard.com for another 42 s`: for a text that is read now. */
export const waitNow = (wait: Wait, running: Running): string => sentence(wait, running, bySpan(wait.inMs))
