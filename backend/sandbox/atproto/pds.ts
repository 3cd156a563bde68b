import { setTimeout as wait } from 'node:timers/promises'
import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import type { Archive } from './archive'
import { documentAnswer } from './documents'
import { replaced } from './faults'
import { PdsLimits, pdsLimit } from './pds-limits'
import { pdsMethods } from './pds-queries'
import type { Register } from './register'
import type { HostState } from './shapes'
import { answerXrpc, type Methods, methodOf, subjectOf } from './xrpc'

const SLOW_MS = 2000
const LIMITED_MS = 5000
const HUGE_BYTES = 100_000_000
const PIECE = Buffer.alloc(65_536, 'x')

/** JSON of so many bytes. */
function* pieces(bytes: number): Generator<Uint8Array> {
  yield Buffer.from('{"records":[],"padding":"')
  for (let left = bytes - 27; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left)
  yield Buffer.from('"}')
}

/** One personal data server, on a port of its own. */
export class Pds implements SandboxApi {
  readonly name = 'pds'
  readonly prefix: string
  readonly limits
  private readonly limiter: PdsLimits
  private readonly methods: Methods
  private condition: { state: HostState; ms?: number } = { state: 'up' }
  private readonly register: Register

  constructor(
    private readonly settings: SandboxSettings,
    ground: { register: Register; archive: Archive },
    private readonly number: number,
  ) {
    this.prefix = `/pds/${number}`
    this.register = ground.register
    this.limits = { pds: pdsLimit(settings) }
    this.limiter = new PdsLimits(settings, () => this.host)
    this.methods = pdsMethods({ ...ground, context: settings.context, host: number })
  }

  get host(): string {
    return this.register.world.hosts[this.number] ?? ''
  }

  subject(ask: Ask): string {
    return subjectOf(ask)
  }

  route(ask: Ask): string {
    const method = methodOf(ask)?.split('.').at(-1)
    return method ?? (ask.path === '/.well-known/did.json' ? 'did.json' : 'unknown')
  }

  private isLimited(ask: Ask): boolean {
    return ask.path.startsWith('/xrpc/') && ask.path !== '/xrpc/_health'
  }

  police(ask: Ask): Reply | undefined {
    if (this.condition.state === 'dead') return { status: 0, cut: true }
    return this.isLimited(ask) ? this.limiter.refuse(ask) : undefined
  }

  async answer(ask: Ask): Promise<Reply> {
    const { state, ms } = this.condition
    if (state === 'slow') await wait(ms ?? SLOW_MS, undefined, { ref: false })
    const isLimited = this.isLimited(ask)
    if (isLimited && state === 'limited') return this.limiter.stop(ask, ms ?? LIMITED_MS, false)
    const on = (name: string) => this.settings.context.faults.take(name, this.name, ask)
    const busy = isLimited && on('pds-429')
    if (busy) return this.limiter.stop(ask, Number(busy.seconds ?? 5) * 1000, busy.retryAfter === true)
    const headers = { date: new Date(ask.at).toUTCString(), ...(isLimited ? this.limiter.headers(ask) : {}) }
    const huge = on('huge')
    const answer: Reply = huge
      ? { ...json({}), body: undefined, stream: pieces(Number(huge.bytes ?? HUGE_BYTES)) }
      : (replaced(this.settings.context, this.name, ask) ?? (await this.respond(ask)))
    return { ...answer, headers: { ...answer.headers, ...headers } }
  }

  private respond(ask: Ask): Reply | Promise<Reply> {
    return ask.path === '/.well-known/did.json' && ask.method === 'GET' ? this.ownDocument() : answerXrpc(this.methods, ask)
  }

  /** The document of the account whose DID is this host. */
  private ownDocument(): Reply {
    const k = this.register.find(`did:web:localhost%3A${this.host.split(':')[1]}`)
    if (k === undefined || this.register.stateOf(k) === 'tombstoned')
      return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found' }
    return documentAnswer(this.register, k, 'application/json; charset=utf-8')
  }

  /** How the machine is from now on. @param ms of a slow one: how long it thinks; of a limited one: how long it refuses at a time */
  become(state: HostState, ms?: number): void {
    this.condition = { state, ms }
  }

  reset(): void {
    this.limiter.reset()
    this.become('up')
  }

  get state(): HostState {
    return this.condition.state
  }
}
