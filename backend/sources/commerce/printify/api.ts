import { z } from 'zod'
import { Fatal, RetryLater, Throttled } from '../../../base/errors'
import { isRecord, jsonIn } from '../../../base/json'
import { momentIn } from '../../../base/moments'
import { type Api, baseUrl, type RawAnswer, type Settings, type Verdict } from '../../../contract'

/** How long an account rests after a 429 that names no time: its limit is by the minute. */
const REST_MS = 60_000
/** How long an account rests after an error: at most 5 % of its requests may be errors, and those side by side would fail as well. */
const ERROR_REST_MS = 2_000

const after = (ms: number): Date => new Date(Date.now() + ms)

const isObject = (text: string): boolean => isRecord(jsonIn(text))

/** Whether Printify itself refused the token: a gateway before it answers with a page, or with nothing. */
export const isDenied = ({ status, text }: RawAnswer): boolean => status === 401 && isObject(text)

/** Whether Printify itself says that it has no such record. */
export const isMissing = ({ status, text }: RawAnswer): boolean => status === 404 && isObject(text)

/** What an answer says beyond its status. */
export function understand(answer: RawAnswer): Verdict {
  const { status, headers } = answer
  // Any of the account's requests counts against its limit, those to the catalog too.
  const block = (until: Date, reason: string) => [{ api: 'printify', until, reason }]
  if (status === 429) {
    const until = momentIn(headers, 'retry-after') ?? after(REST_MS)
    return { error: new Throttled('printify', until), block: block(until, 'http 429') }
  }
  if (status === 401 && !isDenied(answer)) {
    return { error: new RetryLater('http_401', 'printify answered 401, but not as Printify refuses a token: a gateway may have answered') }
  }
  if (status === 403 && isObject(answer.text)) {
    const message = `Printify refuses the request (403): ${answer.text.slice(0, 200)}. The token may not read this shop: connect the account again with one that may read shops, orders and products`
    return { error: new Fatal('forbidden', message) }
  }
  return status >= 500 ? { block: block(after(ERROR_REST_MS), `http ${status}`) } : {}
}

export const printifySettings = {
  PRINTIFY_URL: { schema: baseUrl('https://api.printify.com'), about: 'Base URL of the Printify API.' },
  PRINTIFY_OAUTH_URL: {
    schema: baseUrl('https://printify.com'),
    about: 'Base URL of the page on which a merchant allows access to a Printify account.',
  },
  PRINTIFY_APP_ID: {
    schema: z.string().trim().optional(),
    about: 'Id of the Printify app through which people connect accounts by a link; without it, they are connected with a token.',
  },
  PRINTIFY_API_VERSION: {
    schema: z
      .string()
      .regex(/^v\d+$/, 'must be a version such as v1')
      .default('v1'),
    about: 'Version of the Printify API. Orders and products exist in v1 only.',
  },
} satisfies Settings

/** 600 requests a minute for each account, 100 of them to the catalog: https://developers.printify.com/#rate-limits */
export const printify: Api = {
  url: { setting: 'PRINTIFY_URL' },
  // The rest is for syncs, which then need not wait for a backfill of the same account.
  limit: { scope: 'account', requests: 600, perMs: 60_000, backfillShare: 0.9 },
  parts: { 'printify.catalog': { scope: 'account', requests: 100, perMs: 60_000 } },
  account: { kind: 'printify', header: ({ access }) => ({ Authorization: `Bearer ${access}` }), isDenied },
  understand,
}
