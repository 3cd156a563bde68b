import type { NewTask } from '../../contract'
import { PLATFORMS, type Platform } from './store/records'
import type { Entity } from './store/sync-jobs'

/*
 * What is read of an account, and in which order: each account is a lane, each entity a stage of it. After each of these comes a stage
 * with the task that ends the entity.
 */

export const ENTITIES: Readonly<Record<Platform, readonly Entity[]>> = {
  etsy: ['orders', 'listings', 'payments'],
  shopify: ['orders', 'products', 'customers'],
  printify: ['orders', 'products'],
}

/** A shop of a platform: of Shopify the id is its domain. */
export interface ShopRef {
  platform: Platform
  shopId: string
}

/** `etsy/4711`, `shopify/example.myshopify.com`. */
export const laneOf = ({ platform, shopId }: ShopRef): string => `${platform}/${shopId}`

/** 1 comes first. */
export const priorityOf = (platform: Platform, entity: Entity): number => ENTITIES[platform].indexOf(entity) + 1

/** Where the tasks of an entity run; also those that a page finds. */
export const placeOf = (shop: ShopRef, entity: Entity): Required<Pick<NewTask, 'lane' | 'stage'>> => ({
  lane: laneOf(shop),
  stage: 2 * priorityOf(shop.platform, entity) - 1,
})

/** Keys of tasks begin with their lane and entity; `part` tells the tasks of an entity apart. */
export const keyOf = (shop: ShopRef, entity: Entity, part = ''): string => `${laneOf(shop)} ${entity}${part && ` ${part}`}`

/** The cell of a task: a row for each account, a column for each entity. */
export function cellOf(key: string): { row: string; column: string } | undefined {
  const [row, column] = key.split(' ')
  return row && column ? { row, column } : undefined
}

/** `orders of etsy/4711`; nothing for the stage that ends an entity, which reads nothing. */
export function stageLabel(lane: string, stage: number): string | undefined {
  const platform = PLATFORMS.find((name) => lane.startsWith(`${name}/`))
  const entity = platform && stage % 2 === 1 ? ENTITIES[platform][(stage - 1) / 2] : undefined
  return entity && `${entity} of ${lane}`
}
