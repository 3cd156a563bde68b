import { z } from 'zod'

/** Where a page ends. One that is not the last must say where the next one begins. */
const pageInfo = z
  .object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() })
  .refine(({ hasNextPage, endCursor }) => !hasNextPage || endCursor !== null, 'has a next page and no place where it begins')

/** A page of a connection. */
export const pageOf = <T extends z.ZodType>(node: T) => z.object({ pageInfo, nodes: z.array(node) })

/** The same with a place to go on after each object. */
export const edges = z.object({
  pageInfo,
  edges: z.array(z.object({ cursor: z.string(), node: z.unknown() })),
})

/** `AT_LEAST`: Shopify counts no further. */
export const count = z.object({ count: z.int().nonnegative(), precision: z.enum(['EXACT', 'AT_LEAST']) })

/** A number as text, as Shopify writes those that may be large. */
const large = z
  .union([z.string().regex(/^\d+$/), z.int().nonnegative()])
  .transform(BigInt)
  .nullish()
  .transform((value) => value ?? null)

export const bulkOperation = z.object({
  id: z.string(),
  /** New words may come: they are neither the end nor a failure. */
  status: z.string().transform((word) => word.toLowerCase()),
  errorCode: z.string().nullish(),
  createdAt: z.string(),
  objectCount: large,
  rootObjectCount: large,
  fileSize: large,
  url: z.string().nullish(),
  partialDataUrl: z.string().nullish(),
  query: z.string().nullish(),
})
export type ShopifyBulk = z.output<typeof bulkOperation>

export const userErrors = z.array(z.object({ code: z.string().nullish(), message: z.string() }))
