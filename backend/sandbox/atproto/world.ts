import { between, dice, mix } from '../base/random'
import { plcDid, plcNumber, webDid } from './dids'
import { ODD_KINDS, oddEntries } from './odd-records'
import { type Entry, NOISE, type RepoState, WANTED } from './shapes'
import { tid } from './tids'

export interface WorldOptions {
  seed: number
  repos: number
  pdses: number
  /** Share of repos whose wanted collections are empty, though the relay has seen them. */
  emptyRepos: number
  oddities: boolean
  /** Where history ends, ms since 1970. */
  end: number
}

const DAY = 86_400_000
const SPAN_MS = 3 * 365 * DAY
/** States of repos by their number modulo 37. */
const STATE_AT: Record<number, RepoState> = { 5: 'deactivated', 11: 'takendown', 17: 'suspended', 24: 'deleted', 29: 'tombstoned' }
/** Odd records by the number of their repo modulo 997; most must be rare, one of them weighs 900 kB. */
const ODD_PERIOD = 997
const FIRST_ODD = 6

/** A network of repos; each is a function of the seed and its number, none is stored. */
export class World {
  /** Where the PDSes listen, as `127.0.0.1:4301`. */
  hosts: string[] = []
  constructor(readonly options: WorldOptions) {}

  private roll(kind: number, ...parts: number[]): number {
    return mix(this.options.seed, kind, ...parts) / 2 ** 32
  }

  /** Repos that came while the sandbox ran have nothing odd about them. */
  private hasOddities(k: number): boolean {
    return this.options.oddities && k < this.options.repos
  }

  /** The PDS whose own account this is. */
  webHost(k: number): number | undefined {
    const host = (k - 3) / 10
    return this.hasOddities(k) && Number.isInteger(host) && host < this.options.pdses ? host : undefined
  }

  didOf(k: number): string {
    const web = this.webHost(k)
    return web === undefined ? plcDid(this.options.seed, k) : webDid(this.hosts[web] ?? '')
  }

  handleOf(k: number): string {
    return `user-${k}.sandbox.test`
  }

  /** The number behind a DID or handle, whether or not the world is so large. */
  numberOf(name: string): number | undefined {
    const handle = /^user-(\d{1,9})\.sandbox\.test$/.exec(name.toLowerCase())?.[1]
    if (handle !== undefined) return Number(handle)
    const port = /^did:web:localhost%3[Aa](\d+)$/.exec(name)?.[1]
    const k = port === undefined ? plcNumber(this.options.seed, name) : this.hosts.findIndex((host) => host.endsWith(`:${port}`)) * 10 + 3
    return k !== undefined && this.didOf(k) === name.replace('%3a', '%3A') ? k : undefined
  }

  hostOf(k: number): number {
    return this.webHost(k) ?? mix(this.options.seed, 30, k) % this.options.pdses
  }

  stateOf(k: number): RepoState {
    return (this.hasOddities(k) && this.webHost(k) === undefined && STATE_AT[k % 37]) || 'active'
  }

  private oddOf(k: number) {
    const kind = ODD_KINDS[(k % ODD_PERIOD) - FIRST_ODD]
    return this.hasOddities(k) && this.webHost(k) === undefined ? kind : undefined
  }

  /** Rises with k, ms since 1970. */
  createdAt(k: number): number {
    const { end, repos } = this.options
    return Math.floor(end - SPAN_MS + (Math.min(k, repos) / repos) * (SPAN_MS - 30 * DAY))
  }

  private isLarge = (k: number): boolean => k % 100 === 20
  private isSizable = (k: number): boolean => k % 20 === 18

  isEmpty(k: number): boolean {
    const special = k >= this.options.repos || this.isLarge(k) || this.isSizable(k) || this.webHost(k) !== undefined || this.oddOf(k)
    return !special && this.roll(31, k) < this.options.emptyRepos
  }

  private plainCount(k: number, collection: string): number {
    if (collection === NOISE) return between(0, 20, this.roll(32, k) ** 2)
    if (this.isEmpty(k)) return 0
    const hasProfile = this.roll(33, k) < 0.8
    if (collection === WANTED[2]) return hasProfile ? 1 : 0
    if (collection === WANTED[0]) return Math.max(hasProfile ? 0 : 1, between(0, 12, this.roll(34, k) ** 2))
    if (collection !== WANTED[1]) return 0
    if (this.isLarge(k)) return between(2501, 3300, this.roll(35, k))
    return this.isSizable(k) ? between(110, 420, this.roll(35, k)) : between(0, 30, this.roll(35, k) ** 2)
  }

  countOf(k: number, collection: string): number {
    return this.plainCount(k, collection) + this.oddEntriesOf(k, collection).length
  }

  /** The relay has seen a record of this collection there, though it may be gone. */
  hasHad(k: number, collection: string): boolean {
    return this.countOf(k, collection) > 0 || (this.isEmpty(k) && (WANTED as readonly string[]).includes(collection))
  }

  private oddEntriesOf(k: number, collection: string): Entry[] {
    const odd = collection === WANTED[0] ? this.oddOf(k) : undefined
    return odd ? oddEntries(odd, this.createdAt(k) + 1000) : []
  }

  /** By record key, rising. */
  entriesOf(k: number, collection: string): Entry[] {
    const count = this.plainCount(k, collection)
    const number = [NOISE, ...WANTED].indexOf(collection)
    const start = this.createdAt(k)
    const step = (this.options.end - DAY - start) / count
    const luck = dice(mix(this.options.seed, 36, k, number))
    const entries: Entry[] = []
    for (let n = 0; n < count; n++) {
      const at = start + (n + luck() * 0.9) * step
      const rkey = collection === WANTED[2] ? 'self' : tid(Math.floor(at * 1000), Math.floor(luck() * 1024))
      entries.push({ rkey, n, version: 0, at: Math.floor(at) })
    }
    const odd = this.oddEntriesOf(k, collection)
    return odd.length === 0 ? entries : [...entries, ...odd].sort((a, b) => (a.rkey < b.rkey ? -1 : 1))
  }

  /** Its first revision is younger than its records, microseconds since 1970. */
  firstRev(k: number): number {
    return this.options.end * 1000 - Math.floor(this.roll(37, k) * 3_600_000_000)
  }

  clockOf(k: number): number {
    return mix(this.options.seed, 38, k) % 1024
  }
}
