import type { Bench } from '../harness'
import { atprotoFaults } from './faults'
import { atprotoMemory } from './memory'
import { atprotoNetwork } from './network'
import { atprotoRows } from './rows'

/** Those of the source `atproto`. */
export const atprotoBenches: Record<string, Bench> = {
  'atproto-rows': atprotoRows,
  'atproto-memory': atprotoMemory,
  'atproto-network': atprotoNetwork,
  'atproto-faults': atprotoFaults,
}
