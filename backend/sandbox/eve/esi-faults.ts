import type { SandboxContext } from '../base/context'
import { type Answer, type Ask, json } from '../base/exchange'
import type { ActiveFault } from '../base/faults'
import type { EsiLimits, Group } from './esi-limits'

export const ESI_FAULTS: Record<string, string> = {
  'esi-5xx': '`status` (502) with the text that belongs to it; counts against the error limit.',
  'esi-timeout': '504, the game server did not answer.',
  'esi-420': 'The error limit is used up: 420 on all routes for `seconds` (5); asking meanwhile is a violation.',
  'esi-429':
    '429 with Retry-After and bucket headers for `seconds` (5), with `retryAfter` in its place if given; asking meanwhile is a violation.',
  'esi-429-bare': '429 without any header, as from the game server.',
  'esi-422': 'Wrong pair of id and hash, as seen under load.',
  'names-404': 'The whole list of names is refused although every id is valid.',
  'affiliation-bad-id': 'Lists that hold the id `id` (the first of the list) are refused.',
  downtime: 'All routes answer 503, /status too.',
  'esi-wrong-shape': 'An object in a shape nobody has seen.',
}

const TEXTS: Record<number, string> = {
  502: 'Bad gateway',
  503: 'The datasource tranquility is temporarily unavailable',
  504: 'Timeout contacting tranquility',
}

/** The switched-on faults of ESI. */
export class EsiFaults {
  constructor(
    private readonly context: SandboxContext,
    private readonly limits: EsiLimits,
  ) {}

  take(name: string, ask: Ask): ActiveFault | undefined {
    return this.context.faults.take(name, 'esi', ask)
  }

  /** Looks at a fault without counting it. */
  peek(name: string): ActiveFault | undefined {
    return this.context.faults.list().find((fault) => fault.name === name)
  }

  /** An answer in place of the route's. */
  answer(ask: Ask, group: Group | undefined): Answer | undefined {
    const error = (status: number): Answer => json({ error: TEXTS[status] ?? `Error ${status}` }, status)
    if (this.take('downtime', ask)) return error(503)
    const broken = this.take('esi-5xx', ask)
    if (broken) return error(Number(broken.status ?? 502))
    if (this.take('esi-timeout', ask)) return error(504)
    const all = this.take('esi-420', ask)
    if (all) return this.limits.stopAll(ask, Number(all.seconds ?? 5))
    const some = this.take('esi-429', ask)
    if (some) {
      const answer = this.limits.stopGroup(ask, group, Number(some.seconds ?? 5))
      return some.retryAfter === undefined ? answer : { ...answer, headers: { ...answer.headers, 'retry-after': String(some.retryAfter) } }
    }
    if (this.take('esi-429-bare', ask))
      return { status: 429, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error: 'Too many requests' }) }
    if (this.take('esi-wrong-shape', ask)) return json({ surprise: true })
    return ask.path.startsWith('/killmails/') && this.take('esi-422', ask)
      ? json({ error: 'Invalid killmail_id and/or killmail_hash' }, 422)
      : undefined
  }
}
