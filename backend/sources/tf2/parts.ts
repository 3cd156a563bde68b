import { events } from './feed'
import { item } from './streams/item'
import { listing } from './streams/listing'
import { names } from './streams/names'

export { plan } from './plan'
export { retention } from './store'

export const streams = { names, full: item, buy_only: item, sell_only: item, single_id: listing }

export const feeds = { events }
