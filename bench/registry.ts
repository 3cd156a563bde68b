import { atprotoFaults } from './atproto/faults'
import { atprotoMemory } from './atproto/memory'
import { atprotoNetwork } from './atproto/network'
import { atprotoRows } from './atproto/rows'
import type { Bench } from './base/harness'
import { commerceBudget } from './commerce/budget'
import { consoleLoad } from './console/load'
import { compare } from './engine/compare'
import { memory } from './engine/memory'
import { page } from './engine/page'
import { rows } from './engine/rows'
import { scale } from './engine/scale'
import { deep } from './eve/deep'
import { enrich } from './eve/enrich'
import { spacing } from './gate/spacing'
import { exporting } from './process/export'
import { start } from './process/start'
import { watchers } from './process/watchers'
import { tf2Events } from './tf2/events'
import { tf2Full } from './tf2/full'
import { districts, districtsLimit } from './toastmasters/districts'

/** Every benchmark by its name, under the folder that says what it measures; those of a source are under the source. */
export const GROUPS: Record<string, Record<string, Bench>> = {
  engine: { rows, page, memory, compare, scale },
  gate: { spacing },
  process: { start, watchers, export: exporting },
  console: { console: consoleLoad },
  eve: { deep, enrich },
  atproto: {
    'atproto-rows': atprotoRows,
    'atproto-memory': atprotoMemory,
    'atproto-network': atprotoNetwork,
    'atproto-faults': atprotoFaults,
  },
  tf2: { 'tf2-events': tf2Events, 'tf2-full': tf2Full },
  commerce: { 'commerce-budget': commerceBudget },
  toastmasters: { districts, 'districts-limit': districtsLimit },
}
