import { bulkStream } from './streams/bulk'
import { pagesStream } from './streams/pages'
import { refundsStream } from './streams/refunds'
import { restStream } from './streams/rest'
import { windows } from './streams/window'
import { shopifyTokens } from './tokens'

export { windowTask as firstTasks } from './streams/window'

export const credentials = { shopify: shopifyTokens }

export const streams = {
  shopify_window: windows,
  shopify_bulk: bulkStream,
  shopify_pages: pagesStream,
  shopify_rest: restStream,
  shopify_refunds: refundsStream,
}
