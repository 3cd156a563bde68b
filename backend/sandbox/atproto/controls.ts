import { BadControl } from '../base/input'
import { change, type EditRequest } from './changes'
import type { Pds } from './pds'
import { recordOf } from './records'
import type { Register } from './register'
import type { BadDocument, HostState, RepoState } from './shapes'
import { type TrueRecord, type TrueRepo, Truth } from './truth'

export interface Edited {
  rev: string
  /** Those created, rewritten or deleted; the CID of a deleted one is what it was. */
  records: { uri: string; cid: string }[]
}

/** What is done to the world while the sandbox runs; a DID is taken wherever a handle is, and the other way round. */
export class AtprotoControls {
  private readonly true: Truth
  constructor(
    private readonly register: Register,
    private readonly pdses: Pds[],
  ) {
    this.true = new Truth(register)
  }

  /** What a complete backfill must hold; by default of the wanted collections. */
  truth(collections?: readonly string[], offset?: number, most?: number): Promise<TrueRecord[]> {
    return this.true.records(collections, offset, most)
  }

  /** How many records that is. */
  count(collections?: readonly string[]): number {
    return this.true.count(collections)
  }

  repos(offset?: number, most?: number): TrueRepo[] {
    return this.true.repos(offset, most)
  }

  /** Every host, as `127.0.0.1:4301`. */
  hosts(): string[] {
    return [...this.register.world.hosts]
  }

  /** @throws {BadControl} when there is no such repo or record */
  async edit(request: EditRequest): Promise<Edited> {
    const k = this.register.mustFind(request.did)
    const { collection } = request
    const made = change(this.register, k, request)
    const records = await Promise.all(made.map((entry) => recordOf(this.register, k, collection, entry)))
    return { rev: this.register.revOf(k), records: records.map(({ uri, cid }) => ({ uri, cid })) }
  }

  state(did: string, state: RepoState): void {
    this.register.at(this.register.mustFind(did)).state = state
  }

  /** Takes one record down at the host: listRecords leaves it out, the repo keeps it, its revision stays. */
  hide(did: string, collection: string, rkey: string): void {
    this.register.hide(this.register.mustFind(did), collection, rkey)
  }

  /** Moves a repo to another host; the old one forgets it. */
  migrate(did: string, host: string): void {
    const k = this.register.mustFind(did)
    this.register.at(k).host = this.numberOf(host)
    this.register.touch(k, this.register.nextMoment())
  }

  /** Breaks the DID document, or repairs it. */
  document(did: string, document?: BadDocument): void {
    this.register.at(this.register.mustFind(did)).document = document
  }

  /** New repos, at the end of the relay's order. @returns their DIDs */
  add(count: number): string[] {
    return this.register.add(count).map((k) => this.register.world.didOf(k))
  }

  /**
   * How a host behaves from now on.
   * @param ms of a slow one: how long an answer takes (2,000); of a limited one: how long it refuses at a time (5,000)
   */
  host(host: string, state: HostState, ms?: number): void {
    this.pdses[this.numberOf(host)]?.become(state, ms)
  }

  private numberOf(host: string): number {
    const number = this.register.world.hosts.indexOf(host)
    if (number < 0) throw new BadControl(`no host is called ${host}; there are: ${this.register.world.hosts.join(', ')}`)
    return number
  }
}
