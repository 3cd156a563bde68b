import type { Route } from '../../../contract'
import { backfillRoutes } from './backfill'
import { lexiconRoutes } from './lexicons'
import { refusals } from './refusals'

/** Routes as the users of this source's seed know them. */
export const routes: readonly Route[] = [...backfillRoutes, ...lexiconRoutes].map((route) => ({ ...route, refusals }))
