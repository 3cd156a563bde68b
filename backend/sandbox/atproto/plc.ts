import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { documentAnswer } from './documents'
import { replaced } from './faults'
import { Pace, paceLimit } from './pace'
import type { Register } from './register'
import { subjectOf } from './xrpc'

/** The directory of DIDs. */
export class Plc implements SandboxApi {
  readonly name = 'plc'
  readonly prefix = '/plc'
  readonly env = 'PLC_URL'
  readonly limits
  private readonly pace: Pace

  constructor(
    private readonly settings: SandboxSettings,
    private readonly register: Register,
  ) {
    this.pace = new Pace(settings, 'plc-limit')
    this.limits = { plc: paceLimit(settings) }
  }

  subject(ask: Ask): string {
    return subjectOf(ask)
  }

  private didOf(ask: Ask): string | undefined {
    return /^\/(did:[^/]+)$/.exec(subjectOf({ path: ask.path, query: undefined }))?.[1]
  }

  route(ask: Ask): string {
    return this.didOf(ask) === undefined ? 'unknown' : 'document'
  }

  police(ask: Ask): Reply | undefined {
    this.pace.arrive(ask)
    return undefined
  }

  answer(ask: Ask): Reply {
    return replaced(this.settings.context, this.name, ask) ?? this.respond(ask)
  }

  private respond(ask: Ask): Reply {
    const did = this.didOf(ask)
    if (did === undefined || ask.method !== 'GET') return json({ message: 'Not Found' }, 404)
    const k = did.startsWith('did:plc:') ? this.register.find(did) : undefined
    if (k === undefined) return json({ message: `DID not registered: ${did}` }, 404)
    if (this.register.stateOf(k) === 'tombstoned') return json({ message: `DID not available: ${did}` }, 404)
    return documentAnswer(this.register, k, 'application/did+ld+json; charset=utf-8')
  }

  reset(): void {
    this.pace.reset()
  }
}
