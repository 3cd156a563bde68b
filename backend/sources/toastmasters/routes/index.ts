import type { Route } from '../../../contract'
import { adminRoutes } from './admin'
import { backfillRoutes } from './backfill'
import { configRoutes } from './config'

/** Routes as the users of this source's seed know them. */
export const routes: readonly Route[] = [...backfillRoutes, ...configRoutes, ...adminRoutes]
