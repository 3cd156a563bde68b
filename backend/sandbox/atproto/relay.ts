import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { replaced } from './faults'
import { Pace, paceLimit } from './pace'
import type { Pds } from './pds'
import type { Register } from './register'
import { answerXrpc, type Methods, methodOf, type Params, subjectOf, XrpcError } from './xrpc'

const write = (place: number): string => Buffer.from(`seen:${place}`).toString('base64url')

/** @throws {XrpcError} for one the relay never gave out */
function placeOf(cursor: string | undefined): number {
  if (cursor === undefined) return -1
  const place = /^seen:(\d{1,12})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  if (place === undefined) throw new XrpcError('InvalidRequest', 'Malformed cursor')
  return Number(place)
}

/** Limits out of bounds are moved into them, unlike at a PDS. */
function clamped(params: Params, most: number, usual: number): number {
  const limit = Number.parseInt(params.text('limit') ?? '', 10)
  return Number.isNaN(limit) ? usual : Math.min(most, Math.max(1, limit))
}

/** Knows every repo that ever had a record of a collection, in the order it first saw them, and forgets none. */
export class Relay implements SandboxApi {
  readonly name = 'relay'
  readonly prefix = '/relay'
  readonly env = 'ATPROTO_RELAY_URL'
  readonly limits
  private readonly pace: Pace
  private readonly methods: Methods

  constructor(
    private readonly settings: SandboxSettings,
    private readonly register: Register,
    private readonly hosts: Pds[],
  ) {
    this.pace = new Pace(settings, 'relay-limit')
    this.limits = { relay: paceLimit(settings) }
    this.methods = {
      _health: () => json({ status: 'ok' }),
      'com.atproto.sync.listReposByCollection': (params) => this.listReposByCollection(params),
      'com.atproto.sync.listHosts': (params) => this.listHosts(params),
    }
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
    return replaced(this.settings.context, this.name, ask) ?? answerXrpc(this.methods, ask)
  }

  private listReposByCollection(params: Params): Reply {
    const collection = params.collection()
    const limit = clamped(params, 2000, 500)
    const repos: { did: string }[] = []
    let last = 0
    for (let place = placeOf(params.text('cursor')) + 1; place < this.register.places; place++) {
      const k = this.register.sighted(place, collection)
      if (k === undefined) continue
      // One more than asked for is there, so the page is not the last.
      if (repos.length === limit) return json({ repos, cursor: write(last) })
      repos.push({ did: this.register.world.didOf(k) })
      last = place
    }
    return json({ repos })
  }

  private listHosts(params: Params): Reply {
    const limit = clamped(params, 1000, 200)
    const from = placeOf(params.text('cursor')) + 1
    const hosts = this.hosts
      .slice(from, from + limit)
      .map((pds, n) => ({ hostname: pds.host, seqno: 1000 + from + n, status: pds.state === 'dead' ? 'offline' : 'active' }))
    return json({ hosts, cursor: from + limit < this.hosts.length ? write(from + limit - 1) : undefined })
  }

  reset(): void {
    this.pace.reset()
  }
}
