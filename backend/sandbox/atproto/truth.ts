import { breathe, recordOf } from './records'
import type { Register } from './register'
import { type Odd, type RepoState, WANTED } from './shapes'

export interface TrueRecord {
  uri: string
  did: string
  collection: string
  rkey: string
  cid: string
  odd?: Odd
}
export interface TrueRepo {
  did: string
  handle: string
  /** `127.0.0.1:4301` */
  host: string
  state: RepoState
  rev: string
  /** How many records listRecords shows, by collection. */
  collections: Record<string, number>
}

/** What a complete backfill over listRecords must hold: records of active repos whose document is in order. */
export class Truth {
  constructor(private readonly register: Register) {}

  private *repoNumbers(): Generator<number> {
    const { register } = this
    for (let k = 0; k < register.size; k++) if (register.stateOf(k) === 'active' && register.documentOf(k) === undefined) yield k
  }

  count(collections: readonly string[] = WANTED): number {
    let count = 0
    for (const k of this.repoNumbers()) for (const collection of collections) count += this.register.countOf(k, collection)
    return count
  }

  /** By repo, collection as asked, record key falling; a part at a time. */
  async records(collections: readonly string[] = WANTED, offset = 0, most = Number.POSITIVE_INFINITY): Promise<TrueRecord[]> {
    const { register } = this
    const found: TrueRecord[] = []
    let passed = 0
    for (const k of this.repoNumbers())
      for (const collection of collections) {
        if (found.length >= most) return found
        await breathe(k)
        const count = register.countOf(k, collection)
        const from = Math.max(0, offset - passed)
        passed += count
        if (from >= count) continue
        for (const entry of register
          .listedOf(k, collection)
          .toReversed()
          .slice(from, from + most - found.length)) {
          const { uri, cid } = await recordOf(register, k, collection, entry)
          const odd = entry.odd ? { odd: entry.odd } : {}
          found.push({ uri, did: register.world.didOf(k), collection, rkey: entry.rkey, cid, ...odd })
          await breathe(found.length)
        }
      }
    return found
  }

  /** Every repo, whatever its state, by number. */
  repos(offset = 0, most = Number.POSITIVE_INFINITY): TrueRepo[] {
    const { register } = this
    const repos: TrueRepo[] = []
    for (let k = offset; k < register.size && repos.length < most; k++)
      repos.push({
        did: register.world.didOf(k),
        handle: register.world.handleOf(k),
        host: register.world.hosts[register.hostOf(k)] ?? '',
        state: register.stateOf(k),
        rev: register.revOf(k),
        collections: Object.fromEntries(register.collectionsOf(k).map((collection) => [collection, register.countOf(k, collection)])),
      })
    return repos
  }
}
