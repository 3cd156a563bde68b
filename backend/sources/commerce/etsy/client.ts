import { z } from 'zod'
import { RetryLater } from '../../../base/errors'
import { isRecord } from '../../../base/json'
import type { HttpAnswer, HttpRequest, Io, RawAnswer, Reject } from '../../../contract'
import { isReject } from '../reading'
import type { Account } from '../store/accounts'
import { refusalIn } from './api'
import { keyLabel } from './key'
import type { Listed } from './paging'

/** An answer with 100 receipts and all of their transactions takes Etsy a while, ms. */
const TIMEOUT_MS = 60_000

const list = z.object({ count: z.int().nonnegative(), results: z.array(z.unknown()) })

/** A page of a list. */
export interface ListPage {
  count: number
  results: unknown[]
  /** By the database's clock. */
  sentAt: Date
}

type Query = Record<string, string | number | boolean>

/** Sends a request about the shop of an account. @param path below the shop */
async function askShop<T>(
  io: Io,
  { shopId, credentialId }: Account,
  path: string,
  wanted: Pick<HttpRequest<T>, 'schema' | 'accept' | 'isAnswer'>,
): Promise<HttpAnswer<T>> {
  return await io.http('etsy').request({
    path: `/v3/application/shops/${shopId}${path}`,
    account: credentialId,
    scopeOf: keyLabel(io.settings),
    timeoutMs: TIMEOUT_MS,
    ...wanted,
  })
}

const queryOf = (query: Query): string =>
  new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])).toString()

/**
 * One page of a list.
 * @param isRefusal whether Etsy's refusal (400) is an answer: undefined is returned then
 */
export async function askList(
  io: Io,
  account: Account,
  path: string,
  query: Query,
  isRefusal?: (text: string) => boolean,
): Promise<ListPage | undefined> {
  const accepts = isRefusal && { accept: [400], isAnswer: (answer: RawAnswer) => isRefusal(refusalIn(answer)?.error ?? '') }
  const { data, sentAt } = await askShop(io, account, `${path}?${queryOf(query)}`, { schema: list, ...accepts })
  return data && { ...data, sentAt }
}

/** Refusals of a list that can be read in shorter windows: of a window that is too long, or of an offset that is too large. */
export const isBeyondReach = (text: string): boolean => /time window|31 days|maximum offset/i.test(text)

const NOT_FOUND = /could not find.*receipt|receipt.*(not found|does not exist)/i

/** A receipt as it is now; null where Etsy says that there is no such receipt. */
export async function askReceipt(io: Io, account: Account, id: string): Promise<{ receipt: unknown; sentAt: Date }> {
  const { data, sentAt } = await askShop(io, account, `/receipts/${id}`, {
    schema: z.looseObject({ receipt_id: z.union([z.number(), z.string()]) }),
    accept: [404],
    isAnswer: (answer) => NOT_FOUND.test(refusalIn(answer)?.error ?? ''),
  })
  if (data && String(data.receipt_id) !== id) throw new RetryLater('shape', `Etsy answers with receipt ${data.receipt_id} instead of ${id}`)
  return { receipt: data ?? null, sentAt }
}

/** The page as `advance` takes it. @param records what was read of its entries, in order */
export const listedOf = ({ count }: ListPage, records: readonly ({ platformId: string } | Reject)[]): Listed => ({
  count,
  keys: records.map((one) => (isReject(one) ? one.key : one.platformId)),
})

/**
 * An answer that does not fit the question must not be taken for one.
 * @param on names of the time that the window is about
 * @throws {RetryLater} `outside_window`
 */
export function requireWithin(page: ListPage, window: { from: number; to: number }, on: readonly string[]): void {
  for (const entry of page.results) {
    const at = isRecord(entry) ? on.map((name) => entry[name]).find((value) => typeof value === 'number' && value > 0) : undefined
    if (typeof at === 'number' && (at < window.from || at >= window.to))
      throw new RetryLater(
        'outside_window',
        `Etsy shows an entry of ${new Date(at * 1000).toISOString()}, which is outside the window that was asked for`,
      )
  }
}
