import type { Route } from '../../../contract'
import { accountRoutes } from './accounts'
import { userRoutes } from './users'

/** Connecting accounts, and what programs ask about users. */
export const routes: readonly Route[] = [...accountRoutes, ...userRoutes]
