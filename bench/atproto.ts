import { atprotoFaults } from './atproto-faults'
import { atprotoMemory } from './atproto-memory'
import { atprotoNetwork } from './atproto-network'
import { atprotoRows } from './atproto-rows'
import type { Bench } from './harness'

/** Those of the source `atproto`. */
export const atprotoBenches: Record<string, Bench> = {
  'atproto-rows': atprotoRows,
  'atproto-memory': atprotoMemory,
  'atproto-network': atprotoNetwork,
  'atproto-faults': atprotoFaults,
}
