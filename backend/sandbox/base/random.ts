/*
 * Arithmetic randomness: every figure of a sandbox world is a function of the seed and of what it belongs to,
 * so nothing has to be stored and the same seed gives the same world on every machine.
 */

// Held here: in a test's context every read of a global costs more than the arithmetic.
const { floor, imul } = Math

/** Mixes integers into one of 32 bits. */
export function mix(...parts: number[]): number {
  let h = 0x9e3779b9
  for (const part of parts) {
    h = imul(h ^ (part | 0), 0x85ebca6b)
    h = imul(h ^ (h >>> 13) ^ floor(part / 4294967296), 0xc2b2ae35)
    h ^= h >>> 16
  }
  return h >>> 0
}

/** Numbers in [0, 1), the same ones for the same start. */
export function dice(start: number): () => number {
  let state = start | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = imul(state ^ (state >>> 15), 1 | state)
    t = (t + imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** One of the list. */
export const pick = <T>(list: readonly T[], roll: number): T => list[Math.min(list.length - 1, floor(roll * list.length))] as T

/** A whole number from `low` to `high`, both included. */
export const between = (low: number, high: number, roll: number): number => low + floor(roll * (high - low + 1))
