import { keyOf } from '../entities'
import type { PlatformPart } from '../platform'
import { printifyCredential } from './oauth'
import { firstOrdersCursor, printifyOrders } from './orders'
import { firstProductsCursor, printifyProducts } from './products'

export const credentials = { printify: printifyCredential }

export const streams = { printify_orders: printifyOrders, printify_products: printifyProducts }

export const firstTasks: PlatformPart['firstTasks'] = ({ account, entity, kind, from }) => {
  const key = keyOf(account, entity)
  if (entity === 'products') return [{ stream: 'printify_products', key, cursor: firstProductsCursor(account.id) }]
  return [{ stream: 'printify_orders', key, cursor: firstOrdersCursor(account.id, from, kind === 'incremental') }]
}
