import { clock, counted } from '../../base/vocabulary'
import { baseUrlOf } from '../../config/apis'
import type { Wait } from '../../engine/jobs/progress'
import { apiOf } from '../../gate/limits'
import { appOf } from '../base/about'
import type { Service } from '../base/context'

type Known = Pick<Service, 'sources' | 'config'>

/** The host of an API or of a gate's row: `zkillboard.com`. */
export function hostOf(name: string, { sources, config }: Known): string {
  const [limit = name, scope] = name.split(/:(.*)/)
  if (scope) return scope
  const api = sources.map((source) => source.apis[apiOf(limit)]).find((found) => found !== undefined)
  return api ? new URL(baseUrlOf(api, config)).host : name
}

/** `waiting for zkillboard.com until 12:03:10 UTC`. */
export function waitSentence(service: Known, wait: Wait, live: ReadonlyMap<string, number>, now: Date): string {
  const at = clock(wait.dueAt, now)
  if (wait.kind === 'gate') return `waiting for ${hostOf(wait.on, service)} until ${at}`
  if (wait.kind === 'retry')
    return `trying ${counted(wait.tasks, 'task')} again at ${at} after ${wait.on}: ${wait.error ?? 'no error text'}`
  if (live.has(wait.on)) return `waiting for a free worker of ${wait.on}`
  const app = appOf(wait.on, service.sources)
  return `no worker takes from ${wait.on}${app ? `; start ${app}` : ''}`
}
