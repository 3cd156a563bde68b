import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { replaced } from './faults'
import { Pace, paceLimit } from './pace'
import type { Register } from './register'
import { answerXrpc, methodOf, type Params, subjectOf, XrpcError } from './xrpc'

/** A service that knows whose handle is whose. */
export class Handles implements SandboxApi {
  readonly name = 'handles'
  readonly prefix = '/handles'
  readonly env = 'ATPROTO_HANDLE_URL'
  readonly limits
  private readonly pace: Pace

  constructor(
    private readonly settings: SandboxSettings,
    private readonly register: Register,
  ) {
    this.pace = new Pace(settings, 'handles-limit')
    this.limits = { handles: paceLimit(settings) }
  }

  subject(ask: Ask): string {
    return subjectOf(ask)
  }

  route(ask: Ask): string {
    return methodOf(ask)?.split('.').at(-1) ?? 'unknown'
  }

  police(ask: Ask): Reply | undefined {
    this.pace.arrive(ask)
    return undefined
  }

  answer(ask: Ask): Reply | Promise<Reply> {
    const methods = { 'com.atproto.identity.resolveHandle': (params: Params) => this.resolve(params.must('handle')) }
    return replaced(this.settings.context, this.name, ask) ?? answerXrpc(methods, ask)
  }

  private resolve(handle: string): Reply {
    const k = handle.startsWith('did:') ? undefined : this.register.find(handle)
    const gone = k === undefined || ['deleted', 'tombstoned'].includes(this.register.stateOf(k))
    if (gone) throw new XrpcError('InvalidRequest', 'Unable to resolve handle')
    return json({ did: this.register.world.didOf(k) })
  }

  reset(): void {
    this.pace.reset()
  }
}
