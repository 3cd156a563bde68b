import { z } from 'zod'

/*
 * Ids of Shopify. GraphQL writes `gid://shopify/Order/1001`, REST the number at its end, which is the id that is stored: Printify's
 * orders name it too.
 */

const GID = /^gid:\/\/shopify\/\w+\/(\d+)(?:\?|$)/
const NUMBER = /^\d+$/

/** The number of an id, however it is written. A number that JSON cannot hold exactly is refused. */
export const shopifyId = z.union([z.int().nonnegative(), z.string()]).transform((value, ctx) => {
  const text = String(value).trim()
  const number = NUMBER.test(text) ? text : GID.exec(text)?.[1]
  if (number !== undefined) return number
  ctx.addIssue({ code: 'custom', message: `is no id of Shopify: ${JSON.stringify(text.slice(0, 60))}` })
  return z.NEVER
})

/** Of one type by number, since a longer one is larger: a bulk file has the parts of an object in no order. */
export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1)

/** @param type as GraphQL names it: `Order` */
export const gidOf = (type: string, id: string): string => `gid://shopify/${type}/${id}`

const DOMAIN = /^([a-z0-9][a-z0-9-]*)\.myshopify\.com$/

/** The name of a shop in the domain that Shopify gave it: `example` of `example.myshopify.com`; undefined for any other text. */
export const shopName = (domain: string): string | undefined => DOMAIN.exec(domain.trim().toLowerCase())?.[1]
