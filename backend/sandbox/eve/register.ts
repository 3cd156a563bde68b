import type { Killmail, Listed } from './shapes'
import type { Place, World } from './world'
import { zkbOf } from './zkb'

/** The world's killmails and those that were added while it ran, found by id and by month. */
export class Register {
  /** Rising by id. */
  private extras: Place[] = []
  private byId = new Map<number, Place>()
  constructor(
    readonly world: World,
    private readonly clock: () => number,
  ) {}

  get added(): readonly Place[] {
    return this.extras
  }

  private add(id: number, time: number): Place {
    const place = { k: this.world.options.scale + this.byId.size, id, time: Math.floor(time / 1000) * 1000 }
    this.byId.set(id, place)
    this.extras = [...this.extras, place].sort((a, b) => a.id - b.id)
    return place
  }

  /** New killmails at the head, `age` seconds old (600 by default) and a second apart. */
  addFresh(count: number, age = 600): Place[] {
    const { world } = this
    return Array.from({ length: count }, (_, n) => {
      const head = Math.max(world.idOf(world.options.scale - 1) + world.idGap, this.extras.at(-1)?.id ?? 0)
      return this.add(head + 1, this.clock() - (age + count - n - 1) * 1000)
    })
  }

  /** Killmails of the time around base killmail `near` that are posted only now. */
  addLate(count: number, near: number): Place[] {
    const { world } = this
    const first = Math.max(0, Math.min(near, world.options.scale - count))
    return Array.from({ length: count }, (_, n) => {
      const k = first + n
      const id = world.spareIds(k).find((candidate) => !this.byId.has(candidate))
      if (id === undefined) throw new Error(`no free killmail id near number ${k}`)
      return this.add(id, world.timeOf(k) + 1000)
    })
  }

  find(id: number): Place | undefined {
    return this.byId.get(id) ?? this.world.placeOfId(id)
  }

  /** The first id of the killmails at or after a time; months are cut there, whatever the times of its neighbors. */
  firstId(time: number): number {
    const { world } = this
    const k = world.firstAt(time)
    const extra = this.extras.find((place) => place.time >= time)?.id ?? Number.POSITIVE_INFINITY
    return Math.min(k < world.options.scale ? world.idOf(k) : Number.POSITIVE_INFINITY, extra)
  }

  body(place: Place): Killmail {
    return this.world.killmail(place)
  }

  listed(place: Place): Listed {
    const body = this.body(place)
    return { ...body, zkb: zkbOf(this.world, place, body) }
  }

  reset(): void {
    this.extras = []
    this.byId.clear()
  }
}
