import type { Lookup } from '../../../contract'
import { character } from './characters'
import { details } from './details'

/** What is asked about the entities in killmails. */
export const lookups: Record<string, Lookup> = { character, ...details }
