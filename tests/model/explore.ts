import { type Mix, moves } from './moves'
import { promise, transitionPromise } from './promises'
import { FINAL, promotable, promote, wakeable } from './rules'
import { keyOf, planned, type State } from './state'

/*
 * Breadth first through every state a mix can reach, so that a counterexample is a shortest one; then backwards from the
 * ends along calm transitions, to see that an end can be reached from everywhere.
 */

export interface Explored {
  states: number
  transitions: number
  /** Names of final statuses that were reached. */
  ends: Set<string>
  /** The first promise found broken and the way there. */
  broken?: { promise: string; trace: string[] }
}

/** A growing list of 32-bit numbers. */
class Ints {
  private items = new Int32Array(1 << 16)
  length = 0
  push(item: number): void {
    if (this.length === this.items.length) {
      const more = new Int32Array(this.length * 2)
      more.set(this.items)
      this.items = more
    }
    this.items[this.length++] = item
  }
  at(place: number): number {
    return this.items[place] as number
  }
}

/** The job has ended, nobody holds or does anything of it. */
function isEnd(s: State): boolean {
  const over = FINAL.has(s.job) && (s.job !== 'cancelled' || s.reported) && s.sweep === 0
  return over && s.rows.every((row) => row.claim === 0) && s.turns.every((turn) => turn.phase === 'idle')
}

/** As jobs.start and the script that called it leave it: planned, promoted, woken. */
function started(mix: Mix): State {
  const s = planned(mix.shape, mix.left)
  promote(s, promotable(s, mix.shape))
  for (const task of wakeable(s)) s.wakeUps[task] = 1
  return s
}

/** Explores a mix; throws beyond `limit` states. */
export function explore(mix: Mix, limit = 1_000_000): Explored {
  const first = started(mix)
  const seen = new Map<string, number>([[keyOf(first), 0]])
  const parents = new Ints()
  const labels: string[] = ['start']
  const froms = new Ints()
  const tos = new Ints()
  const ends: number[] = []
  const endings = new Set<string>()
  let transitions = 0
  parents.push(-1)
  const trace = (place: number, last: string[] = []): string[] =>
    place <= 0 ? last : trace(parents.at(place), [labels[place] as string, ...last])
  const result = (broken?: Explored['broken']): Explored => ({ states: seen.size, transitions, ends: endings, broken })

  let layer: [number, State][] = [[0, first]]
  while (layer.length > 0) {
    const below: [number, State][] = []
    for (const [place, s] of layer) {
      if (isEnd(s)) {
        ends.push(place)
        endings.add(s.job)
      }
      for (const { name, calm, next } of moves(s, mix)) {
        transitions++
        const key = keyOf(next)
        let to = seen.get(key)
        const wrong = transitionPromise(s, next, name) ?? (to === undefined ? promise(next, mix) : undefined)
        if (wrong) return result({ promise: wrong, trace: trace(place, [name]) })
        if (to === undefined) {
          to = seen.size
          if (to >= limit) throw new Error(`the mix has more than ${limit} states`)
          seen.set(key, to)
          parents.push(place)
          labels.push(name)
          below.push([to, next])
        }
        if (calm) {
          froms.push(place)
          tos.push(to)
        }
      }
    }
    layer = below
  }
  const stuck = neverEnds(seen.size, froms, tos, ends)
  return result(stuck < 0 ? undefined : { promise: 'the end cannot be reached any more', trace: trace(stuck) })
}

/** @returns the first state from which calm transitions lead to no end, -1 when there is none */
function neverEnds(states: number, froms: Ints, tos: Ints, ends: number[]): number {
  const [starts, into] = backwards(states, froms, tos)
  const reaches = new Uint8Array(states)
  const open = ends.slice()
  for (const place of ends) reaches[place] = 1
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    for (const from of into.subarray(starts[place], starts[place + 1])) {
      if (reaches[from]) continue
      reaches[from] = 1
      open.push(from)
    }
  }
  return reaches.indexOf(0)
}

/** The transitions by where they lead: those into a place are `into[starts[place]] … into[starts[place + 1] - 1]`. */
function backwards(states: number, froms: Ints, tos: Ints): [Int32Array, Int32Array] {
  const starts = new Int32Array(states + 1)
  const add = (list: Int32Array, place: number, n: number) => {
    const was = list[place] as number
    list[place] = was + n
    return was
  }
  for (let edge = 0; edge < tos.length; edge++) add(starts, tos.at(edge) + 1, 1)
  for (let place = 0; place < states; place++) add(starts, place + 1, starts[place] as number)
  const into = new Int32Array(tos.length)
  const fill = starts.slice()
  for (let edge = 0; edge < tos.length; edge++) into[add(fill, tos.at(edge), 1)] = froms.at(edge)
  return [starts, into]
}
