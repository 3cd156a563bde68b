import { z } from 'zod'
import { RetryLater } from '../../../base/errors'
import type { ByteRange, Io, ReadRange } from '../../../contract'
import type { Shop } from './client'

/** Where Shopify puts the files of bulk operations. */
const STORAGE = 'storage.googleapis.com'
/** Of a part, for slow connections. */
const TIMEOUT_MS = 60_000

/** A file that is no longer there: its address is expired. */
export const GONE = 'gone'

export interface FilePart {
  bytes: Uint8Array
  range: ReadRange
}

/** Whether files may be read from there: from Shopify's storage or the shop, or, in place of both, from where `SHOPIFY_URL` is. */
function isAllowed({ origin, protocol, host }: URL, base: string, { name }: Shop): boolean {
  if (!/^https:\/\/[^/]*\{shop\}/.test(base)) return new URL(base.replace('{shop}', name)).origin === origin
  return protocol === 'https:' && (host === STORAGE || host === new URL(base.replace('{shop}', name)).host)
}

/**
 * Reads a part of a bulk file.
 * @returns `gone` where the address is no longer valid
 * @throws {RetryLater} `file_host` for an address at any other host: nothing is sent to it
 */
export async function readFile(
  io: Pick<Io, 'http' | 'settings'>,
  shop: Shop,
  address: string,
  range: ByteRange,
): Promise<FilePart | typeof GONE> {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.username !== '' || !isAllowed(url, String(io.settings.SHOPIFY_URL), shop))
    throw new RetryLater(
      'file_host',
      `the file of a bulk operation of ${shop.name} is at ${url?.host ?? 'no address'}, which is not Shopify's`,
    )
  const answer = await io.http('shopify_files').request({
    path: `${url.pathname}${url.search}`,
    scopeOf: url.protocol === 'http:' ? `http://${url.host}` : url.host,
    range,
    timeoutMs: TIMEOUT_MS,
    schema: z.unknown(),
    accept: [403, 404, 410],
  })
  if (!answer.bytes || !answer.range) return GONE
  return { bytes: answer.bytes, range: answer.range }
}
