import { BadControl } from '../base/input'
import { edited, editsOf, newEdits, type RepoEdits } from './edits'
import { Recent } from './recent'
import { type BadDocument, COLLECTIONS, type Entry, type RepoState } from './shapes'
import { tid } from './tids'
import type { World } from './world'

/** Entries kept at hand. */
const KEPT = 200_000

/** A repo the relay saw later than the world's: a new one, or a collection that is new in it. */
interface Sighting {
  k: number
  collection?: string
}

/** The world's repos with everything that was done to them since. */
export class Register {
  private readonly repos = new Map<number, RepoEdits>()
  private readonly lists = new Recent<Entry[]>(KEPT)
  private sightings: Sighting[] = []
  private added = 0
  /** Ms since the end of history; each edit takes its own. */
  private ticks = 0
  constructor(readonly world: World) {}

  /** How many repos there are; their numbers are those below. */
  get size(): number {
    return this.world.options.repos + this.added
  }

  /** The edits of a repo, to be written to. */
  at(k: number): RepoEdits {
    const found = this.repos.get(k) ?? newEdits()
    this.repos.set(k, found)
    return found
  }

  /** @throws {BadControl} */
  mustFind(did: string): number {
    const k = this.find(did)
    if (k === undefined) throw new BadControl(`no repo is called ${did}`)
    return k
  }

  /** By DID or handle. */
  find(name: string): number | undefined {
    const k = this.world.numberOf(name)
    return k !== undefined && k < this.size ? k : undefined
  }

  stateOf(k: number): RepoState {
    return this.repos.get(k)?.state ?? this.world.stateOf(k)
  }

  hostOf(k: number): number {
    return this.repos.get(k)?.host ?? this.world.hostOf(k)
  }

  documentOf(k: number): BadDocument | undefined {
    return this.repos.get(k)?.document
  }

  revOf(k: number): string {
    return tid(this.repos.get(k)?.rev ?? this.world.firstRev(k), this.world.clockOf(k))
  }

  /** The time of the next edit, ms since 1970; a second later than all before. */
  nextMoment(): number {
    this.ticks += 1000
    return this.world.options.end + this.ticks
  }

  /** Notes that a repo changed. @param keepsRev its revision stays */
  touch(k: number, moment: number, keepsRev = false): void {
    const repo = this.at(k)
    repo.changes = (repo.changes ?? 0) + 1
    if (!keepsRev) repo.rev = moment * 1000
  }

  /** Another one for each state of a repo. */
  stampOf(k: number): string {
    return `${k} ${this.revOf(k)} ${this.repos.get(k)?.changes ?? 0}`
  }

  /** Everything in the repo, by record key, rising. */
  entriesOf(k: number, collection: string): Entry[] {
    const key = `${k}/${collection}`
    const found = this.lists.get(key)
    if (found) return found
    const base = this.world.entriesOf(k, collection)
    const edits = this.repos.get(k)?.collections.get(collection)
    const entries = edits ? edited(base, edits) : base
    return this.lists.set(key, entries, entries.length + 1)
  }

  forgetEntries(k: number, collection: string): void {
    this.lists.delete(`${k}/${collection}`)
  }

  /** What listRecords shows. */
  listedOf(k: number, collection: string): Entry[] {
    const hidden = this.repos.get(k)?.collections.get(collection)?.hidden
    const entries = this.entriesOf(k, collection)
    return hidden?.size ? entries.filter(({ rkey }) => !hidden.has(rkey)) : entries
  }

  /** How many records listRecords shows. */
  countOf(k: number, collection: string): number {
    return this.repos.get(k)?.collections.has(collection) ? this.listedOf(k, collection).length : this.world.countOf(k, collection)
  }

  /** Those with records, sorted. */
  collectionsOf(k: number): string[] {
    const all = new Set([...COLLECTIONS, ...(this.repos.get(k)?.collections.keys() ?? [])])
    return [...all].filter((collection) => this.countOf(k, collection) > 0 || this.hidesIn(k, collection)).sort()
  }

  private hidesIn(k: number, collection: string): boolean {
    return (this.repos.get(k)?.collections.get(collection)?.hidden.size ?? 0) > 0 && this.entriesOf(k, collection).length > 0
  }

  hide(k: number, collection: string, rkey: string): void {
    if (!this.entriesOf(k, collection).some((entry) => entry.rkey === rkey)) throw new BadControl(`${collection} has no record ${rkey}`)
    editsOf(this.at(k), collection).hidden.add(rkey)
  }

  /** Appends repos. @returns their numbers */
  add(count: number): number[] {
    const first = this.size
    this.added += count
    const numbers = Array.from({ length: count }, (_, n) => first + n)
    for (const k of numbers) this.sightings.push({ k })
    return numbers
  }

  /** The relay hears of a collection in a repo. */
  sight(k: number, collection: string): void {
    const known =
      this.world.hasHad(k, collection) || this.sightings.some((sighting) => sighting.k === k && sighting.collection === collection)
    if (!known) this.sightings.push({ k, collection })
  }

  /** The repo at a place of the relay's order if it is in its list of the collection. */
  sighted(place: number, collection: string): number | undefined {
    const { repos } = this.world.options
    const sighting = place < repos ? { k: place } : this.sightings[place - repos]
    if (!sighting) return undefined
    const listed = 'collection' in sighting ? sighting.collection === collection : this.world.hasHad(sighting.k, collection)
    return listed ? sighting.k : undefined
  }

  get places(): number {
    return this.world.options.repos + this.sightings.length
  }

  reset(): void {
    this.repos.clear()
    this.lists.clear()
    this.sightings = []
    this.added = 0
    this.ticks = 0
  }
}
