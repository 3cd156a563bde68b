import type { SandboxContext } from '../base/context'
import { type Ask, json, type Reply } from '../base/exchange'
import type { ActiveFault } from '../base/faults'
import type { EsiLimits, Group } from './esi-limits'

export const ESI_FAULTS: Record<string, string> = {
  'esi-5xx': 'Answers `status` (502) with its usual text; counts against the error limit.',
  'esi-timeout': 'Answers 504, as when the game server does not answer.',
  'esi-420': 'The error limit is used up: 420 on all routes for `seconds` (5); a request meanwhile is a violation.',
  'esi-429':
    'Answers 429 with Retry-After and bucket headers for `seconds` (5), or with `retryAfter` as its text; a request meanwhile is a violation.',
  'esi-429-bare': 'Answers 429 without any header, as the game server does.',
  'esi-422': 'Answers 422, a wrong pair of id and hash, as happens under load.',
  'names-404': 'Refuses the whole list of names although every id is valid.',
  'affiliation-bad-id': 'Refuses lists that hold the id `id` (the first of the list by default).',
  downtime: 'All routes answer 503, /status too.',
  'esi-wrong-shape': 'Answers an object of an unknown shape.',
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

  /** Reads a fault without counting it. */
  peek(name: string): ActiveFault | undefined {
    return this.context.faults.list().find((fault) => fault.name === name)
  }

  /** An answer in place of the route's. */
  answer(ask: Ask, group: Group | undefined): Reply | undefined {
    const error = (status: number): Reply => json({ error: TEXTS[status] ?? `Error ${status}` }, status)
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
