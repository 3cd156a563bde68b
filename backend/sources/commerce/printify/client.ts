import { z } from 'zod'
import { Refused } from '../../../base/errors'
import type { HttpAnswer, HttpRequest, Io } from '../../../contract'
import type { Speaker } from '../accounts/way'
import { id } from '../reading'
import { isDenied, isMissing } from './api'
import type { ListPage } from './pager'

/*
 * One function for each endpoint: https://developers.printify.com. Addresses in answers lack the path of their list, so that pages are
 * asked for by number.
 */

type PrintifyIo = Pick<Io, 'http' | 'settings'>

/** An account as its requests name it. */
export interface ShopAccess {
  credentialId: string
  /** The shop's id. */
  shopId: string
}

/** More are quietly cut to what the list allows: 10 of orders, 50 of products. */
const ASKED = 50

const count = z.int().nonnegative().nullish()
const list = z.object({
  data: z.array(z.unknown()),
  current_page: count,
  last_page: count,
  per_page: count,
  total: count,
})

/** A page of a list, and when it was asked for. */
export interface Listed extends Omit<ListPage, 'ids'> {
  data: unknown[]
  sentAt: Date
}

const pathOf = (io: PrintifyIo, path: string): string => `/${String(io.settings.PRINTIFY_API_VERSION)}${path}`

function ask<T>(io: PrintifyIo, { credentialId }: Pick<ShopAccess, 'credentialId'>, path: string, request: Omit<HttpRequest<T>, 'path'>) {
  return io.http('printify').request({ ...request, path: pathOf(io, path), account: credentialId, scopeOf: credentialId })
}

async function listOf(io: PrintifyIo, shop: ShopAccess, what: 'orders' | 'products', page: number): Promise<Listed> {
  // A page by another number than the one asked for would end the reading where it does not end.
  const schema = list.refine(({ current_page: current }) => (current ?? page) === page, `is another page than ${page}`)
  const { data, sentAt } = await ask(io, shop, `/shops/${shop.shopId}/${what}.json?page=${page}&limit=${ASKED}`, { schema })
  const it = data as z.output<typeof list>
  return { page, data: it.data, sentAt, lastPage: it.last_page ?? null, perPage: it.per_page || null, total: it.total ?? null }
}

/** Orders of a shop, newest first; pages count from 1. */
export const listOrders = (io: PrintifyIo, shop: ShopAccess, page: number): Promise<Listed> => listOf(io, shop, 'orders', page)

/** Products of a shop. */
export const listProducts = (io: PrintifyIo, shop: ShopAccess, page: number): Promise<Listed> => listOf(io, shop, 'products', page)

/** Another order in its place would be stored as if it had been asked for. */
const oneOrder = (orderId: string) =>
  z.record(z.string(), z.unknown()).refine(({ id: its = orderId }) => String(its) === orderId, `is another order than ${orderId}`)

/** One order; without data where Printify says that it has none. */
export const readOrderOf = (io: PrintifyIo, shop: ShopAccess, orderId: string): Promise<HttpAnswer<unknown>> =>
  ask(io, shop, `/shops/${shop.shopId}/orders/${encodeURIComponent(orderId)}.json`, {
    schema: oneOrder(orderId),
    accept: [404],
    isAnswer: isMissing,
  })

const providers = z.array(z.object({ id, title: z.string() }))

/** Names of all print providers by id, in one request. */
export async function providersOf(io: PrintifyIo, shop: Pick<ShopAccess, 'credentialId'>): Promise<Record<string, string>> {
  const { data = [] } = await ask(io, shop, '/catalog/print_providers.json', { schema: providers, parts: { 'printify.catalog': 1 } })
  return Object.fromEntries(data.map((one) => [one.id, one.title]))
}

const shops = z.array(z.object({ id, title: z.string().nullish(), sales_channel: z.string().nullish() }))

/** A shop of a Printify account, to be connected. */
export interface ListedShop {
  shopId: string
  name: string | null
  /** Where it sells, in Printify's word: `etsy`, `shopify`; null for a shop that is in no channel. */
  channel: string | null
}

/**
 * The shops that a token gives access to.
 * @throws {Refused} `input` naming `token` where Printify does not accept one that is not stored yet
 */
export async function shopsOf(io: PrintifyIo, speaker: Speaker): Promise<ListedShop[]> {
  const by: Pick<HttpRequest<unknown>, 'account' | 'headers' | 'scopeOf' | 'accept' | 'isAnswer'> = 'credential' in speaker
    ? { account: speaker.credential, scopeOf: speaker.credential }
    : { headers: { Authorization: `Bearer ${speaker.tokens.access}` }, scopeOf: speaker.label, accept: [401], isAnswer: isDenied }
  const { data, status } = await io.http('printify').request({ ...by, path: pathOf(io, '/shops.json'), schema: shops })
  if (status === 401)
    throw new Refused(
      'input',
      'Printify does not accept this token: make one under My account, Connections, with shops, orders and products.',
      'token',
    )
  return (data ?? []).map(({ id: shopId, title, sales_channel: channel }) => ({ shopId, name: title || null, channel: channel || null }))
}
