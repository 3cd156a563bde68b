import type { Door } from '../../../contract'
import { backfillDoors } from './backfill'
import { lexiconDoors } from './lexicons'

/** Routes as the users of this source's seed know them. */
export const doors: readonly Door[] = [...backfillDoors, ...lexiconDoors]
