import { z } from 'zod'
import { Refused } from '../../../base/errors'
import { type AccountInfo, defineRoute } from '../../../contract'
import { begin, CALLBACK_PATH, complete } from '../accounts/connect'
import { accountById } from '../accounts/find'
import { changePlan } from '../accounts/plan'
import { remove } from '../accounts/remove'
import { params } from '../params'
import { connectedPage, refusedPage } from './page'
import { account, link, platformIn, userIn, userPlan } from './shapes'

/** An account as routes show it. */
export const accountShown = ({ userId: _, ...it }: AccountInfo): z.input<typeof account> => ({
  ...it,
  platform: it.platform as z.input<typeof account>['platform'],
})

const connect = defineRoute({
  method: 'POST',
  path: '/api/commerce/connect/:platform',
  access: 'admin',
  operation: 'connectAccount',
  about: 'Begin a connection: the answer has the link that the user opens',
  params: platformIn,
  body: z.strictObject({
    userId: params.shape.userId,
    shop: z.string().max(300).optional().meta({ description: 'Shopify: the address of the shop, such as example.myshopify.com' }),
    currency: z
      .string()
      .max(20)
      .optional()
      .meta({ description: 'Printify: the currency of its costs, such as USD, which it does not tell' }),
  }),
  answers: [{ status: 201, body: link }],
  async answer({ params: { platform }, body }, context) {
    const { id, url, expiresAt } = await begin({ platform, ...body }, context)
    return { status: 201, body: { id, url, expires_at: expiresAt.toISOString() } }
  },
})

const STATUS: Record<Refused['code'], number> = { input: 400, missing: 404, state: 409, setup: 503 }
const page = z.string()

const callback = defineRoute({
  method: 'GET',
  path: `${CALLBACK_PATH}/:platform`,
  access: 'open',
  operation: 'completeConnection',
  about: 'Where a platform sends the user back; only for a state that was begun here',
  params: platformIn,
  // Shopify signs all of them, also those that it adds later.
  query: z.record(z.string(), z.string('must be given once').max(4000)),
  answers: [
    { status: 200, type: 'text/html', body: page.meta({ description: 'A page that says what was connected' }) },
    ...Object.values(STATUS).map((status) => ({
      status,
      type: 'text/html',
      body: page.meta({ description: 'A page that says why nothing was connected' }),
    })),
  ],
  async answer({ params: { platform }, query }, context) {
    try {
      return { status: 200, body: connectedPage(await complete(platform, query, context)) }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return { status: STATUS[error.code], body: refusedPage(error) }
    }
  },
})

const removeRoute = defineRoute({
  method: 'DELETE',
  path: '/api/commerce/accounts/:id',
  access: 'admin',
  operation: 'removeAccount',
  about: 'Delete the tokens of an account; what was read of it stays',
  params: z.object({ id: z.string().max(64).meta({ description: 'Id of the account' }) }),
  answers: [{ status: 200, body: account }],
  async answer({ params: { id } }, context) {
    return { status: 200, body: accountShown(await remove(await accountById(context.db, id), context)) }
  },
})

const plan = defineRoute({
  method: 'PUT',
  path: '/api/commerce/users/:userId/plan',
  access: 'admin',
  operation: 'setPlan',
  about: "Set a user's plan, which decides the share where a limit is scarce, from the next job on",
  params: userIn,
  body: z.strictObject({ plan: z.string().max(100) }),
  answers: [{ status: 200, body: userPlan }],
  async answer({ params: { userId }, body }, context) {
    const accounts = await changePlan(userId, body.plan, context)
    return { status: 200, body: { user_id: userId, plan: body.plan, accounts } }
  },
})

export const accountRoutes = [connect, callback, removeRoute, plan]
