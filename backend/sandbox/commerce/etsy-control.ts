import type { ControlRoute } from '../base/source'
import { truthOf, userAt } from './control'
import type { Access } from './etsy-access'
import type { EtsyTruth } from './etsy-truth'
import type { World } from './world'

/** What can be asked of the Etsy shops, and done to their tokens. */
export const controlRoutes = (world: World, access: Access, truth: EtsyTruth): Record<string, ControlRoute> => ({
  'GET /etsy/truth': {
    about: 'what a complete backfill holds: ?user=0&of=receipts (or listings, ledger, payments)',
    run(input) {
      const user = userAt(world, input)
      return truthOf(input, {
        receipts: () => truth.receipts(user),
        listings: () => truth.listings(user),
        ledger: () => truth.ledger(user),
        payments: () => truth.payments(user),
      })
    },
  },
  'POST /etsy/consent': {
    about: '{"user": 0}: who agrees at the next /oauth/connect',
    run(input) {
      access.consenting = userAt(world, input).number
      return { consenting: access.consenting }
    },
  },
  'POST /etsy/tokens': { about: '{"user": 0}: new tokens of a seller', run: (input) => access.grant(userAt(world, input).number) },
  'POST /etsy/tokens/expire': {
    about: '{"user": 0}: ends the access tokens of a seller',
    run(input) {
      access.expire(userAt(world, input).number)
      return {}
    },
  },
  'POST /etsy/tokens/revoke': {
    about: '{"user": 0}: ends every token of a seller, as a changed password does',
    run(input) {
      access.revoke(userAt(world, input).number)
      return {}
    },
  },
})
