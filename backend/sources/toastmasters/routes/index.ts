import type { Route } from '../../../contract'
import { backfillRoutes } from './backfill'
import { configRoutes } from './config'
import { snapshotRoutes } from './snapshot-routes'
import { storeRoutes } from './store-routes'

/** Routes as the users of this source's seed know them. */
export const routes: readonly Route[] = [...backfillRoutes, ...configRoutes, ...snapshotRoutes, ...storeRoutes]
